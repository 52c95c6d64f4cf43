# Yes only if neither the network, nor the host's files, nor the submission's are there.
# verdicts: ACCEPTED
import os
import socket

found = [path for path in ("/etc/shadow", "/root", "/sys", "/work/main.py", "/proc/1/environ") if os.path.exists(path)]
try:
    socket.socket()
    found.append("a socket")
except OSError:
    pass
found += [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
raise SystemExit(43 if found else 42)
