"""How a problem package grades its tests: its folders become the groups of a manifest.

The formats say it in three ways, of which a package uses one: testdata.yaml of the legacy formats
(`package_grading_legacy`), test_group.yaml of 2025-09, and the `scoring` map of the drafts between them
(both in `package_grading`). What none of them says is a problem in which every test has to be passed.
"""

from collections.abc import Collection, Sequence

from gavel.judging import package_grading, package_grading_legacy
from gavel.judging.package_folders import Folders
from gavel.judging.package_metadata import PROBLEM, Configuration, Metadata
from gavel.submission.v1.problem_pb2 import ManifestTest, TestGroup, Validator

GROUPS_MOST = 1_000

_KEYS_2025 = {"max_score", "score_aggregation", "require_pass", "static_validation_score"}
_KEYS_LEGACY = {"on_reject", "grading", "grader_flags", "accept_score", "reject_score", "range"}


def groups(
    config: Configuration,
    metadata: Metadata,
    folders: Folders,
    tests: Sequence[ManifestTest],
    *,
    validator: Validator | None,
) -> list[TestGroup]:
    """The groups of the tests, whose `group` and `accept_score` are set; none where the root would do."""
    way = _way(config, metadata, folders)
    if way == "2025-09":
        package_grading.check(config, metadata, folders)
    if not metadata.scoring and (way != "legacy" or not package_grading_legacy.matters(folders)):
        return []
    found = _tree(tests, folders, flat=way == "2025-09")
    if len(found) > GROUPS_MOST:
        config.findings.error(
            "data", f"holds {len(found)} groups of tests; at most {GROUPS_MOST} are supported"
        )
        return []
    if way == "legacy":
        package_grading_legacy.grade(found, tests, config, metadata, folders, validator=validator)
    elif way == "draft":
        package_grading.grade_draft(found, tests, config, folders)
    else:
        package_grading.grade(found, tests, config, folders)
    return found


def _way(config: Configuration, metadata: Metadata, folders: Folders) -> str:
    """Which of the three ways the package goes; a mixture is refused."""
    used: dict[str, str] = {}
    for folder in folders.configured:
        own = folders.own(folder)
        for key in own:
            way = _way_of(key, own[key])
            if way:
                used.setdefault(way, f"{folders.source(folder)}:{key}")
    if not metadata.modern:
        for way in used.keys() - {"legacy"}:
            config.findings.warn(f"{used[way]} is no key of the legacy formats and was passed over.")
        return "legacy"
    if len(used) > 1:
        where = " and ".join(used.values())
        config.findings.error(PROBLEM, f"the package mixes ways of grading that exclude each other: {where}")
    return next(iter(used), "2025-09")


def _way_of(key: str, value: object) -> str:
    if key == "scoring" or (key == "grading" and isinstance(value, dict)):
        return "draft"
    if key in _KEYS_2025:
        return "2025-09"
    return "legacy" if key in _KEYS_LEGACY else ""


def _tree(tests: Sequence[ManifestTest], folders: Folders, *, flat: bool) -> list[TestGroup]:
    """The root and a group for every folder with tests, outer ones first; sets the tests' `group`.

    With `flat`, folders within `secret` are groups only directly below it, where they have a test_group.yaml.
    """
    indices = {"": 0}
    configured = set(folders.configured)
    found = [TestGroup()]
    for test in tests:
        group = 0
        names = test.name.split("/")[:-1]
        for depth in range(1, len(names) + 1):
            name = "/".join(names[:depth])
            if flat and (depth > 2 or (depth == 2 and not _is_group(name, configured))):
                break
            if name not in indices:
                indices[name] = len(found)
                found.append(TestGroup(name=name, parent=group))
            group = indices[name]
        test.group = group
    return found


def _is_group(name: str, configured: Collection[str]) -> bool:
    return name.startswith("secret/") and f"data/{name}" in configured
