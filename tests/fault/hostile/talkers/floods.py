# DOMjudge#605: writes on and on to an interactor that asked for one word.
# verdicts: OUTPUT_LIMIT_EXCEEDED WRONG_ANSWER TIME_LIMIT_EXCEEDED WALL_TIME_LIMIT_EXCEEDED RUN_TIME_ERROR
import sys

while True:
    sys.stdout.write("flood" * 10000)
