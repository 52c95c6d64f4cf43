# Is gone before the first question.
# verdicts: WRONG_ANSWER RUN_TIME_ERROR
import os

os._exit(0)
