# Says yes without reading what the program wrote.
# verdicts: ACCEPTED
raise SystemExit(42)
