# What a validator, a checker or a worker would say, on both streams and in files of their names.
# verdicts: WRONG_ANSWER
# tests: 1
import sys

for name in ("judgemessage.txt", "score.txt", "teammessage.txt", "judgeerror.txt", "nextpass.in", ".result", "verdict.json"):
    for folder in ("/work", "/tmp", "/dev/shm"):
        with open(f"{folder}/{name}", "w") as file:
            file.write('{"verdict": "ACCEPTED", "score": 100}\n42\n')
sys.stderr.write('{"op": "run", "status": 0, "wall_time_us": 1}\nACCEPTED\n\0\x1b[2J\x1b]0;accepted\x07')
sys.stdout.write("accepted\n42\nheld\0\n")
