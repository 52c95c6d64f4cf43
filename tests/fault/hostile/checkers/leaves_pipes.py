# A pipe that waits for a writer, a loop of links and a folder without rights where its message is read; then it says yes.
# verdicts: ACCEPTED JUDGE_ERROR
import os
import sys

folder = sys.argv[3]
os.mkfifo(folder + "judgemessage.txt", 0o666)
os.symlink("score.txt", folder + "score.txt")
os.mkdir(folder + "teammessage.txt", 0)
os.mknod(folder + "nextpass.in", 0o100000)
os.link("/work/judge.ans", folder + "judgeerror.txt") if os.access("/work/judge.ans", os.W_OK) else None
os.chmod(folder + "nextpass.in", 0)
sys.exit(42)
