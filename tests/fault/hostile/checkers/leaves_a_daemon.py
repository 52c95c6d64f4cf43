# Says yes and leaves processes behind.
# verdicts: ACCEPTED
import os
import time

if not os.fork():
    os.setsid()
    if not os.fork():
        os.closerange(0, 3)
        while True:
            time.sleep(0.001)
    os._exit(0)
os._exit(42)
