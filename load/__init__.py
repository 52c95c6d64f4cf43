"""Load: an open-loop generator, the figures of `make bench` and the pictures of `make load`."""
