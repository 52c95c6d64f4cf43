"""Has room for ten pairs."""

import sys

numbers = sys.stdin.read().split()
sums = [0] * 10
for index in range(int(numbers[0])):
    sums[index] = int(numbers[2 * index + 1]) + int(numbers[2 * index + 2])
print(*sums[: int(numbers[0])], sep="\n")
