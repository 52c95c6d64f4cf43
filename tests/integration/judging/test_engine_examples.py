"""The examples get the verdicts that demo.yaml promises, from the engine alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Judge  # type: ignore[attr-defined]
from gavel.cli.demo_cases import Case, load
from gavel.submission.v1 import submission_pb2 as s
from package_folder import stored_problem

EXAMPLES = Path(__file__).parents[3] / "examples"
CASES = load(EXAMPLES)


@pytest.mark.parametrize("case", CASES.cases, ids=[case.name for case in CASES.cases])
def test_an_example_gets_its_verdict(judge: Judge, case: Case) -> None:
    """Each program of `make demo`, and each submission of its problem."""
    if not judge.engine.toolchains[case.code].available:
        pytest.skip(judge.engine.toolchains[case.code].reason)
    record: dict[str, object] = {"limits": case.limits.to_proto()}
    if case.problem:
        folder = next(folder for folder in CASES.problems if folder.name == case.problem)
        record["problem"] = stored_problem(judge.objects, judge.tenant, folder)[0]
        tests = None
    else:
        tests = [s.InlineTest(input=test.input, expected=test.expected) for test in case.tests]

    judged = judge.judge(case.language, dict(case.files), tests=tests, **record)

    assert s.Verdict.Name(judged.verdict) == f"VERDICT_{case.verdict}", judged


def test_the_problem_of_the_examples_has_many_tests(judge: Judge) -> None:
    """So many that a watcher sees them pass by; no warning, since it is documentation too."""
    _, manifest = stored_problem(judge.objects, judge.tenant, EXAMPLES / "problems" / "sums")

    assert len(manifest.tests) >= 30
    assert [test.sample for test in manifest.tests].count(True) == 2
    assert manifest.limits.cpu_time_ms == 500
