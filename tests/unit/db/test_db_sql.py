"""The loader of named SQL."""

import pytest

from gavel.db import sql


def test_blocks_are_found_by_name_without_their_comments() -> None:
    """A statement keeps its lines and loses description and semicolon."""
    text = "-- a file\n\n-- name: one\n-- The first.\nSELECT 1,\n  2;\n\n-- name: two\n-- More.\nSELECT 3\n"

    assert sql.parse(text, "x.sql") == {"one": "SELECT 1,\n  2", "two": "SELECT 3"}


@pytest.mark.parametrize(
    "text",
    [
        "-- name: one\nSELECT 1\n",
        "-- name: one\n-- Nothing.\n",
        "-- name: one\n-- A.\nSELECT 1\n-- name: one\n-- B.\nSELECT 2\n",
        "-- name: One\n-- A.\nSELECT 1\n",
        "SELECT 1\n-- name: one\n-- A.\nSELECT 1\n",
    ],
    ids=["undescribed", "empty", "twice", "malformed name", "unnamed statement"],
)
def test_a_malformed_file_is_refused(text: str) -> None:
    """The error names the file."""
    with pytest.raises(ValueError, match=r"x\.sql"):
        sql.parse(text, "x.sql")


def test_files_of_packages_load() -> None:
    """A real file of the project comes out by name, and cannot be changed."""
    statements = sql.load("gavel.projection")

    assert all(statements.values())
    with pytest.raises(TypeError):
        statements["other"] = "SELECT 1"  # type: ignore[index]
