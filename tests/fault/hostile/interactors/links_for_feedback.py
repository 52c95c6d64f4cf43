# Its feedback is a link, a FIFO and a folder.
# verdicts: ACCEPTED WRONG_ANSWER
import os
import sys

os.symlink("/proc/self/environ", sys.argv[3] + "/teammessage.txt")
os.mkfifo(sys.argv[3] + "/judgemessage.txt")
os.mkdir(sys.argv[3] + "/interaction.out")
print(1, flush=True)
input()
os._exit(42)
