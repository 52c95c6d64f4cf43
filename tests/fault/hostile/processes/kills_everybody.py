# SIGKILL to everybody that can be named: all processes, init, the worker's number, each number up to 5000.
# verdicts: ACCEPTED
import os
import signal
import sys

targets = dict(line.split(" ", 1) for line in sys.stdin.read().splitlines())
escaped = []
for pid in [1, int(targets["pid"]), *range(2, 5000)]:
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGKILL)
            escaped.append(pid)
        except OSError:
            pass
try:
    os.kill(-1, signal.SIGKILL)
except OSError:
    pass
print("ESCAPED" if escaped else "held", *escaped)
