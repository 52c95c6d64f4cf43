"""The result service: stores what the log says and streams it to whoever watches."""
