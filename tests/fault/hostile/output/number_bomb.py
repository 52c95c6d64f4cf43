# A number of a million digits, and many that are none: comparing them is the worker's work.
# verdicts: WRONG_ANSWER
# validator_arguments: float_tolerance 1e-6
# limits: output_bytes=4194304
# worker_cpu_ms: 2000
# tests: 1
print("1" * 1_000_000, "1e" + "9" * 1_000_000, "0x" + "f" * 1_000_000, "nan inf -0" * 1000)
