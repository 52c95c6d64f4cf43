import io
import os

lines = io.BytesIO(os.read(0, os.fstat(0).st_size)).readline
n = int(lines())
print(sum(map(int, lines().split())))
