"""Reads two numbers and prints their sum."""

print(sum(map(int, input().split())))
