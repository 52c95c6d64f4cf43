# Blanks by the million around the right answer.
# verdicts: ACCEPTED WRONG_ANSWER
# limits: output_bytes=8388608
# worker_cpu_ms: 2000
# tests: 1
print(" \n" * 2_000_000 + "held" + "\n \t" * 1_000_000)
