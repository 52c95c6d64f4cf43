# Neither asks nor ends.
# verdicts: JUDGE_ERROR WALL_TIME_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED
# group: long
while True:
    pass
