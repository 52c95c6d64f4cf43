"""Whole problem packages, legacy and of 2025-09, judged with their own submissions."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Judge, Recorder  # type: ignore[attr-defined]
from gavel.judging.languages import language_of
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.problem_pb2 import FileReference, Manifest, ManifestTest, Validator
from gavel.submission.v1.submission_record_pb2 import ProblemReference
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL
from package_folder import PROBLEMS, stored, stored_problem, submissions

EXPECTED = {
    "accepted": {s.VERDICT_ACCEPTED},
    "partially_accepted": {s.VERDICT_PARTIAL},
    "wrong_answer": {s.VERDICT_WRONG_ANSWER},
    "time_limit_exceeded": {s.VERDICT_TIME_LIMIT_EXCEEDED, s.VERDICT_WALL_TIME_LIMIT_EXCEEDED},
    "run_time_error": {s.VERDICT_RUN_TIME_ERROR},
}
CASES = [
    (folder, expected, path)
    for folder in sorted(PROBLEMS.iterdir())
    for expected, path in submissions(folder)
]


@pytest.mark.parametrize(
    ("folder", "expected", "path"), CASES, ids=[f"{case[0].name}/{case[2].name}" for case in CASES]
)
def test_a_packages_submissions_get_the_verdicts_of_their_folders(
    judge: Judge, folder: Path, expected: str, path: Path
) -> None:
    """The format's own way to say what a problem expects."""
    problem, manifest = stored_problem(judge.objects, judge.tenant, folder)
    files: dict[str, str | bytes] = {
        str(file.relative_to(path if path.is_dir() else path.parent)): file.read_bytes()
        for file in sorted(path.rglob("*") if path.is_dir() else [path])
        if file.is_file()
    }
    language = language_of(files)
    recorder = Recorder()

    judged = judge.judge(
        language.code if language is not None else "python3", files, problem=problem, recorder=recorder
    )

    assert judged.verdict in EXPECTED[expected], judged
    assert (recorder.test_count, judged.test_count) == (len(manifest.tests), len(manifest.tests))
    assert [test.test for test in judged.tests] == [test.name for test in manifest.tests]
    assert judged.manifest_digest == problem.manifest_digest
    assert recorder.tests == [test for test in judged.tests if test.verdict != s.VERDICT_SKIPPED]


def test_hidden_tests_leak_nothing(judge: Judge) -> None:
    """Neither output, nor standard error, nor a checker's words, for any but the samples."""
    problem, _ = stored_problem(judge.objects, judge.tenant, PROBLEMS / "legacy_permutation")
    source = "import sys\nn = int(input())\nprint('secret', n, file=sys.stderr)\nprint(7)"

    judged = judge.judge("python3", source, problem=problem, run_policy=RUN_POLICY_RUN_ALL)

    samples, hidden = judged.tests[:2], judged.tests[2:]
    assert {test.verdict for test in judged.tests} == {s.VERDICT_WRONG_ANSWER}
    assert samples[1].feedback == "1 numbers are no permutation of 3\n"
    assert (samples[1].stderr, samples[1].stdout) == ("secret 3\n", "7\n")
    assert [(test.feedback, test.stderr, test.stdout) for test in hidden] == [("", "", "")] * 2
    assert {test.message for test in hidden} == {"the output validator refused the output"}


def test_the_message_for_the_team_goes_before_that_for_the_judges(judge: Judge) -> None:
    """Where a validator wrote both and the test may be seen."""
    problem, _ = stored_problem(judge.objects, judge.tenant, PROBLEMS / "greeting_2025")

    judged = judge.judge("python3", "print('Hi')", problem=problem)

    assert judged.tests[0].feedback == "Greet politely.\n"


def test_a_problem_may_refuse_languages_and_sizes(judge: Judge) -> None:
    """Told as a compile error, before anything is run."""
    problem, _ = stored_problem(judge.objects, judge.tenant, PROBLEMS / "greeting_2025")

    other = judge.judge("c", "int main(void) {}", problem=problem)
    long = judge.judge("python3", "#" * 5_000, problem=problem)

    assert (other.verdict, long.verdict) == (s.VERDICT_COMPILE_ERROR, s.VERDICT_COMPILE_ERROR)
    assert other.compile is not None
    assert "takes no C, only: python3, cpp" in other.compile.output
    assert long.compile is not None
    assert "5000 bytes; this problem takes 4096" in long.compile.output


