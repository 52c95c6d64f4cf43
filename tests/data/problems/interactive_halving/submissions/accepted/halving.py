low, high = 1, int(input())
while True:
    middle = (low + high) // 2
    print(middle, flush=True)
    said = input()
    if said == "found":
        break
    if said == "more":
        low = middle + 1
    else:
        high = middle - 1
