"""Called as: validate input answer feedback_dir/ [quiet] < output."""

import sys

answer = open(sys.argv[2]).read().split()
if answer[:1] != ["{{greeting}}"]:
    sys.exit("the answer file is broken")
output = sys.stdin.read().split()
if output != answer and sys.argv[4:] != ["quiet"]:
    with open(sys.argv[3] + "judgemessage.txt", "w") as message:
        message.write(f"expected {answer}, got {output}\n")
    with open(sys.argv[3] + "teammessage.txt", "w") as message:
        message.write("Greet politely.\n")
sys.exit(42 if output == answer else 43)
