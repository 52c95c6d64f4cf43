# A daemon of its own session, detached twice, burns CPU while the program sleeps.
# verdicts: TIME_LIMIT_EXCEEDED
# limits: cpu_time_ms=300
import os
import time

if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    os.closerange(0, 3)
    while True:
        pass
time.sleep(60)
