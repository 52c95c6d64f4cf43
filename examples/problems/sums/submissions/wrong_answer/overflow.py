"""Computes in 32 bits: right for the samples, wrong for large numbers."""

import sys

numbers = list(map(int, sys.stdin.buffer.read().split()))[1:]
for a, b in zip(numbers[::2], numbers[1::2]):
    print((a + b + 2**31) % 2**32 - 2**31)
