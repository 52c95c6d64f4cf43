# -*- coding: unicode_escape -*-
# A source in an encoding that makes code of a comment. It is its own to run: nothing else is.
# verdicts: ACCEPTED WRONG_ANSWER RUN_TIME_ERROR COMPILE_ERROR
# \nprint("held") #
