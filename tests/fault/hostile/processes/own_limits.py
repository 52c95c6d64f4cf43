# Lowers every limit of its own, whose signals then read like somebody else's verdict.
# verdicts: RUN_TIME_ERROR TIME_LIMIT_EXCEEDED
# limits: cpu_time_ms=2500
# group: long

import resource
import signal

resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while True:
    pass
