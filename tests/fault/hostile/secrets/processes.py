# Other processes: init, the worker, anybody's command, environment, memory and descriptors.
# verdicts: ACCEPTED
import os
import sys

targets = dict(line.split(" ", 1) for line in sys.stdin.read().splitlines())
seen = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
for pid in (1, 2, int(targets["pid"])):
    for name in ("cmdline", "environ", "maps", "mem", "status", "fd", "root", "cwd", "exe", "ns/mnt", "task"):
        path = f"/proc/{pid}/{name}"
        if pid != os.getpid() and os.path.lexists(path):
            seen.append(path)
print("ESCAPED" if seen else "held", *seen)
