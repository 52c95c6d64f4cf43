# Memory that no machine has, after more complaints than are kept: the last words tell how it ended.
# verdicts: MEMORY_LIMIT_EXCEEDED
import sys

sys.stderr.write("nothing of account\n" * 10_000)
taken = [0] * 10**13