def problem_with_validator(judge: Judge, source: str, path: str = "v.py") -> ProblemReference:
    """A problem of two hidden tests whose output validator is `source`."""
    data, code = source.encode(), "python3" if path.endswith(".py") else "cpp"
    empty = FileReference(sha256=stored(judge.objects, judge.tenant, b"data"), size_bytes=4)
    own = FileReference(path=path, sha256=stored(judge.objects, judge.tenant, data), size_bytes=len(data))
    manifest = Manifest(
        tests=[ManifestTest(name=f"secret/{n}", input=empty, answer=empty) for n in (1, 2)],
        validator=Validator(language=code, files=[own], entry_point=path),
    )
    digest = stored(judge.objects, judge.tenant, manifest.SerializeToString())
    return ProblemReference(problem="problems/x", manifest_digest=digest)


@pytest.mark.parametrize(
    ("source", "path", "said"),
    [
        ("import sys; sys.exit(0)", "v.py", "ended with exit code 0, neither 42 nor 43"),
        ("import sys; sys.exit('data')", "v.py", "ended with exit code 1, neither 42 nor 43"),
        ("this is { no program", "v.py", "ended with exit code 1, neither 42 nor 43"),
        ("int main() { return nothing; }", "v.cpp", "does not compile"),
        ("int main() { __builtin_trap(); }", "v.cpp", "ended with signal"),
        ("x = []\nwhile True: x.append(bytearray(1 << 24))", "v.py", "memory limit"),
    ],
)
def test_a_broken_validator_is_a_judge_error(judge: Judge, source: str, path: str, said: str) -> None:
    """It is the problem's fault, not the program's; what the validator said stays out of the result."""
    problem = problem_with_validator(judge, source, path)

    judged = judge.judge("python3", "print(1)", problem=problem)

    assert judged.verdict == s.VERDICT_JUDGE_ERROR
    assert [test.verdict for test in judged.tests] == [s.VERDICT_JUDGE_ERROR, s.VERDICT_SKIPPED]
    assert said in judged.tests[0].message
    assert "data" not in str(judged.tests[0])
    assert judged.detail


def test_a_validator_sees_one_test_and_keeps_nothing(judge: Judge) -> None:
    """Its folder holds its own files and this test's; what it leaves is gone at the next test."""
    problem = problem_with_validator(
        judge,
        "import os, sys\n"
        "names = sorted(os.listdir('/work'))\n"
        "open('/work/mine', 'w').write('x'); open('/tmp/mine', 'w').write('x')\n"
        "fine = names == ['feedback', 'judge.ans', 'judge.in', 'v.py'] and len(os.listdir('/tmp')) == 1\n"
        "fine = fine and os.listdir(sys.argv[3]) in ([], ['.gavel']) and sys.argv[3].endswith('/')\n"
        "fine = fine and sys.stdin.read() == '1\\n'\n"
        "sys.exit(42 if fine else 43)\n",
    )

    judged = judge.judge("python3", "print(1)", problem=problem)

    assert judged.verdict == s.VERDICT_ACCEPTED, judged


def test_a_problem_whose_files_are_gone_is_a_judge_error(judge: Judge) -> None:
    """Manifest or test data: the verdict says whose fault it is."""
    gone = FileReference(sha256="0" * 64, size_bytes=1)
    manifest = Manifest(tests=[ManifestTest(name="secret/1", input=gone, answer=gone)])
    digest = stored(judge.objects, judge.tenant, manifest.SerializeToString())

    no_data = judge.judge("python3", "print(1)", problem=ProblemReference(manifest_digest=digest))
    no_manifest = judge.judge("python3", "print(1)", problem=ProblemReference(manifest_digest="1" * 64))

    assert (no_data.verdict, no_manifest.verdict) == (s.VERDICT_JUDGE_ERROR, s.VERDICT_JUDGE_ERROR)
    assert no_data.tests[0].message == "a file of the problem is gone"


def test_another_tenants_problem_is_not_reached(judge: Judge) -> None:
    """Blobs are looked up within the tenant alone."""
    problem, _ = stored_problem(judge.objects, judge.tenant, PROBLEMS / "legacy_sum")

    judged = Judge(judge.engine, judge.objects, "other").judge("python3", "print(1)", problem=problem)

    assert judged.verdict == s.VERDICT_JUDGE_ERROR
