import sys
from sys import stdin

input = stdin.readline
n = int(input())
first = sys.stdin.readline().split()
rest = sys.stdin.read().split()
print(sum(map(int, (first + rest)[:n])))
