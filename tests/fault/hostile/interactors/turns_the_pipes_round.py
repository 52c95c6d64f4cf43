# Sets the pipes to wait or not to wait, for whoever has them too, fills them, and leaves a child.
# verdicts: ACCEPTED WRONG_ANSWER RUN_TIME_ERROR WALL_TIME_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED JUDGE_ERROR
# limits: wall_time_ms=1000
import fcntl
import os
import time

for number in (0, 1):
    fcntl.fcntl(number, fcntl.F_SETFL, os.O_NONBLOCK)
    fcntl.fcntl(number, 1031, 4096)
other = os.open("/proc/self/fd/0", os.O_WRONLY | os.O_NONBLOCK)
try:
    while True:
        os.write(other, b"1\n")
except OSError:
    pass
for number in (0, 1):
    fcntl.fcntl(number, fcntl.F_SETFL, 0)
if not os.fork():
    os.setsid()
    time.sleep(3600)
os._exit(42)
