# What /proc tells of the machine beyond what programs need: boot options, kernel addresses, keys, locks.
# verdicts: ACCEPTED
told = [name for name in ("cmdline", "kallsyms", "keys", "key-users", "locks") if open(f"/proc/{name}").read()]
print("ESCAPED" if told else "held", *told)
