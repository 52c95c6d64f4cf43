print("add\n" * int(input()))
