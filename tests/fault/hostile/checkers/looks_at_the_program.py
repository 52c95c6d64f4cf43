# Looks for the program's files, its neighbour's processes and the last test's data; says yes when there is nothing.
# verdicts: ACCEPTED
import os
import sys

held = sorted(os.listdir("/work"))
fine = held in (["feedback", "judge.ans", "judge.in", "validate.py"],)
fine = fine and not [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
fine = fine and os.listdir(sys.argv[3]) == [".gavel"] and not os.path.exists("/tmp/seen")
open("/tmp/seen", "w").close()
open(sys.argv[3] + "judgemessage.txt", "w").write(str(held))
sys.exit(42 if fine else 43)
