# Puts another program in its own place, for the next test: a byte-code cache, a module beside it, itself.
# verdicts: ACCEPTED
import os

evil = 'print("ESCAPED: the program of the last run")\n'
for path in ("/work/os.py", "/work/main.py", "/work/sitecustomize.py", "/tmp/sitecustomize.py"):
    try:
        if os.path.exists(path):
            os.unlink(path)
        with open(path, "w") as file:
            file.write(evil)
    except OSError:
        pass
print("held")
