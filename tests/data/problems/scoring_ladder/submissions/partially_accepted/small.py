number = int(input())
print("add\n" * number if number < 10 else "give up")
