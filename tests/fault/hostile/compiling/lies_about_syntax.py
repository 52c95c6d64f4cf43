# Fails with a compiler's words, for which it is looked at again, having changed what there is to look at.
# verdicts: RUN_TIME_ERROR
# tests: 2
import os
import sys

for path in ("/work/main.py", "/tmp/main.py"):
    try:
        if os.path.exists(path):
            os.unlink(path)
        with open(path, "w") as file:
            file.write("def (\n" * 100_000)
    except OSError:
        pass
sys.stderr.write("SyntaxError: invalid syntax\nTabError RecursionError null bytes\n")
os._exit(1)
