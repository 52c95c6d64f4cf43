"""A package as `gavel problem verify` needs it: what it expects, under which limits, and the copy that is
judged with. Everything that can be found out without a mesh.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from gavel.client.packages import PackageFile, read_package
from gavel.judging import expectations, limits, test_data, time_limits
from gavel.judging.expectations import Facts, Program
from gavel.judging.languages import LANGUAGES
from gavel.judging.package import build_manifest
from gavel.judging.package_findings import Findings
from gavel.judging.package_metadata import PROBLEM, Configuration, head_of
from gavel.judging.task import with_constants
from gavel.judging.time_limits import Multipliers
from gavel.submission.v1.problem_pb2 import PROBLEM_TYPE_SCORING, FileReference, Manifest

_LEGACY: Final = {"legacy", "legacy-icpc"}
_CPU_TIME_MS_MOST: Final = limits.BOUNDS["cpu_time_ms"].most


@dataclasses.dataclass(frozen=True, slots=True)
class Package:
    """A package in a folder."""

    folder: Path
    manifest: Manifest
    programs: Sequence[Program]
    multipliers: Multipliers
    limit_is_stated: bool
    """True when problem.yaml of 2023-07 and later states the time limit: then the multipliers bind it."""
    warnings: Sequence[str]
    replaced: Mapping[str, bytes]
    """Files that differ in the copy that is judged with."""
    most_ms: int
    """The time limit of that copy: no run may take longer."""
    time_limit_ms: int = 0
    """In place of the package's own; 0: the package's."""

    def limit_ms(self, code: str) -> int:
        """The time limit in force for a language."""
        if self.time_limit_ms:
            return self.time_limit_ms
        language = LANGUAGES.get(code)
        if language is None:  # one of a newer mesh
            return self.manifest.limits.cpu_time_ms
        return limits.of_problem(self.manifest, language).cpu_time_ms

    def measured_ms(self, code: str, program: Program) -> int:
        """How long its runs may take: more than the limit where it matters how far from that they are.

        Not where the package's own grader has to be asked what it makes of a test that was too slow.
        """
        limit_ms = self.limit_ms(code)
        measured = program.is_timed and not self.manifest.HasField("grader")
        return self.multipliers.measured_ms(limit_ms, self.most_ms) if measured else limit_ms

    def wall_limit_ms(self, code: str) -> int:
        """The wall time limit in force for a language."""
        return self.manifest.limits.wall_time_ms or limits.default_wall_time_ms(self.limit_ms(code))

    def measured_wall_ms(self, code: str, program: Program) -> int:
        """The wall time limit of its runs: as much more than the CPU time as the limits in force leave."""
        idle_ms = self.wall_limit_ms(code) - self.limit_ms(code)
        return min(self.measured_ms(code, program) + idle_ms, limits.BOUNDS["wall_time_ms"].most)

    def source(self, program: Program) -> dict[str, bytes]:
        """A program's files, with the package's constants in place. An empty one that is all there is, the
        mesh would refuse: it becomes an empty line. Raises BrokenProblem for one that constants make grow
        too large.
        """
        files = {
            path: with_constants((self.folder / place).read_bytes(), self.manifest.constants)
            for path, place in program.files.items()
        }
        return files if any(files.values()) else dict.fromkeys(files, b"\n")

    def entry_point(self, program: Program) -> str:
        """The file of the entry point that submissions.yaml states, which may be a class; else none."""
        stated = program.entry_point
        if not stated or stated in program.files:
            return stated
        stem = stated.rpartition(".")[2].removesuffix("Kt")
        named = [path for path in program.files if Path(path).stem == stem]
        return named[0] if len(named) == 1 else stated

    def throw_away_name(self) -> str:
        """A name for the copy that no other problem has, with the package's own in it."""
        digest = hashlib.sha256(self.manifest.SerializeToString(deterministic=True)).hexdigest()
        return f"verify-{digest[:12]}-{os.urandom(4).hex()}"


def load(folder: Path, *, time_limit_ms: int = 0) -> Package:
    """Reads the package. Raises InvalidPackage with all that is wrong, RequestError for what is no folder,
    ValueError for a time limit beyond what any program may have.
    """
    if time_limit_ms > _CPU_TIME_MS_MOST:
        raise ValueError(f"--time-limit: nothing is judged by more than {_CPU_TIME_MS_MOST / 1000:g} s")
    files = {file.path: file for file in read_package(folder)}
    references = {
        path: FileReference(path=path, sha256=file.sha256, size_bytes=file.size_bytes)
        for path, file in files.items()
    }

    def read(path: str) -> bytes:
        return files[path].file.read_bytes()

    manifest, warnings = build_manifest(list(references.values()), read)
    findings = Findings()
    config = Configuration(references, read, findings)
    head = head_of(config)
    legacy = str(head.get("problem_format_version") or "legacy") in _LEGACY
    facts = Facts(
        legacy=legacy,
        scoring=manifest.type == PROBLEM_TYPE_SCORING,
        unbounded=not (manifest.groups and manifest.groups[0].HasField("full_score")),
        tests=[test.name for test in manifest.tests],
        groups=[group.name for group in manifest.groups],
    )
    programs = expectations.read(config, facts)
    multipliers = time_limits.multipliers(head, findings, legacy=legacy)
    findings.settle()
    stated = isinstance(head.get("limits"), dict) and "time_limit" in head["limits"]
    most_ms = multipliers.largest_ms(_CPU_TIME_MS_MOST)
    return Package(
        folder=folder,
        manifest=manifest,
        programs=programs,
        multipliers=multipliers,
        limit_is_stated=stated and not legacy,
        warnings=[*warnings, *findings.warnings, *_remarks(files, references)],
        replaced={PROBLEM: _for_judging(head, most_ms)},
        most_ms=most_ms,
        time_limit_ms=time_limit_ms,
    )


def _for_judging(head: Mapping[str, Any], limit_ms: int) -> bytes:
    """problem.yaml with a time limit that leaves room to measure, and with all that validators say shown."""
    stated = head.get("limits")
    own = head.get("gavel")
    changed = {
        **head,
        "limits": {**(stated if isinstance(stated, dict) else {}), "time_limit": limit_ms / 1000},
        "gavel": {**(own if isinstance(own, dict) else {}), "shown": "everything"},
    }
    return yaml.safe_dump(changed, sort_keys=False, allow_unicode=True).encode()


def _remarks(files: Mapping[str, PackageFile], references: Mapping[str, FileReference]) -> list[str]:
    found = list(test_data.duplicates(references))
    for path in test_data.files(files):
        if files[path].size_bytes <= test_data.LOOKED_AT_BYTES_MOST:
            found += test_data.oddities(path, files[path].file.read_bytes())
    return test_data.shortened(found)
