# Kernel memory as names looked for in vain in the system's folders.
# verdicts: TIME_LIMIT_EXCEEDED MEMORY_LIMIT_EXCEEDED
# limits: cpu_time_ms=500
import os

number = 0
while True:
    number += 1
    os.access(f"/usr/lib/{'x' * 200}{number}", os.F_OK)
