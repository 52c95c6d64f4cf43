# Names that a shell, a terminal, a log or a listing would stumble over, of files that another run might take for its own.
# verdicts: ACCEPTED
# tests: 3
import os

NAMES = (b"-rf", b"$(id)", b"`id`", b"a\nb", b"\x1b[2J", b"\xff\xfe", b"x" * 255, b" ", b"~", b"*", b"@file", b"con", b".wh..wh..opq",
         b".wh.main.py", "\u202egnp".encode(), b"__pycache__", b"sitecustomize.py", b"usercustomize.py", b"pyvenv.cfg", b"x.pth")
for folder in (b"/work", b"/tmp", b"/dev/shm"):
    for name in NAMES:
        if os.path.lexists(folder + b"/" + name):
            print("ESCAPED: the last run left", name)
            raise SystemExit
        if len(name) % 2:
            os.mkdir(folder + b"/" + name, 0)
        else:
            os.close(os.open(folder + b"/" + name, os.O_CREAT | os.O_WRONLY, 0))
print("held")
