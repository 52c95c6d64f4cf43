"""The reference pages say what the code does."""

from pathlib import Path

import pytest

from gavel.judging import admission as programs
from gavel.judging import paths
from gavel.judging.limits import BOUNDS
from gavel.rpc import pages
from gavel.rpc.methods import METHODS, SERVICES, default_deadlines
from gavel.submission import admission, files, problem_servicer, problems
from gavel.submission.settings import Settings

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"
NEEDED = {"kafka": "k", "database_url": "d", "storage_url": "s"}


def rows(page: str) -> dict[str, list[str]]:
    """The rows of all tables of a page by their first cell; of two the first one."""
    lines = (REFERENCE / page).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return {row[0]: row[1:] for row in reversed(cells)}


def test_every_call_is_described() -> None:
    """Each method of the API has a row with its default deadline, under its service's heading."""
    text = (REFERENCE / "api.md").read_text(encoding="utf-8")
    described = {name.split(" ")[0]: row for name, row in rows("api.md").items()}

    assert all(f"## {service}\n" in text for service in SERVICES)
    for path in METHODS:
        deadline = default_deadlines().get(path)
        expected = "none" if deadline is None else f"{deadline:g} s"
        assert described[path.rsplit("/", 1)[1]][0] == expected, path


@pytest.mark.parametrize(
    ("row", "number"),
    [
        ("source files", programs.SOURCE_FILES),
        ("sources and inline tests together", programs.INLINE_BYTES),
        ("sources in all, those named by their digest included", programs.SOURCES_BYTES),
        ("a source that is uploaded", files.SOURCE_BYTES),
        ("a path", paths.PATH_BYTES),
        ("arguments of the program", programs.ARGUMENTS),
        ("arguments of the program", programs.ARGUMENT_BYTES),
        ("inline tests", admission.INLINE_TESTS),
        ("an inline test's name", admission.TEST_NAME_BYTES),
        ("arguments of the validator", admission.VALIDATOR_ARGUMENTS),
        ("labels", admission.LABELS),
        ("labels", admission.LABEL_VALUE_BYTES),
        ("requests of a batch", admission.BATCH_REQUESTS),
        ("files of a package", problem_servicer.PACKAGE_FILES),
        ("a file", files.FILE_BYTES),
        ("the bytes of one message of an upload", files.CHUNK_BYTES),
        ("digests of one FindMissingFiles", files.DIGESTS),
        ("a manifest", problems.MANIFEST_BYTES),
        ("items of a page", pages.MOST_SIZE),
        ("`GAVEL_ACCEPTS_IN_FLIGHT`", Settings(**NEEDED).accepts_in_flight),
        ("`GAVEL_UPLOADS`", Settings(**NEEDED).uploads),
        ("`GAVEL_UPLOAD_BYTES`", Settings(**NEEDED).upload_bytes),
        ("`GAVEL_DATABASE_CONNECTIONS`", Settings(**NEEDED).database_connections),
        ("`cpu_time_ms`", BOUNDS["cpu_time_ms"].most),
        ("`wall_time_ms`", BOUNDS["wall_time_ms"].most),
        ("`processes`", BOUNDS["processes"].most),
    ],
)
def test_numbers_are_the_codes(row: str, number: int) -> None:
    """Each number of limits.md is the one that the code holds to."""
    assert f"{number:,}" in " ".join(rows("limits.md")[row])
