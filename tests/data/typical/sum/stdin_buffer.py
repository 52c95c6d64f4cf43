import sys

data = sys.stdin.buffer.read().split()
sys.stdout.write(f"{sum(map(int, data[1 : int(data[0]) + 1]))}\n")
