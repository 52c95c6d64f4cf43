# Constants that the compiler folds: it must not compute what the program never does.
# verdicts: ACCEPTED
# limits: cpu_time_ms=2000
def never():
    return (2**100000, "x" * 10**9, b"y" * 10**10, (1,) * 10**9)


print("held")
