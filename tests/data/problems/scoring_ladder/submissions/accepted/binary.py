steps = []
number = int(input())
while number:
    steps.append("add" if number % 2 else "double")
    number = number - 1 if number % 2 else number // 2
print(*reversed(steps), sep="\n")
