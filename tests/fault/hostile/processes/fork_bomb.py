# Forks without end (Piston's corpus of patched exploits has one).
# Memory as in fork_bomb.c.
# verdicts: TIME_LIMIT_EXCEEDED MEMORY_LIMIT_EXCEEDED
# limits: cpu_time_ms=300
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
