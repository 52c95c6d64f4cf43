"""Adds by counting: fine for small numbers, endless for large ones."""

for _ in range(int(input())):
    a, b = map(int, input().split())
    while b:
        step = 1 if b > 0 else -1
        a, b = a + step, b - step
    print(a)
