# Feedback of all that it may write, in one sparse file and one full.
# verdicts: ACCEPTED
import os
import sys

with open(sys.argv[3] + "/teammessage.txt", "wb") as file:
    file.truncate(6 << 20)
try:
    with open(sys.argv[3] + "/judgemessage.txt", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
except OSError:
    pass
os._exit(42)
