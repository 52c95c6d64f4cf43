"""Migrations of the tables that the submission service writes."""
