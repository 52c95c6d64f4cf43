"""Multiplies where it should add: right for 2 and 2, wrong for 2 and 3."""

a, b = map(int, input().split())
print(a * b)
