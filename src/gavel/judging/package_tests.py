"""The test data of a problem package: pairs of `.in` and `.ans`, and the arguments that their folders give
them.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gavel.judging.admission import ARGUMENTS_BYTES
from gavel.judging.package_folders import GROUP_FILES, Folders
from gavel.judging.package_metadata import Configuration, Metadata
from gavel.judging.validator import ArgumentError, parse_arguments
from gavel.submission.v1.problem_pb2 import FileReference, ManifestTest

TESTS_MOST = 10_000
STATIC = "static validation"
"""The name of a folder's static validation, behind the folder's: no file of a package has it."""
_ARGS_LETTERS_MOST = 2 * ARGUMENTS_BYTES
"""Of one .args file, quotes included: shlex takes quadratic time for a long word."""

_KNOWN_SUFFIXES = (
    *(".out", ".interaction", ".statement", ".download", ".hint", ".desc", ".png", ".jpg", ".jpeg", ".svg"),
    *(".yaml", ".args", ".md", ".txt"),
)


def tests(
    config: Configuration, metadata: Metadata, folders: Folders, *, default_validator: bool
) -> list[ManifestTest]:
    """All tests in the order judged: samples first, then by the names of folders and files, in 2025-09 of
    groups and tests; the static validation of a folder comes before its tests.
    """
    files, findings = config.files, config.findings
    beside = _files_beside(config)
    found: list[ManifestTest] = []
    for root in ("sample", "secret"):
        names = [path.removeprefix("data/").removesuffix(".in") for path in files if _is_input(path, root)]
        static = [f"{folder}/{STATIC}" for folder in _static_folders(folders, root) if metadata.modern]
        found.extend(
            _static_test(name, folders)
            if name.endswith(f"/{STATIC}")
            else _test(
                name,
                beside.get(f"data/{name}", ()),
                config,
                metadata,
                folders,
                default_validator=default_validator,
            )
            for name in sorted((*names, *static), key=_by_name(folders) if metadata.is_2025 else _order)
        )
        if not names and root == "secret":
            findings.warn("There are no tests in data/secret.")
    if not any(not test.static_validation for test in found):
        findings.error("data", "holds no test: there is no .in file below data/sample or data/secret")
    if len(found) > TESTS_MOST:
        findings.error("data", f"holds {len(found)} tests; at most {TESTS_MOST} are supported")
    if default_validator:
        _check_arguments("problem.yaml:validator_flags", metadata.validator_arguments, config, metadata)
    _leftovers(config, metadata)
    return found


def _is_input(path: str, root: str) -> bool:
    return path.startswith(f"data/{root}/") and path.endswith(".in") and ".files/" not in path


def _order(name: str) -> list[str]:
    folder, _, last = name.rpartition("/")
    return [*folder.split("/"), "" if last == STATIC else last]


def _by_name(folders: Folders) -> Callable[[str], tuple[str, str]]:
    """The order of 2025-09: groups by their names, and within them tests by theirs, whatever folders they lie
    in.
    """
    configured = set(folders.configured)

    def key(name: str) -> tuple[str, str]:
        group = "/".join(name.split("/")[:2])
        is_group = group != name and f"data/{group}" in configured
        if name.endswith(f"/{STATIC}"):
            return group if is_group else "", ""
        return (group, name) if is_group else (name, "")

    return key


def _static_folders(folders: Folders, root: str) -> list[str]:
    """Names, such as `secret/group1`, of the folders that have a static validation."""
    return [
        folder.removeprefix("data/")
        for folder in folders.configured
        if f"{folder}/".startswith(f"data/{root}/")
        and folders.own(folder).get("static_validation_score") is not None
    ]


def _static_test(name: str, folders: Folders) -> ManifestTest:
    folder = f"data/{name.rpartition('/')[0]}"
    arguments = folders.own(folder).get("static_validator_args")
    where = f"{folders.source(folder)}:static_validator_args"
    return ManifestTest(
        name=name,
        sample=_shown(name, folders.settings(folder)),
        static_validation=True,
        has_validator_arguments=True,
        validator_arguments=folders.words(arguments, where) if arguments is not None else (),
    )


def _shown(name: str, settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("full_feedback", name.startswith("sample/")))


def _test(
    name: str,
    files: Sequence[FileReference],
    config: Configuration,
    metadata: Metadata,
    folders: Folders,
    *,
    default_validator: bool,
) -> ManifestTest:
    base = f"data/{name}"
    settings = {
        **folders.settings(base.rpartition("/")[0]),
        **_of_args_file(base, config),
        **folders.of_test(base),
    }
    answer = config.files.get(f"{base}.ans")
    if answer is None:
        config.findings.error(f"{base}.in", "has no .ans file beside it")
    given = settings.get("validator_arguments")
    arguments = [*metadata.validator_arguments, *given] if given is not None else []
    argv = settings.get("argv", ())
    if not config.take(settings.get("source", base), sum(map(len, (*arguments, *argv)))):
        arguments, argv = [], ()
    if default_validator and given is not None:
        _check_arguments(settings.get("source", base), arguments, config, metadata)
    return ManifestTest(
        name=name,
        input=_content(config.files[f"{base}.in"]),
        answer=_content(answer) if answer is not None else None,
        sample=_shown(name, settings),
        validator_arguments=arguments,
        has_validator_arguments=given is not None,
        argv=argv,
        files=files,
    )


def _content(file: FileReference) -> FileReference:
    return FileReference(sha256=file.sha256, size_bytes=file.size_bytes)


def _of_args_file(base: str, config: Configuration) -> Mapping[str, Any]:
    arguments = config.text(f"{base}.args")
    try:
        if arguments is None:
            return {}
        if len(arguments) > _ARGS_LETTERS_MOST:
            config.findings.error(f"{base}.args", f"holds more than {_ARGS_LETTERS_MOST} letters")
            return {}
        return {"argv": config.arguments(shlex.split(arguments), f"{base}.args")}
    except ValueError as error:
        config.findings.error(f"{base}.args", str(error))
        return {}


def _files_beside(config: Configuration) -> Mapping[str, list[FileReference]]:
    """The files of every `.files` folder, by the path of its test."""
    found: dict[str, list[FileReference]] = {}
    for path, file in sorted(config.files.items()):
        base, folder, rest = path.partition(".files/")
        if folder and path.startswith("data/"):
            reference = FileReference(path=rest, sha256=file.sha256, size_bytes=file.size_bytes)
            found.setdefault(base, []).append(reference)
    return found


def _check_arguments(where: str, arguments: Sequence[str], config: Configuration, metadata: Metadata) -> None:
    try:
        parse_arguments(arguments, once=metadata.modern)
    except ArgumentError as error:
        config.findings.error(where, str(error))


def _leftovers(config: Configuration, metadata: Metadata) -> None:
    """Tells of answers without an input, and of files that mean nothing to the format."""
    if metadata.is_2025:
        _without_test(config)
    for path in config.files:
        if not path.startswith(("data/sample/", "data/secret/")) or ".files/" in path:
            continue
        if path.endswith(".ans") and f"{path.removesuffix('.ans')}.in" not in config.files:
            config.findings.error(path, "has no .in file beside it")
        elif path.endswith("/test_group.in"):
            config.findings.error(path, "has the name of its folder's configuration, which no test may have")
        elif not path.endswith((".in", ".ans", *_KNOWN_SUFFIXES)):
            config.findings.warn(f"{path} was passed over: it belongs to no test.")


def _without_test(config: Configuration) -> None:
    """Finds what says something of a test that is not there: its name may well be misspelt."""
    for path in sorted(config.files):
        if not path.startswith(("data/sample/", "data/secret/")):
            continue
        base, folder, _ = path.partition(".files/")
        if not folder and path.endswith(".yaml") and path.rpartition("/")[2] not in GROUP_FILES:
            base = path.removesuffix(".yaml")
        if base != path and f"{base}.in" not in config.files:
            config.findings.error(
                f"{base}.files" if folder else path, "belongs to no test: there is no .in file"
            )
