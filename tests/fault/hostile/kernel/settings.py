# The kernel's settings, of the machine and of itself, as far as /proc has them.
# verdicts: ACCEPTED
# limits: cpu_time_ms=3000
# tests: 1
import os

written = []
for top in ("/proc/sys", "/proc/self", "/proc/irq", "/proc/fs", "/proc/driver"):
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in {"task", "fd", "map_files", "fdinfo"}]
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                continue
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                written.append(path)
            except OSError:
                pass
print("ESCAPED" if written else "held", *written)
