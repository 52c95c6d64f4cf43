# Files, folders and links of no size until no more can be made. They are left there.
# verdicts: ACCEPTED
# limits: cpu_time_ms=3000
import os

made = 0
try:
    while made < 20000:
        name = f"/tmp/{made}"
        if made % 3 == 0:
            os.mkdir(name)
        elif made % 3 == 1:
            os.symlink("/etc/passwd", name)
        else:
            open(name, "w").close()
        made += 1
except OSError:
    pass
try:
    while made < 20000:
        os.link("/tmp/2", f"/dev/shm/{made}")
        made += 1
except OSError:
    pass
print("held" if made <= 4200 else f"ESCAPED with {made} files")
