"""The cleanup service: keeps the day partitions ahead of the writers."""
