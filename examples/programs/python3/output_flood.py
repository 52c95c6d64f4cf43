"""Prints without end: ended at the output limit."""

while True:
    print("Never enough. " * 1000)
