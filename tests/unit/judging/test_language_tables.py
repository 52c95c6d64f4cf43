"""A deployment's languages file: what it may say, and how it lies over Gavel's own languages."""

import re
from pathlib import Path

import pytest

from gavel.judging.deployment import Deployment
from gavel.judging.languages import LANGUAGES, language_of, parse_language, read_languages, use_languages
from gavel.settings import SettingsError

DOCUMENT = Path(__file__).parents[3] / "docs" / "operating" / "languages.md"
PERL = """
[perl]
suffixes = [".pl"]
programs = { perl = ["perl"] }
version = ["{perl}", "-v"]
run = ["{perl}", "/work/{entry}"]
selftest = "print 1"
"""


@pytest.fixture
def _own_languages_afterwards() -> object:
    yield
    use_languages("")


def write(folder: Path, text: str) -> str:
    path = folder / "languages.toml"
    path.write_text(text)
    return str(path)


def test_a_table_adds_a_language_and_changes_another(tmp_path: Path) -> None:
    """The rest of a known language stays; a new one comes last and needs five keys."""
    found = read_languages(write(tmp_path, f"{PERL}\n[cpp]\ndefault_standard = '23'\n"))

    assert list(found) == [*read_languages(), "perl"]
    assert (found["perl"].display_name, found["perl"].install) == ("perl", "Install perl")
    assert found["cpp"].default_standard == "23"
    assert found["cpp"].compile == read_languages()["cpp"].compile


@pytest.mark.usefixtures("_own_languages_afterwards")
def test_everybody_sees_the_deployments_languages(tmp_path: Path) -> None:
    """Those that hold LANGUAGES already do, too."""
    Deployment(languages_file=write(tmp_path, PERL)).open()

    assert "perl" in LANGUAGES
    assert language_of(["a.pl"]) is LANGUAGES["perl"]
    assert parse_language("perl") == (LANGUAGES["perl"], "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[perl]\nsuffixes = ['.pl']\n", "[perl] lacks programs, version, run, selftest"),
        ("[cpp]\ncompiler = 'x'\n", "[cpp] compiler: no such key"),
        (
            "[cpp]\ncompile = 'g++ -O2 x.cpp'\n",
            "[cpp] compile: expected a list of words, never a shell's line",
        ),
        ("[cpp]\ntime_factor = 0\n", "[cpp] time_factor: expected a number from 1 to 100"),
        ("[cpp]\ndefault_standard = '98'\n", "[cpp] default_standard: 98 is not one of its standards"),
        ("[cpp]\nartefact = ''\n", "[cpp] has compile, but no artefact"),
        ("[rust]\nentry_pattern = '('\n", "[rust] entry_pattern: expected a regular expression"),
        ("['C++']\n", "[C++]: a language's code is of small letters and digits"),
        ("cpp = 1\n", "cpp: expected a table"),
        ("[cpp\n", "Expected ']'"),
        (PERL.replace('".pl"', '"pl"'), "[perl] suffixes: expected a list of suffixes"),
        (PERL.replace('["perl"]', "[]"), "[perl] programs: expected a table of lists of what to look for"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """The setting, the file, the table and the key; nothing of it is taken in."""
    path = write(tmp_path, text)

    with pytest.raises(SettingsError, match=rf"^GAVEL_LANGUAGES_FILE: {re.escape(path)}: .*") as caught:
        Deployment(languages_file=path).open()

    assert said in str(caught.value)
    assert list(LANGUAGES) == list(read_languages())


def test_a_missing_file_is_refused() -> None:
    """As any other wrong setting is."""
    with pytest.raises(SettingsError, match="GAVEL_LANGUAGES_FILE: /nowhere"):
        Deployment(languages_file="/nowhere").open()


def test_the_examples_of_the_document_are_right(tmp_path: Path) -> None:
    """Each can be put into a languages file as it stands."""
    examples = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)

    assert len(examples) == 3
    for example in examples:
        assert read_languages(write(tmp_path, example))


def test_the_setting_is_read_from_the_environment() -> None:
    """By the processes that have no settings of their own."""
    found = Deployment.from_environment({"GAVEL_LANGUAGES_FILE": "/x", "GAVEL_ROOTS": "c=/a, cpp=/b"})

    assert found == Deployment(languages_file="/x", roots=("c=/a", "cpp=/b"))
