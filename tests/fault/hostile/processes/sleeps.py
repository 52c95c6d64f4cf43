# Judge0 before 1.13.0: a combination of limits let a run last for ever. Sleeping uses none of them.
# verdicts: WALL_TIME_LIMIT_EXCEEDED
# limits: wall_time_ms=300
import time

time.sleep(3600)
