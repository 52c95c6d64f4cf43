# Neither ends nor works.
# verdicts: JUDGE_ERROR
# group: long
import time

time.sleep(3600)
