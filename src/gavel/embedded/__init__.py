"""The mesh on one machine."""
