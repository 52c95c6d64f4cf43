# Ends at once; a child has the pipes and goes on with the talk as it should be.
# verdicts: WRONG_ANSWER RUN_TIME_ERROR
import os
import time

if os.fork():
    os._exit(0)
os.setsid()
time.sleep(0.3)
print(input(), flush=True)
