"""Judging: compiles a program once, runs it on every test, checks what it wrote, and says what was found."""
