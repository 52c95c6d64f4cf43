# The next test's input and answer, which it would like to have written itself.
# verdicts: ACCEPTED
import os
import sys

with open(sys.argv[1]) as file:
    number = file.read().strip()
if number not in ("1", "2"):
    raise SystemExit(43)
for path in (sys.argv[1], sys.argv[2], "/work/validate.py"):
    try:
        os.rename(path, path + ".old")
        with open(path, "w") as file:
            file.write("evil")
    except OSError:
        pass
raise SystemExit(42)
