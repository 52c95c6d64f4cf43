"""The reference documents name what the code knows."""

from pathlib import Path

from gavel.judging.languages import LANGUAGES
from gavel.judging.package_limits import KEYS as LIMITS_KEYS
from gavel.judging.package_metadata import KEYS
from gavel.submission.v1.submission_pb2 import Verdict

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def test_every_verdict_is_explained() -> None:
    """Each value of the enumeration has its row."""
    text = (REFERENCE / "verdicts.md").read_text("utf-8")

    missing = [name for name in Verdict.keys() if f"`{name.removeprefix('VERDICT_')}`" not in text]  # noqa: SIM118

    assert missing == ["VERDICT_UNSPECIFIED"]


def test_every_language_is_listed_with_its_suffixes_and_standards() -> None:
    """One row each; the default standard stands first."""
    rows = {
        line.split("|")[1].strip(" `"): [cell.strip() for cell in line.split("|")[2:5]]
        for line in (REFERENCE / "languages.md").read_text("utf-8").splitlines()
        if line.startswith("| `")
    }

    assert list(rows) == list(LANGUAGES)
    for code, (name, suffixes, standards) in rows.items():
        language = LANGUAGES[code]
        assert (name, suffixes.split()) == (language.display_name, list(language.suffixes))
        assert all(standard in standards for standard in language.standards)
        assert standards.startswith(language.default_standard)


def test_every_key_of_problem_yaml_that_is_known_is_explained() -> None:
    """Or it is one of those that judging does not need."""
    text = (REFERENCE / "problems.md").read_text("utf-8")
    idle = {"source_url", "rights_owner", "embargo_until"}

    missing = {key for key in KEYS | LIMITS_KEYS if key not in text}

    assert missing <= idle
