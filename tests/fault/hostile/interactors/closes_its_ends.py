# Closes its ends, then takes its time.
# verdicts: ACCEPTED WRONG_ANSWER RUN_TIME_ERROR
import os
import time

os.close(0)
os.close(1)
time.sleep(0.3)
os._exit(42)
