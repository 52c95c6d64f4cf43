"""The hostile programs under `hostile/`, and what each says of itself in its first lines.

verdicts: WORD WORD                one of which every run must get; ACCEPTED goes to the answer `held` alone
limits: cpu_time_ms=300 ...        in place of DEFAULT_LIMITS (or the language's)
tests: 2                           runs of it, in one box; without it two where it may be accepted, else one
validator_arguments: ...           of the default validator
worker_cpu_ms: 500                 the most that the judging process itself may use meanwhile
machine: x86_64                    where it can be compiled at all
group: long                        not among those that every test run does
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "hostile"
DEFAULT_LIMITS: Mapping[str, int] = {
    "cpu_time_ms": 1_000,
    "wall_time_ms": 4_000,
    "memory_bytes": 64 << 20,
    "processes": 16,
    "output_bytes": 1 << 20,
    "files_bytes": 8 << 20,
}
WORKER_CPU_MS = 1_500
"""The most that judging one costs the process that judges, where its file names no other bound."""
_QUICK = ("c", "python3")
_LANGUAGES: Mapping[str, str] = {
    ".c": "c", ".cpp": "cpp", ".py": "python3", ".java": "java", ".js": "javascript",
}  # fmt: skip
_LINE = re.compile(r"^(?://|#) ?([a-z_]+): (.*)$")
_WORDS = frozenset(
    {"verdicts", "limits", "tests", "validator_arguments", "worker_cpu_ms", "machine", "group"}
)


@dataclasses.dataclass(frozen=True, slots=True)
class Hostile:
    """A file of the corpus."""

    name: str
    language: str
    source: str
    verdicts: frozenset[str]
    limits: Mapping[str, int]
    tests: int
    validator_arguments: tuple[str, ...]
    worker_cpu_ms: int
    machine: str
    quick: bool

    @property
    def file_name(self) -> str:
        """What the submission calls it: Java wants its own name."""
        return Path(self.name).name if self.language == "java" else f"main{Path(self.name).suffix}"


def parse(name: str, source: str) -> Hostile:
    """Reads the head of a file. ValueError for what it does not know or lacks."""
    words: dict[str, str] = {}
    for line in source.splitlines():
        if not line.startswith(("//", "#")) or line.startswith("#include"):
            break
        found = _LINE.match(line)
        if found is not None and found[1] in _WORDS:
            words[found[1]] = found[2]
    if "verdicts" not in words:
        raise ValueError(f"{name} does not say its verdicts")
    language = _LANGUAGES[Path(name).suffix]
    verdicts = frozenset(words["verdicts"].split())
    changed = dict(pair.split("=") for pair in words.get("limits", "").split())
    return Hostile(
        name=name,
        language=language,
        source=source,
        verdicts=verdicts,
        limits={**DEFAULT_LIMITS, **{limit: int(value) for limit, value in changed.items()}},
        tests=int(words.get("tests", "2" if "ACCEPTED" in verdicts else "1")),
        validator_arguments=tuple(words.get("validator_arguments", "").split()),
        worker_cpu_ms=int(words.get("worker_cpu_ms", WORKER_CPU_MS)),
        machine=words.get("machine", ""),
        quick=language in _QUICK and words.get("group") != "long",
    )


@functools.cache
def folder(*names: str) -> list[Hostile]:
    """All programs of these folders."""
    return [
        parse(str(path.relative_to(FOLDER)), path.read_text("utf-8"))
        for name in names
        for path in sorted((FOLDER / name).iterdir())
        if path.suffix in _LANGUAGES
    ]
