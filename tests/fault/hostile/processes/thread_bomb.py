# Threads until no more can be had; the count never exceeds the limit.
# verdicts: ACCEPTED
# limits: processes=16
import os
import threading
import time

started = 0
try:
    for started in range(200):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError:
    pass
print("held" if started < 16 else f"ESCAPED with {started} threads", flush=True)
os._exit(0)
