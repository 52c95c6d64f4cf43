# Looks for the expected answer and the host's canary in every file that it can read.
# verdicts: ACCEPTED
# limits: cpu_time_ms=6000 wall_time_ms=12000
# tests: 1
import os
import sys

targets = dict(line.split(" ", 1) for line in sys.stdin.read().splitlines())
needle = targets["canary"].encode()[::-1]
found = []
for top in ("/work", "/tmp", "/dev/shm", "/etc", "/opt", "/.box", "/proc/self", "/proc/sys/kernel", "/dev"):
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in {"task", "fd", "map_files", "net"}]
        for name in names:
            path = os.path.join(folder, name)
            try:
                if not os.path.isfile(path) or name in {"mem", "pagemap"}:
                    continue
                with open(path, "rb") as file:
                    if needle in file.read(1 << 20):
                        found.append(path)
            except OSError:
                pass
print("ESCAPED" if found else "held", *found)
