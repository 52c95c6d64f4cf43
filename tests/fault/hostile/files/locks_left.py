# Locks and leases on what others open too, held to the end and kept by a child.
# verdicts: ACCEPTED
import fcntl
import os
import sys
import time

held = []
for path in ("/usr/bin/python3", "/etc/passwd", "/dev/null", "/work/main.py", "/dev/stdin"):
    file = open(path, "rb")
    held.append(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        pass
for path in ("/usr/bin/python3", "/etc/passwd"):
    with open(path, "rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            print("ESCAPED: a lease on", path)
        except OSError:
            pass
print("held", flush=True)
if not os.fork():
    sys.stdout.close()
    time.sleep(60)
