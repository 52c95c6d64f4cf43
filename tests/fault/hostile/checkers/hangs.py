# Never ends.
# verdicts: JUDGE_ERROR
# group: long
while True:
    pass
