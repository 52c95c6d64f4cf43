# Answers nothing and writes to the other stream on and on.
# verdicts: OUTPUT_LIMIT_EXCEEDED
import sys

while True:
    sys.stderr.write("flood" * 10000)
