# Waits for more than is ever said.
# verdicts: WALL_TIME_LIMIT_EXCEEDED
# limits: wall_time_ms=500
import sys

sys.stdin.read()
