# Takes memory without end.
# verdicts: JUDGE_ERROR
# group: long
taken = []
while True:
    taken.append(bytearray(16 << 20))
