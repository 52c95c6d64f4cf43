numbers = bytearray(230 << 20)
numbers[::4096] = b"\1" * len(range(0, len(numbers), 4096))
print("large" if sum(numbers[::4096]) == 230 * 256 else "wrong")
