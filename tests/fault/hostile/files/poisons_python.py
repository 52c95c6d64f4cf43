# Everything by which one start of Python changes the next: modules in place of the library's, caches of them, hooks.
# verdicts: ACCEPTED
# tests: 3
import importlib.util
import os
import sys

BAD = "import os\nos.write(1, b'ESCAPED: code of the last run\\n')\n"
folders = ("/work", "/tmp", "/tmp/.local/lib/python3.11/site-packages", "/dev/shm")
for folder in folders:
    os.makedirs(f"{folder}/__pycache__", exist_ok=True)
    for name in ("os", "sys", "io", "encodings", "site", "codecs", "re", "sitecustomize", "usercustomize", "importlib"):
        with open(f"{folder}/{name}.py", "w") as file:
            file.write(BAD)
        cached = importlib.util.cache_from_source(f"{folder}/{name}.py")
        with open(cached, "wb") as file:
            file.write(importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + bytes(8))
    with open(f"{folder}/x.pth", "w") as file:
        file.write("import os; os.write(1, b'ESCAPED: a .pth file')\n")
    with open(f"{folder}/pyvenv.cfg", "w") as file:
        file.write(f"home = {folder}\n")
try:
    os.replace("/tmp/os.py", "/work/main.py")
except OSError:
    pass
for place in sys.path:
    try:
        open(f"{place}/left.py", "w").close()
        if not place.startswith(("/work", "/tmp")):
            print("ESCAPED", place)
    except OSError:
        pass
print("held")
