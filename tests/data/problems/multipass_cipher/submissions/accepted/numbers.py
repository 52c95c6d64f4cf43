word, text = input().split()
if word == "hide":
    print("1" + "".join(f"{ord(letter):03}" for letter in text))
elif word == "again":
    print("2" + text)
else:
    digits = text[2:]
    print("".join(chr(int(digits[at : at + 3])) for at in range(0, len(digits), 3)))
