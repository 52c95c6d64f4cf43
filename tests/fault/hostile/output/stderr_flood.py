# Standard error without end.
# verdicts: OUTPUT_LIMIT_EXCEEDED
import sys

while True:
    sys.stderr.write("flood" * 1000)
