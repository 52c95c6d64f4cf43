"""Called as: post input answer feedback_dir/ < output. What was made in a pass is to be undone in the next."""

import sys

given, answer, folder = sys.argv[1:4]
word, text = open(given).read().split()
said = sys.stdin.read().split()


def refuse(why):
    with open(folder + "judgemessage.txt", "a") as message:
        message.write(f"{word}: {why}\n")
    sys.exit(43)


if len(said) != 1:
    refuse(f"one word expected, not {len(said)}")
if word == "hide":
    if text in said[0]:
        refuse("the text can be seen")
    with open(folder + "hidden.txt", "w") as hidden:
        hidden.write(said[0])
    with open(folder + "nextpass.in", "w") as following:
        following.write(f"again {said[0]}\n")
elif word == "again":
    if said[0] == open(folder + "hidden.txt").read():
        refuse("the same once more")
    with open(folder + "nextpass.in", "w") as following:
        following.write(f"find {said[0]}\n")
elif said[0] != open(answer).read().strip():
    refuse(f"{said[0]} found")
sys.exit(42)
