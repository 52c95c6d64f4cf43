"""The worker service: pulls the records of its languages, judges them and tells the log."""
