"""Checks an input file: exit code 42 when it is one. Gavel does not run it; other tools of the format do."""

import re
import sys

lines = sys.stdin.read().split("\n")
fine = lines[-1] == "" and re.fullmatch(r"[1-9]\d{0,4}", lines[0]) and len(lines) == int(lines[0]) + 2
fine = fine and all(re.fullmatch(r"-?\d{1,10} -?\d{1,10}", line) for line in lines[1:-1])
sys.exit(42 if fine else 43)
