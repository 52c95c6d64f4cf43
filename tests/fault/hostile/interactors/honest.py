# Asks for one word back; right if it comes. Hostile programs talk with it.
# verdicts: ACCEPTED
import sys

print("1", flush=True)
sys.exit(42 if sys.stdin.readline(100) == "1\n" else 43)
