# A program that was never a file: run from an anonymous file, it is held as any other.
# verdicts: ACCEPTED
import os
import sys

memory = os.memfd_create("program")
with open("/bin/sh", "rb") as shell:
    os.write(memory, shell.read())
sys.stdout.flush()
script = "grep -q '^Seccomp:.2' /proc/self/status && grep -q '^CapBnd:.0000000000000000' /proc/self/status && echo held"
os.execve(memory, ["sh", "-c", script], dict(os.environ))
