# Judge0 CVE-2024-29021: from a run to the services of its host (here a listener of this very machine) and of its cloud.
# verdicts: ACCEPTED
import socket
import sys

targets = dict(line.split(" ", 1) for line in sys.stdin.read().splitlines())
reached = []
for family, address in (
    (socket.AF_INET, ("127.0.0.1", int(targets["port"]))),
    (socket.AF_INET, ("0.0.0.0", int(targets["port"]))),
    (socket.AF_INET6, ("::1", int(targets["port"]))),
    (socket.AF_INET, ("169.254.169.254", 80)),
    (socket.AF_INET, ("1.1.1.1", 53)),
):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            made = socket.socket(family, kind)
            made.settimeout(0.2)
            reached.append(family)
            made.connect(address)
        except OSError:
            pass
try:
    reached += socket.getaddrinfo("example.org", 80)
except OSError:
    pass
print("ESCAPED" if reached else "held", *reached)
