# Ends with 0, which is no answer.
# verdicts: JUDGE_ERROR
