# One number after the other, which takes too many turns; it then fails for want of an answer.
for number in range(1, int(input()) + 1):
    print(number, flush=True)
    if input() == "found":
        break
