# Children die for the memory that they took; the program answers as if nothing had been.
# verdicts: MEMORY_LIMIT_EXCEEDED
import os

for _ in range(2):
    if not os.fork():
        taken = bytearray(256 << 20)
        os._exit(0)
    os.wait()
print("held")
