import sys

numbers = list(map(int, sys.stdin.buffer.read().split()))[1:]
print("\n".join(str(a + b) for a, b in zip(numbers[::2], numbers[1::2])))
