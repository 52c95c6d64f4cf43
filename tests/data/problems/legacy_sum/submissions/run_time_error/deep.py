import sys

numbers = [float(number) for number in sys.stdin.read().split()[1:]]


def add(count):
    return numbers[count - 1] + add(count - 1) if count else 0


print(add(len(numbers)))
