"""What the folders of test data say of themselves: testdata.yaml and test_group.yaml, read once each."""

from collections.abc import Mapping, Sequence
from typing import Any

from gavel.judging.package_metadata import PROBLEM, Configuration, Metadata

GROUP_FILES = ("testdata.yaml", "test_group.yaml")

_FOLDER_KEYS = {
    *("args", "input_validator_args", "input_validator_flags", "output_validator_args"),
    *("output_validator_flags", "static_validator_args", "input_visualizer_args", "output_visualizer_args"),
    *("full_feedback", "max_score", "score_aggregation", "static_validation_score", "require_pass"),
    *("on_reject", "grading", "grader_flags", "accept_score", "reject_score", "range", "scoring"),
}
_TEST_KEYS = {
    *("args", "input_validator_args", "input_validator_flags", "output_validator_args"),
    *("output_validator_flags", "input_visualizer_args", "output_visualizer_args"),
    *("full_feedback", "hint", "description"),
}
_WORDS = (
    *("args", "output_validator_args", "output_validator_flags", "static_validator_args"),
    *("require_pass", "grader_flags"),
)
"""Keys whose values are words: `no` and `1.50` are what they are written as."""


class Folders:
    """The folders of test data by path, such as `data/secret/group1`."""

    def __init__(self, config: Configuration, metadata: Metadata) -> None:
        self._config = config
        self._metadata = metadata
        self._own: dict[str, Mapping[str, Any]] = {}
        self._source: dict[str, str] = {}
        self._inherited: dict[str, Mapping[str, Any]] = {}
        self.configured = self._configured()
        """The folders of test data that say anything of themselves, also those without a test."""

    def _configured(self) -> list[str]:
        roots = ("data", "data/sample", "data/secret")
        found = {
            path.rpartition("/")[0] for path in self._config.files if path.rpartition("/")[2] in GROUP_FILES
        }
        return sorted(
            folder
            for folder in found
            if ".files/" not in f"{folder}/"
            and (folder in roots or folder.startswith(("data/secret/", "data/sample/")))
        )

    def own(self, folder: str) -> Mapping[str, Any]:
        """What the folder's own file says; empty without one."""
        if folder not in self._own:
            merged: dict[str, Any] = {}
            for path in (f"{folder}/{name}" for name in GROUP_FILES):
                if path in self._config.files:
                    raw = self._config.mapping(path, self._metadata.constants, written=_WORDS)
                    for key in raw.keys() - _FOLDER_KEYS:
                        self._config.findings.warn(
                            f"{path}: the key {key!r} is not known and was passed over."
                        )
                    merged |= raw
                    self._source[folder] = path
            self._own[folder] = merged
        return self._own[folder]

    def source(self, folder: str) -> str:
        """The path of the folder's own file, for findings; of problem.yaml where it has none."""
        self.own(folder)
        return self._source.get(folder, PROBLEM)

    def settings(self, folder: str) -> Mapping[str, Any]:
        """The keys of a test under our names, each as the nearest folder on the way up gives it."""
        names = folder.split("/")
        inherited: Mapping[str, Any] = {}
        for depth in range(1, len(names) + 1):
            path = "/".join(names[:depth])
            if path not in self._inherited:
                own = self.own(path)
                self._inherited[path] = {**inherited, **self._settings(own, self.source(path))}
            inherited = self._inherited[path]
        return inherited

    def of_test(self, base: str) -> Mapping[str, Any]:
        """The same keys of the test's own file, `base` with `.yaml`."""
        path = f"{base}.yaml"
        if path not in self._config.files:
            return {}
        # The format puts constants into the files of folders alone.
        raw = self._config.mapping(path, written=_WORDS)
        for key in raw.keys() - _TEST_KEYS:
            if self._metadata.is_2025:
                self._config.findings.error(f"{path}:{key}", "is no key of a test")
            else:
                self._config.findings.warn(f"{path}: the key {key!r} is not known and was passed over.")
        return self._settings(raw, path)

    def _settings(self, raw: Mapping[str, Any], path: str) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        key = "output_validator_args" if "output_validator_args" in raw else "output_validator_flags"
        flags = raw.get(key)
        if isinstance(flags, dict):  # legacy: {name: .., flags: ..}
            flags = flags.get("flags", "")
        if flags is not None:
            settings["validator_arguments"] = self.words(flags, f"{path}:{key}")
            settings["source"] = path
        if raw.get("args") is not None:
            settings["argv"] = self.words(raw["args"], f"{path}:args")
        if isinstance(raw.get("full_feedback"), bool):
            settings["full_feedback"] = raw["full_feedback"]
        return settings

    def words(self, value: Any, where: str) -> Sequence[str]:
        """A text's words, or a sequence of texts."""
        if isinstance(value, str):
            return self._config.arguments(value.split(), where)
        if isinstance(value, list) and not any(isinstance(word, dict | list) for word in value):
            return self._config.arguments([str(word) for word in value], where)
        self._config.findings.error(where, "must be a sequence of strings")
        return []


def as_number(value: Any) -> float | None:
    """A number that is given as such or as a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
