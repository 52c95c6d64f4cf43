"""Generated from protos/; made anew by `make generate`."""
