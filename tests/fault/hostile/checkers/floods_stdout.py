# Writes without end before it would say yes.
# verdicts: JUDGE_ERROR
import sys

while True:
    sys.stdout.write("flood" * 10000)
