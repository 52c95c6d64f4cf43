import sys

numbers = sys.stdin.read().split()
while len(numbers) > 100:
    pass
print(sum(map(float, numbers[1:])))
