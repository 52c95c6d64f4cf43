# Takes memory without end.
# verdicts: MEMORY_LIMIT_EXCEEDED
taken = []
while True:
    taken.append(bytearray(1 << 20))
