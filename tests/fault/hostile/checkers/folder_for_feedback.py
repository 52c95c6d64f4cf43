# A FIFO and a folder in place of feedback, and the feedback's folder replaced by a link.
# verdicts: ACCEPTED
import os
import sys

folder = sys.argv[3].rstrip("/")
os.mkfifo(folder + "/teammessage.txt")
os.mkdir(folder + "/judgemessage.txt")
try:
    os.rename(folder, "/work/elsewhere")
    os.symlink("/etc", folder)
except OSError:
    pass
os._exit(42)
