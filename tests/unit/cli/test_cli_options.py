"""Quantities, names and labels on the command line, and the reference of the command."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from gavel.cli import app, options

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "expected_ms"), [("2s", 2000), ("1.5s", 1500), ("300ms", 300), ("1 min", 60_000), ("2S", 2000)]
)
def test_times_have_units(text: str, expected_ms: int) -> None:
    """Seconds, milliseconds, minutes."""
    assert options.time_ms(text, "--cpu-time") == expected_ms


@pytest.mark.parametrize(
    ("text", "expected_bytes"), [("256MiB", 256 << 20), ("1GiB", 1 << 30), ("64kB", 64_000), ("4096B", 4096)]
)
def test_sizes_have_units(text: str, expected_bytes: int) -> None:
    """Powers of two and of ten are told apart."""
    assert options.size_bytes(text, "--memory") == expected_bytes


@pytest.mark.parametrize("text", ["2", "s", "-1s", "1e3s", "2 parsecs", ""])
def test_a_bare_number_is_refused(text: str) -> None:
    """A unit that is guessed is a limit that is wrong; the option is named."""
    with pytest.raises(typer.BadParameter) as caught:
        options.time_ms(text, "--cpu-time")
    assert caught.value.param_hint == "--cpu-time"


@pytest.mark.parametrize("text", ["0s", "0.0s", "0 ms", "0.0001ms"])
def test_a_limit_of_nothing_is_no_limit(text: str) -> None:
    """To the API 0 is the default; who writes it does not mean that."""
    with pytest.raises(typer.BadParameter, match="more than 0"):
        options.time_ms(text, "--cpu-time")
    with pytest.raises(typer.BadParameter, match="more than 0"):
        options.size_bytes("0MiB", "--memory")


@pytest.mark.parametrize("pairs", [["a"], ["a=1", "a=2"]])
def test_labels_are_pairs_of_different_keys(pairs: list[str]) -> None:
    """The last of two would win without a word."""
    with pytest.raises(typer.BadParameter):
        options.labels_of(pairs)
    assert options.labels_of(["a=1=2", "b="]) == {"a": "1=2", "b": ""}


@pytest.mark.parametrize("text", ["WRONG_ANSWER", "wrong_answer", "Wrong Answer", "wrong-answer "])
def test_a_verdict_is_taken_as_it_is_shown(text: str) -> None:
    """Lists show it with a blank."""
    assert options.constant(text) == "WRONG_ANSWER"


def test_an_id_may_stand_alone() -> None:
    """With or without its collection."""
    uuid = "019ABCDE-0000-7000-8000-000000000001"

    assert options.submission_name(uuid) == f"submissions/{uuid.lower()}"
    assert options.submission_name("submissions/x") == "submissions/x"


def test_the_reference_names_every_command_and_option() -> None:
    """docs/reference/cli.md is complete."""
    page = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    known = _all_of(typer.main.get_command(app), "gavel")
    missing = [text for text in known if re.search(rf"{re.escape(text)}(?![\w-])", page) is None]

    assert missing == []


def _all_of(command: Any, path: str) -> list[str]:
    commands = getattr(command, "commands", {})
    if commands:
        return [text for name, each in commands.items() for text in _all_of(each, f"{path} {name}")]
    options_of = [option.opts[0] for option in command.params if option.opts[0].startswith("--")]
    return [path, *(text for text in options_of if text != "--watch")]


def test_every_command_takes_json_and_those_that_call_an_address() -> None:
    """The same flags everywhere, after the subcommand."""
    root: Any = typer.main.get_command(app)
    local = {"up", "down", "status", "logs", "doctor"}
    for name, command in root.commands.items():
        for each in getattr(command, "commands", {name: command}).values():
            taken = {text for option in each.params for text in option.opts}
            assert "--json" in taken or name == "demo"
            assert "--address" in taken or name in local
