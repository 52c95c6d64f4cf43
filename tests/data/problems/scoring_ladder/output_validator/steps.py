"""Called as: steps input answer feedback_dir/ < output. The fewer steps to n, by doubling and adding one, the better."""

import sys

target, best = int(open(sys.argv[1]).read()), int(open(sys.argv[2]).read())
steps = sys.stdin.read().split()
value = 0
for step in steps:
    if step not in ("double", "add"):
        sys.exit(43)
    value = value * 2 if step == "double" else value + 1
if value != target:
    sys.exit(43)
if len(steps) > best:
    with open(sys.argv[3] + "score_multiplier.txt", "w") as share:
        share.write(f"{best / len(steps):.3f}\n")
sys.exit(42)
