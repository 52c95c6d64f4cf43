"""Migrations of the tables of the projection, applied in the order of their names."""
