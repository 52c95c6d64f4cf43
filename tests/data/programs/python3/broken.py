print("never" if
