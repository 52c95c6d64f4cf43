print("add\n" * (int(input()) + 1))
