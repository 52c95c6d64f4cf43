"""A problem package (Kattis and ICPC: legacy, legacy-icpc, 2023-07 and 2025-09) becomes a manifest.

Pure: the files are known by digest, and only the few small ones that configure something are read. What the
package asks for and Gavel does not honour is either refused (InvalidPackage) or told as a warning;
docs/reference/problems.md lists both.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from gavel.judging import (
    package_groups,
    package_limits,
    package_metadata,
    package_tests,
    package_validator,
)
from gavel.judging.package_findings import Findings, InvalidPackage
from gavel.judging.package_folders import Folders
from gavel.judging.package_metadata import PROBLEM
from gavel.judging.plan import PATH
from gavel.judging.task import size_fault
from gavel.submission.v1 import problem_pb2
from gavel.submission.v1.problem_pb2 import FileReference, Manifest

__all__ = ["InvalidPackage", "build_manifest"]

_FOREIGN = re.compile(r"[^A-Za-z0-9._+/-]")
"""The format has no such signs in names. It has no `+` either, yet file endings such as `.c++`."""
_JUDGED = {"data", "include", "output_validator", "output_validators", "static_validator", "graders"}


def build_manifest(
    files: Sequence[FileReference], read: Callable[[str], bytes]
) -> tuple[Manifest, list[str]]:
    """Makes the manifest of a package, and says in sentences what was passed over.

    `files` are all of the package's files, paths relative to its folder; `read` gives the content of one of
    them and is called for configuration and for a testlib.h alone, each at most 1 MiB. Raises InvalidPackage
    with everything that is wrong.
    """
    findings = Findings()
    kept = _kept(files, findings)
    config = package_metadata.Configuration(kept, read, findings)
    metadata, head = package_metadata.metadata(config)
    limits = package_limits.limits_of(head.get("limits"), metadata, config)
    manifest = Manifest(
        display_name=metadata.display_name,
        type=problem_pb2.PROBLEM_TYPE_SCORING if metadata.scoring else problem_pb2.PROBLEM_TYPE_PASS_FAIL,
        interactive=metadata.interactive,
        submit_answer=metadata.submit_answer,
        lower_score_is_better=metadata.lower_score_is_better,
        pass_count_most=limits.pass_count_most,
        limits=limits.run,
        compile_limits=limits.compilation,
        validation_limits=limits.validation,
        time_factors=limits.time_factors,
        code_bytes=limits.code_bytes,
        languages=metadata.languages,
        constants=metadata.constants,
        validator_arguments=metadata.validator_arguments,
        shown=metadata.shown,
        tests_at_once=metadata.tests_at_once if metadata.tests_at_once > 1 else 0,
        include=_included(kept),
    )
    validators = package_validator.output_validators(config, metadata)
    validator = validators[0] if validators else None
    if validator is not None:
        manifest.validator.CopyFrom(validator)
    manifest.further_validators.extend(validators[1:])
    folders = Folders(config, metadata)
    tests = package_tests.tests(config, metadata, folders, default_validator=validator is None)
    wanted = any(test.static_validation for test in tests)
    static = package_validator.static_validator(config, metadata, wanted=wanted)
    if static is not None:
        manifest.static_validator.CopyFrom(static)
    if manifest.tests_at_once and (wanted or metadata.submit_answer):
        findings.warn(
            f"{PROBLEM}: gavel.tests_at_once is of no account where not every test is a run of the program."
        )
    manifest.groups.extend(package_groups.groups(config, metadata, folders, tests, validator=validator))
    graded = any(group.custom_grader for group in manifest.groups)
    grader = package_validator.grader(config, wanted=graded)
    if grader is not None:
        manifest.grader.CopyFrom(grader)
    manifest.tests.extend(tests)
    _check_names(manifest, findings)
    _check_sizes(manifest, findings)
    findings.settle()
    return manifest, findings.warnings


def _included(kept: Mapping[str, FileReference]) -> list[FileReference]:
    """The files that are put over submissions, by the code of a language or `default`."""
    found = {
        path.removeprefix("include/"): file
        for path, file in kept.items()
        if path.startswith("include/") and path.count("/") >= 2
    }
    stated = {path.partition("/")[0] for path in found}
    for own, code in package_metadata.OWN_CODES.items():
        if code in stated and own not in stated:
            found |= {
                f"{own}/{path.removeprefix(f'{code}/')}": file
                for path, file in found.items()
                if path.startswith(f"{code}/")
            }
    return [
        FileReference(path=path, sha256=file.sha256, size_bytes=file.size_bytes)
        for path, file in sorted(found.items())
    ]


def _check_names(manifest: Manifest, findings: Findings) -> None:
    """Whatever is put into a box has to have a path that a submission's file could have."""
    placed = [f"include/{file.path}" for file in manifest.include]
    programs = (manifest.validator, *manifest.further_validators, manifest.static_validator, manifest.grader)
    placed += [file.path for program in programs for file in program.files]
    placed += [f"data/{test.name}.files/{file.path}" for test in manifest.tests for file in test.files]
    for path in placed:
        if PATH.fullmatch(path) is None:
            findings.error(path, "is a path of more than 255 bytes")


def _check_sizes(manifest: Manifest, findings: Findings) -> None:
    """A worker holds these in memory, and a package may name one large file by a thousand paths; each is put
    into boxes, as are the files of a test, of which none is held.
    """
    sizes: dict[str, list[int]] = {}
    for file in manifest.include:
        sizes.setdefault(f"include/{file.path.partition('/')[0]}", []).append(file.size_bytes)
    validators = [manifest.validator, *manifest.further_validators]
    programs = {f"output validator {number}": own for number, own in enumerate(validators, 1)}
    programs |= {"static_validator": manifest.static_validator, "graders": manifest.grader}
    sizes |= {name: [file.size_bytes for file in own.files] for name, own in programs.items()}
    sizes |= {f"data/{test.name}.files": [0] * len(test.files) for test in manifest.tests}
    for name, those in sizes.items():
        fault = size_fault(those)
        if fault:
            findings.error(name, fault)


def _kept(files: Sequence[FileReference], findings: Findings) -> Mapping[str, FileReference]:
    """The files by path, without those that the format says to behave as if they were not there."""
    kept: dict[str, FileReference] = {}
    for file in files:
        parts = file.path.split("/")
        if "" in parts or ".." in parts:
            findings.error(file.path, "is not a path below the package's folder")
        elif file.path in kept:
            findings.error(file.path, "is there twice")
        elif file.path == ".timelimit" or not any(part.startswith((".", "-")) for part in parts):
            kept[file.path] = file
    for path in [path for path in kept if _FOREIGN.search(path)]:
        del kept[path]
        if path.partition("/")[0] in _JUDGED:
            findings.warn(
                f"{path} was passed over: its name holds other signs than letters, digits and . _ - +."
            )
    return kept
