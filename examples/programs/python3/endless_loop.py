"""Never ends, and keeps the CPU busy: over the time limit."""

while True:
    pass
