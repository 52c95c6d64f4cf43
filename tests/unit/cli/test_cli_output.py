"""What commands print of texts that nobody trusts."""

import json

import pytest

from gavel.cli.output import json_line, printable

HOSTILE = "\x1b[2J\x9b31m\x7f\u202e\u2028\ud800\r\nü🦄"


def test_a_json_line_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON itself escapes controls below 32 alone; U+009B begins a terminal's command as ESC [ does."""
    json_line({"stdout": HOSTILE})
    line = capsys.readouterr().out

    assert printable(line) == line.removesuffix("\n")
    assert json.loads(line) == {"stdout": HOSTILE}
    assert "ü🦄" in line


def test_text_for_people_steers_none_either() -> None:
    """But for line feeds and tabs, which are text."""
    assert printable("a\tb\n\x1b[2J\x9b\u202e\n") == "a\tb\n\\x1b[2J\\x9b\\x202e"
