"""What a problem package expects of its own submissions. Pure: files are known by path, and read on request.

Three sources say it, as docs/reference/problems.md tells: the folder that a submission lies in, what
`submissions/submissions.yaml` says of it, and a comment in it as DOMjudge reads it.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from gavel.judging import expectation_comments, expectation_settings
from gavel.judging.expectation_comments import BadComment
from gavel.judging.expectation_rules import Bound, Outcome, Rule, of_folder
from gavel.judging.expectation_settings import Setting, applying
from gavel.judging.package_findings import Findings
from gavel.judging.package_metadata import Configuration
from gavel.judging.path_globs import matches

PROGRAMS_MOST = 1_000
READ_BYTES_MOST = 1 << 20
"""A larger file is not looked at for comments; no submission may be that large."""


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What expectations have to know of the problem."""

    legacy: bool
    """True for the formats before 2023-07."""
    scoring: bool
    unbounded: bool
    """True when there is no most points."""
    tests: Sequence[str]
    """Names as in results: `secret/group1/01`."""
    groups: Collection[str] = ()
    """Names of groups of tests: `secret/group1`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """A submission of the package."""

    name: str
    """Relative to `submissions/`: `accepted/sum.py`, or a folder."""
    files: Mapping[str, str]
    """Its files, paths in the program to paths in the package."""
    rules: tuple[Rule, ...]
    language: str = ""
    """The code that submissions.yaml states; empty: by the suffixes."""
    entry_point: str = ""
    """The file or class that submissions.yaml states."""

    @property
    def words(self) -> str:
        """What is expected of it, in a few words."""
        return "; ".join(dict.fromkeys(rule.words for rule in self.rules if rule.words)) or "anything"

    @property
    def has_to_pass(self) -> bool:
        """True when all of its tests have to be accepted."""
        return any(
            rule.permitted == frozenset({Outcome.AC}) and not rule.tests
            if rule.verdicts is None
            else rule.verdicts <= {"ACCEPTED", "PARTIAL"}
            for rule in self.rules
        )

    @property
    def is_timed(self) -> bool:
        """True when it matters how much longer than the time limit it would run."""
        return self.has_to_pass or any(rule.bound is Bound.UPPER for rule in self.rules)

    def needs_all_tests(self, *, thorough: bool) -> bool:
        """True when the first test that fails is not enough to tell whether the rules hold.

        Unless `thorough`, what may be too slow is not run on: that would take the whole time limit test by
        test, to find out that a later test gives a wrong answer.
        """
        if any(rule.tests or rule.message for rule in self.rules):
            return True
        settled = (frozenset({Outcome.AC}), None)
        unsettled = any(
            rule.permitted not in settled
            or (rule.required is not None and rule.required | {Outcome.AC} != frozenset(Outcome))
            for rule in self.rules
        )
        may_be_slow = all(rule.permitted is None or Outcome.TLE in rule.permitted for rule in self.rules)
        return unsettled and (thorough or not may_be_slow)


def read(config: Configuration, facts: Facts) -> list[Program]:
    """The submissions of a package by name, each with what is expected of it.

    What is wrong, and what is passed over, goes to `config.findings`.
    """
    findings = config.findings
    raw = config.mapping(expectation_settings.FILE)
    settings = expectation_settings.read(raw, findings, scoring=facts.scoring)
    found = [
        _program(name, paths, settings, config, facts)
        for name, paths in _paths(config.files, findings).items()
    ]
    for setting in settings:
        if not any(matches(setting.glob, program.name) for program in found):
            findings.warn(f"submissions.yaml: {setting.glob!r} matches no submission.")
    for program in found:
        _check_consistency(program, facts, findings)
    return found


def _paths(files: Collection[str], findings: Findings) -> dict[str, list[str]]:
    """The files of each submission: a file, or a folder, in a folder of `submissions/`."""
    found: dict[str, list[str]] = {}
    for path in sorted(files):
        parts = path.split("/")
        if parts[0] != "submissions" or path == expectation_settings.FILE:
            continue
        if len(parts) == 2:
            findings.warn(
                f"{path} was passed over: submissions lie in folders, such as submissions/accepted."
            )
            continue
        found.setdefault("/".join(parts[1:3]), []).append(path)
    if len(found) > PROGRAMS_MOST:
        findings.error("submissions", f"holds {len(found)} submissions; at most {PROGRAMS_MOST} are judged")
        found.clear()
    return found


def _program(
    name: str, paths: Sequence[str], settings: Sequence[Setting], config: Configuration, facts: Facts
) -> Program:
    folder = name.partition("/")[0]
    root = f"submissions/{name}"
    single = list(paths) == [root]
    expected = of_folder(folder, legacy=facts.legacy, scoring=facts.scoring, unbounded=facts.unbounded)
    comment = _comment(paths, config)
    rules = [] if comment is None else [comment]
    if comment is not None and comment.verdicts is not None:
        _compare(name, comment, expected, config.findings)
        expected = None  # the comment counts, as DOMjudge has it
    language = entry_point = ""
    for setting in applying(settings, name):
        rules += expectation_settings.rules(setting, expected if setting.glob == folder else None)
        if setting.glob == folder:
            expected = None
        language, entry_point = setting.language or language, setting.entry_point or entry_point
    if expected is not None:
        rules.insert(0, expected)
    if not any(rule.words for rule in rules):
        config.findings.warn(f"submissions/{name}: nothing says what to expect of it.")
    return Program(
        name=name,
        files={path.rpartition("/")[2] if single else path.removeprefix(f"{root}/"): path for path in paths},
        rules=tuple(rules),
        language=language,
        entry_point=entry_point,
    )


def _comment(paths: Sequence[str], config: Configuration) -> Rule | None:
    found: Rule | None = None
    for path in paths:
        if config.files[path].size_bytes > READ_BYTES_MOST:
            continue
        try:
            rule = expectation_comments.stated(config.read(path), path)
        except BadComment as error:
            config.findings.error(path, str(error))
            continue
        if rule is not None and found is not None:
            config.findings.error(path, f"states what to expect, as {found.source} does")
        found = found or rule
    return found


def _compare(name: str, comment: Rule, folder: Rule | None, findings: Findings) -> None:
    """Tells of a comment that does not allow for what its folder says."""
    if folder is not None and folder.verdicts and not folder.verdicts & (comment.verdicts or set()):
        findings.warn(f"submissions/{name}: its comment expects {comment.words}, its folder {folder.words}.")


def _check_consistency(program: Program, facts: Facts, findings: Findings) -> None:
    """Finds rules that cannot hold together, and patterns that match no test."""
    where = f"submissions/{program.name}"
    permitted = dict.fromkeys(facts.tests, frozenset(Outcome))
    for rule in program.rules:
        names = matching(rule, facts.tests)
        if rule.tests and not names and not any(matches(rule.tests, group) for group in facts.groups):
            findings.warn(f"{rule.source}: {rule.tests!r} matches no test.")
        for test in names if rule.permitted is not None else ():
            permitted[test] &= rule.permitted or frozenset()
    for test, outcomes in permitted.items():
        if not outcomes:
            findings.error(where, f"its rules permit no result at all for the test {test}")
            return
    for rule in program.rules:
        names = matching(rule, facts.tests)
        if rule.required is not None and names and not any(permitted[test] & rule.required for test in names):
            required = " or ".join(sorted(rule.required)) or "nothing"
            findings.error(where, f"{rule.source} requires {required} of a test where it is not permitted")


def matching(rule: Rule, tests: Sequence[str]) -> list[str]:
    """The tests that the rule applies to."""
    return [test for test in tests if not rule.tests or matches(rule.tests, test)]
