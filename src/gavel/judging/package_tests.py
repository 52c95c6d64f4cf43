"""The test data of a problem package: pairs of `.in` and `.ans`, and the arguments that their folders give
them.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from gavel.judging.package_metadata import Configuration, Metadata
from gavel.judging.validator import ArgumentError, parse_arguments
from gavel.submission.v1.problem_pb2 import FileReference, ManifestTest

TESTS_MOST = 10_000

_GROUP_FILES = ("testdata.yaml", "test_group.yaml")
_KNOWN_SUFFIXES = (
    *(".out", ".interaction", ".statement", ".download", ".hint", ".desc", ".png", ".jpg", ".jpeg", ".svg"),
    *(".yaml", ".args", ".md", ".txt"),
)
_SCORING = ("accept_if_any_accepted", "always_accept", "ignore_sample")


def tests(config: Configuration, metadata: Metadata, *, default_validator: bool) -> list[ManifestTest]:
    """All tests in the order judged: samples first, then by the names of folders and files."""
    files, findings = config.files, config.findings
    groups = _Groups(config, metadata)
    found: list[ManifestTest] = []
    for root in ("sample", "secret"):
        names = sorted(
            (path.removeprefix("data/").removesuffix(".in") for path in files if _is_input(path, root)),
            key=lambda name: name.split("/"),
        )
        found.extend(
            _test(name, config, metadata, groups, default_validator=default_validator) for name in names
        )
        if not names and root == "secret":
            findings.warn("There are no tests in data/secret.")
    if not found:
        findings.error("data", "holds no test: there is no .in file below data/sample or data/secret")
    if len(found) > TESTS_MOST:
        findings.error("data", f"holds {len(found)} tests; at most {TESTS_MOST} are supported")
    if default_validator:
        _check_arguments("problem.yaml:validator_flags", metadata.validator_arguments, config, metadata)
    _leftovers(config)
    return found


def _is_input(path: str, root: str) -> bool:
    return path.startswith(f"data/{root}/") and path.endswith(".in") and ".files/" not in path


def _test(
    name: str, config: Configuration, metadata: Metadata, groups: "_Groups", *, default_validator: bool
) -> ManifestTest:
    base = f"data/{name}"
    settings = {**groups.settings(base.rpartition("/")[0]), **_of_test(base, config, metadata)}
    answer = config.files.get(f"{base}.ans")
    if answer is None:
        config.findings.error(f"{base}.in", "has no .ans file beside it")
    given = settings.get("validator_arguments")
    arguments = [*metadata.validator_arguments, *given] if given is not None else []
    if default_validator and given is not None:
        _check_arguments(settings.get("source", base), arguments, config, metadata)
    below = f"{base}.files/"
    return ManifestTest(
        name=name,
        input=_content(config.files[f"{base}.in"]),
        answer=_content(answer) if answer is not None else None,
        sample=name.startswith("sample/") or settings.get("full_feedback") is True,
        validator_arguments=arguments,
        has_validator_arguments=given is not None,
        argv=settings.get("argv", ()),
        files=[
            FileReference(path=path.removeprefix(below), sha256=file.sha256, size_bytes=file.size_bytes)
            for path, file in sorted(config.files.items())
            if path.startswith(below)
        ],
    )


def _content(file: FileReference) -> FileReference:
    return FileReference(sha256=file.sha256, size_bytes=file.size_bytes)


def _of_test(base: str, config: Configuration, metadata: Metadata) -> dict[str, Any]:
    path = f"{base}.yaml"
    settings = (
        _settings(config.mapping(path, metadata.constants), path, config) if path in config.files else {}
    )
    arguments = config.text(f"{base}.args")
    if arguments is not None and "argv" not in settings:
        try:
            settings["argv"] = shlex.split(arguments)
        except ValueError as error:
            config.findings.error(f"{base}.args", str(error))
    return settings


class _Groups:
    """The settings of folders, each with those of the folders around it, read once."""

    def __init__(self, config: Configuration, metadata: Metadata) -> None:
        self._config = config
        self._metadata = metadata
        self._known: dict[str, dict[str, Any]] = {}

    def settings(self, folder: str) -> Mapping[str, Any]:
        """A key counts as the nearest folder on the way up gives it."""
        if folder not in self._known:
            parent = folder.rpartition("/")[0]
            inherited = dict(self.settings(parent)) if parent else {}
            for path in (f"{folder}/{name}" for name in _GROUP_FILES):
                if path in self._config.files:
                    raw = self._config.mapping(path, self._metadata.constants)
                    inherited |= _settings(raw, path, self._config)
            self._known[folder] = inherited
        return self._known[folder]


def _settings(raw: Mapping[str, Any], path: str, config: Configuration) -> dict[str, Any]:
    """The keys that matter to a pass-fail problem, under our names."""
    settings: dict[str, Any] = {}
    flags = raw.get("output_validator_args", raw.get("output_validator_flags"))
    if isinstance(flags, dict):  # legacy: {name: .., flags: ..}
        flags = flags.get("flags", "")
    if flags is not None:
        settings["validator_arguments"] = _words(flags, f"{path}:output_validator_flags", config)
        settings["source"] = path
    if raw.get("args") is not None:
        settings["argv"] = _words(raw["args"], f"{path}:args", config)
    if isinstance(raw.get("full_feedback"), bool):
        settings["full_feedback"] = raw["full_feedback"]
    grader = str(raw.get("grader_flags") or "").split()
    if raw.get("grading") == "custom" or any(word in grader for word in _SCORING):
        config.findings.error(
            f"{path}:grading", "graders are not supported: every test of a problem has to be passed"
        )
    for key in {"max_score", "score_aggregation", "require_pass", "static_validation_score"} & raw.keys():
        config.findings.error(f"{path}:{key}", "belongs to a scoring problem, which is not supported yet")
    return settings


def _words(value: Any, where: str, config: Configuration) -> list[str]:
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list) and not any(isinstance(word, dict | list) for word in value):
        return [str(word) for word in value]
    config.findings.error(where, "must be a sequence of strings")
    return []


def _check_arguments(where: str, arguments: Sequence[str], config: Configuration, metadata: Metadata) -> None:
    try:
        parse_arguments(arguments, once=metadata.modern)
    except ArgumentError as error:
        config.findings.error(where, str(error))


def _leftovers(config: Configuration) -> None:
    """Tells of answers without an input, and of files that mean nothing to the format."""
    for path in config.files:
        if not path.startswith(("data/sample/", "data/secret/")) or ".files/" in path:
            continue
        if path.endswith(".ans") and f"{path.removesuffix('.ans')}.in" not in config.files:
            config.findings.error(path, "has no .in file beside it")
        elif not path.endswith((".in", ".ans", *_KNOWN_SUFFIXES)):
            config.findings.warn(f"{path} was passed over: it belongs to no test.")
