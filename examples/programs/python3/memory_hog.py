"""Takes more and more memory: ended at the memory limit."""

blocks = []
while True:
    blocks.append(bytearray(1024 * 1024))
