"""The cases of `gavel demo`: programs, what they are judged against, and the verdicts they have to get."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gavel.client import InlineTest, Limits
from gavel.submission.v1.submission_pb2 import Verdict

FILE = "demo.yaml"


class BrokenCases(Exception):  # noqa: N818  (reads as what is wrong)
    """demo.yaml is missing or wrong; the message says where."""


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One submission and its expected verdict."""

    name: str
    """Its first file, behind its problem where it has one."""
    files: Mapping[str, bytes]
    language: str
    verdict: str
    """As the client names verdicts: `ACCEPTED`."""
    problem: str = ""
    tests: tuple[InlineTest, ...] = ()
    limits: Limits = Limits()  # noqa: RUF009  (frozen)

    @property
    def code(self) -> str:
        """The language without a standard."""
        return self.language.partition("@")[0]


@dataclasses.dataclass(frozen=True, slots=True)
class Cases:
    """All of demo.yaml."""

    problems: tuple[Path, ...]
    """Folders of problem packages; a problem is named after its folder."""
    cases: tuple[Case, ...]


def load(folder: Path) -> Cases:
    """Reads demo.yaml and the programs that it names. Raises BrokenCases."""
    try:
        raw = yaml.safe_load((folder / FILE).read_text("utf-8"))
        problems = tuple(folder / path for path in raw["problems"])
        cases = tuple(_case(folder, entry) for entry in raw["submissions"])
    except OSError as error:
        raise BrokenCases(f"{error.filename}: {error.strerror}") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise BrokenCases(f"{folder / FILE}: {error!r}") from error
    return Cases(problems, cases)


def _case(folder: Path, entry: Mapping[str, Any]) -> Case:
    unknown = entry.keys() - {"files", "language", "problem", "stdin", "expected", "limits", "verdict"}
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)} in {entry}")
    Verdict.Value(f"VERDICT_{entry['verdict']}")  # ValueError for a word that is no verdict
    problem = entry.get("problem", "")
    expected = entry.get("expected")
    test = InlineTest(entry.get("stdin", "").encode(), None if expected is None else expected.encode())
    return Case(
        name=f"{problem}: {Path(entry['files'][0]).name}" if problem else Path(entry["files"][0]).name,
        files={Path(path).name: (folder / path).read_bytes() for path in entry["files"]},
        language=entry["language"],
        verdict=entry["verdict"],
        problem=problem,
        tests=() if problem else (test,),
        limits=Limits(**entry.get("limits", {})),
    )
