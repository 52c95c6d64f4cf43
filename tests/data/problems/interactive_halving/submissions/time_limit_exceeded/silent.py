# Waits for an answer to nothing, as the validator waits for a number.
input()
input()
