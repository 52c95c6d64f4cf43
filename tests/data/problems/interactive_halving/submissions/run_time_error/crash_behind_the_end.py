low, high = 1, int(input())
said = ""
while said != "found":
    middle = (low + high) // 2
    print(middle, flush=True)
    said = input()
    low, high = (middle + 1, high) if said == "more" else (low, middle - 1)
raise SystemExit(1)
