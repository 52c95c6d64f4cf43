# Sets its pipe's ends not to wait, which whoever hears the program out afterwards has as well; says yes at once.
# verdicts: ACCEPTED
import os
import sys

number = open(sys.argv[1]).read().strip()
print(number, flush=True)
said = sys.stdin.readline().strip()
for end in (0, 1):
    os.set_blocking(end, False)
sys.exit(42 if said == number else 43)
