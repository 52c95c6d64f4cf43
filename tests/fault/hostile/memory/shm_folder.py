# Memory as files of /dev/shm, mapped and unmapped.
# verdicts: MEMORY_LIMIT_EXCEEDED
# limits: files_bytes=268435456
for number in range(50):
    with open(f"/dev/shm/{number}", "wb") as file:
        file.write(bytes(4 << 20))
print("held")
