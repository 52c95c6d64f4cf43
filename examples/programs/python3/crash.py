"""Fails with an exception: a run-time error, with the traceback on standard error."""

numbers = input().split()
print(int(numbers[0]) + int(numbers[2]))
