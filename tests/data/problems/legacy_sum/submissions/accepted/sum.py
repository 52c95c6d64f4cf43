import sys

numbers = sys.stdin.read().split()
print(sum(map(float, numbers[1:])))
