# FIFOs, socket files and devices under every name that a host might open, which would wait for ever.
# verdicts: ACCEPTED
import os
import stat

if os.path.lexists("/work/stdout"):
    print("ESCAPED: the files of the last run")
    raise SystemExit
for name in ("stdout", "answer", "judge.in", "core", "output"):
    os.mkfifo(f"/work/{name}")
    os.mknod(f"/tmp/{name}", stat.S_IFSOCK | 0o600)
for number, kind in enumerate((stat.S_IFCHR, stat.S_IFBLK)):
    try:
        os.mknod(f"/tmp/device{number}", kind | 0o666, os.makedev(1, 1))
        print("ESCAPED: a device")
    except OSError:
        pass
print("held")
