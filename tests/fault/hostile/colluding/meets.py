# Two submissions at once, each of which leaves a word wherever the other might find it, and looks for the other's.
# verdicts: ACCEPTED
# limits: cpu_time_ms=4000 wall_time_ms=8000
# tests: 1
import ctypes
import os
import socket
import time

found = []
libc = ctypes.CDLL(None)
end = time.monotonic() + 1.5
for path in ("/tmp/word", "/dev/shm/word", "/work/word"):
    if os.path.exists(path):
        found.append(path)
    with open(path, "w") as file:
        file.write("word")
if libc.shmget(77, 4096, 0) != -1 or libc.semget(77, 1, 0) != -1 or libc.msgget(77, 0) != -1:
    found.append("System V")
libc.shmget(77, 4096, 0o1666)
libc.semget(77, 1, 0o1666)
libc.msgget(77, 0o1666)
own, meeting = os.urandom(8), b"\0gavel-meeting"
ends = []
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    try:
        ends += socket.socketpair(socket.AF_UNIX, kind)
    except OSError:
        pass
for number, one in enumerate(ends):
    one.setblocking(False)
    libc.connect(one.fileno(), ctypes.create_string_buffer(16), 16)
    try:
        one.bind(meeting + bytes([number % 4]))
        found.append("a name")
    except OSError:
        pass
while time.monotonic() < end and not found:
    for one in ends:
        for number in range(4):
            try:
                one.sendto(own, meeting + bytes([number]))
            except OSError:
                pass
        try:
            if one.recv(100) != own:
                found.append("a word")
        except OSError:
            pass
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    if others:
        found.append(f"processes {others}")
    time.sleep(0.01)
print("held" if not found else f"ESCAPED {sorted(set(found))[:3]}")
