# Asks on and on, and never reads an answer.
# verdicts: JUDGE_ERROR WALL_TIME_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED OUTPUT_LIMIT_EXCEEDED
# limits: wall_time_ms=1000
import sys

while True:
    sys.stdout.write("1\n" * 10000)
