"""Answers instead of programs, testlib checkers, scores, static validation."""

from __future__ import annotations

import pytest
from made_problem import TESTLIB, file, made, problem

from conftest import Judge  # type: ignore[attr-defined]
from gavel.submission.v1 import problem_pb2 as p
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.problem_pb2 import Manifest, ManifestTest, Validator
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL

TESTS = {"sample/1": ("2\n", "4\n"), "secret/small": ("3\n", "9\n"), "secret/large": ("10\n", "100\n")}
RIGHT = {"sample/1.out": "4\n", "small.ans": "9\n", "secret/large": "100\n"}


@pytest.mark.parametrize(
    ("files", "verdicts"),
    [
        (RIGHT, [s.VERDICT_ACCEPTED] * 3),
        ({**RIGHT, "small.ans": "8"}, [s.VERDICT_ACCEPTED, s.VERDICT_WRONG_ANSWER, s.VERDICT_ACCEPTED]),
        ({"large.txt": "100"}, [s.VERDICT_WRONG_ANSWER, s.VERDICT_WRONG_ANSWER, s.VERDICT_ACCEPTED]),
        ({"answers.py": "4"}, [s.VERDICT_ACCEPTED, s.VERDICT_WRONG_ANSWER, s.VERDICT_WRONG_ANSWER]),
    ],
)
def test_answers_are_checked_and_nothing_is_run(
    judge: Judge, files: dict[str, str | bytes], verdicts: list[int]
) -> None:
    """Each test has the file that is named as it is, or all have the only one there is."""
    asked = made(judge, TESTS, submit_answer=True)

    judged = judge.judge("python3", files, problem=asked, run_policy=RUN_POLICY_RUN_ALL)

    assert [test.verdict for test in judged.tests] == verdicts, judged
    assert (judged.compile, judged.cpu_time_ms) == (None, 0)
    assert not any(test.HasField("exit_code") or test.HasField("signal") for test in judged.tests)


def test_answers_may_have_a_validator_of_their_own(judge: Judge) -> None:
    """Which sees one of them at a time, as if a program had written it."""
    validator = "import sys; sys.exit(42 if sys.stdin.read().strip() in open(sys.argv[2]).read() else 43)"
    asked = made(judge, TESTS, validator, submit_answer=True)

    assert judge.judge("cpp", RIGHT, problem=asked).verdict == s.VERDICT_ACCEPTED
    assert judge.judge("cpp", {**RIGHT, "small.ans": "7"}, problem=asked).verdict == s.VERDICT_WRONG_ANSWER


CHECKER = """
import sys
code, *said = open(sys.argv[2]).read().split(maxsplit=1)
assert sys.stdin.read() == ""
assert (open(sys.argv[1]).read(), open(sys.argv[3]).read()) in (("2\\n", "4\\n"), ("3\\n", "9\\n"))
assert sys.argv[4:] == ["more"]
sys.stderr.write(said[0] if said else "nothing")
sys.exit(int(code))
"""
CHECKED = {name: TESTS[name] for name in ("sample/1", "secret/small")}


@pytest.mark.parametrize(
    ("output", "verdict"),
    [
        ("0 ok", s.VERDICT_ACCEPTED),
        ("1 wrong", s.VERDICT_WRONG_ANSWER),
        ("2 form", s.VERDICT_PRESENTATION_ERROR),
        ("4 dirt", s.VERDICT_PRESENTATION_ERROR),
        ("8 eof", s.VERDICT_PRESENTATION_ERROR),
        ("3 FAIL", s.VERDICT_JUDGE_ERROR),
        ("9 what", s.VERDICT_JUDGE_ERROR),
        ("42 partially correct (42) so", s.VERDICT_WRONG_ANSWER),
        ("116", s.VERDICT_ACCEPTED),
        ("117", s.VERDICT_JUDGE_ERROR),
        ("7 points 3 of 5", s.VERDICT_ACCEPTED),
        ("7 no number", s.VERDICT_JUDGE_ERROR),
    ],
)
def test_a_testlib_checkers_exit_code_is_its_word(judge: Judge, output: str, verdict: int) -> None:
    """It reads the output from a file, and says on standard error what the sample's feedback shows."""
    judged = judge.judge(
        "python3",
        f"print({output!r}, end='')",
        problem=made(judge, CHECKED, CHECKER, validator_arguments=["more"], protocol=TESTLIB),
    )

    assert judged.verdict == verdict, judged
    if verdict not in (s.VERDICT_ACCEPTED, s.VERDICT_JUDGE_ERROR):
        assert judged.tests[0].feedback == output.partition(" ")[2]


def scoring(judge: Judge, validator: str, protocol: p.ValidatorProtocol, scores: p.TestScores) -> Manifest:
    """Two groups, of 40 points and one test, and of 60 and two tests of which the worst counts."""
    names = ("sample/1", "secret/a/1", "secret/b/1", "secret/b/2")
    tests = [
        ManifestTest(
            name=name,
            input=file(judge, f"{index}\n".encode()),
            answer=file(judge, b""),
            sample=index == 0,
            group=(1, 3, 4, 4)[index],
        )
        for index, name in enumerate(names)
    ]
    by_score = p.VERDICT_AGGREGATION_BY_SCORE
    groups = [
        p.TestGroup(verdict_aggregation=by_score, full_score=100),
        p.TestGroup(name="sample", ignored=True),
        p.TestGroup(name="secret", full_score=100, verdict_aggregation=by_score),
        p.TestGroup(name="secret/a", parent=2, accept_score=40, full_score=40, test_scores=scores),
        p.TestGroup(
            name="secret/b",
            parent=2,
            accept_score=60,
            full_score=60,
            test_scores=scores,
            score_aggregation=p.SCORE_AGGREGATION_MIN,
            verdict_aggregation=by_score,
        ),
    ]
    own = Validator(
        language="python3",
        files=[file(judge, validator.encode(), "v.py")],
        entry_point="v.py",
        protocol=protocol,
    )
    return Manifest(tests=tests, groups=groups, validator=own, type=p.PROBLEM_TYPE_SCORING)


KATTIS = """
import sys
words = sys.stdin.read().split()
for name, text in zip(words[1::2], words[2::2]):
    open(sys.argv[3] + name, "w").write(text)
sys.exit(int(words[0]))
"""


@pytest.mark.parametrize(
    ("outputs", "verdict", "score", "tests"),
    [
        ("['42'] * 4", s.VERDICT_ACCEPTED, 100, [0, 40, 60, 60]),
        ("['42', '43', '42', '42']", s.VERDICT_PARTIAL, 60, [0, 0, 60, 60]),
        ("['42', '42', '42 score.txt 12.5', '42']", s.VERDICT_PARTIAL, 52.5, [0, 40, 12.5, 60]),
        ("['42', '42', '42', '42 score_multiplier.txt 0.5']", s.VERDICT_PARTIAL, 70, [0, 40, 60, 30]),
        ("['43'] * 4", s.VERDICT_WRONG_ANSWER, 0, [0, 0, 0, 0]),
    ],
)
def test_points_come_from_the_validator_and_the_groups(
    judge: Judge, outputs: str, verdict: int, score: float, tests: list[float]
) -> None:
    """Of each test, each group and the whole."""
    asked = problem(judge, scoring(judge, KATTIS, p.VALIDATOR_PROTOCOL_KATTIS, p.TEST_SCORES_BOUNDED))

    judged = judge.judge(
        "python3", f"print(({outputs})[int(input())])", problem=asked, run_policy=RUN_POLICY_RUN_ALL
    )

    assert (judged.verdict, judged.score) == (verdict, score), judged
    assert [test.score for test in judged.tests] == tests
    assert [group.name for group in judged.groups] == ["sample", "secret", "secret/a", "secret/b"]
    assert judged.groups[1].score == score


@pytest.mark.parametrize(
    "said",
    [
        "42 score.txt many",
        "42 score.txt 61",
        "42 score.txt -1",
        "43 score.txt 5",
        "42 score_multiplier.txt 1.5",
        "42 score.txt 1 score_multiplier.txt 1",
        "42 score.txt nan",
        f"42 score.txt {'1' * 300}",
    ],
)
def test_points_that_the_format_forbids_are_a_judge_error(judge: Judge, said: str) -> None:
    """And the test says which, and nothing of its data."""
    asked = problem(judge, scoring(judge, KATTIS, p.VALIDATOR_PROTOCOL_KATTIS, p.TEST_SCORES_BOUNDED))

    judged = judge.judge("python3", f"print({said!r} if input() == '2' else '42')", problem=asked)

    assert judged.verdict == s.VERDICT_JUDGE_ERROR, judged
    assert judged.tests[2].verdict == s.VERDICT_JUDGE_ERROR
    assert judged.tests[2].message.startswith("the output validator")


def test_testlibs_points_and_percentages_are_points(judge: Judge) -> None:
    """`points 12.5` is a score, `partially correct (50)` half of what the test is worth."""
    checker = (
        "import sys\ncode, said = open(sys.argv[2]).read().split(maxsplit=1)\n"
        "print(said, file=sys.stderr)\nsys.exit(int(code))"
    )
    asked = problem(judge, scoring(judge, checker, TESTLIB, p.TEST_SCORES_BOUNDED))
    source = "print(['0 ok', '7 points 12.5', '66 partially correct (50) so', '0 ok'][int(input())])"

    judged = judge.judge("python3", source, problem=asked)

    assert (judged.verdict, judged.score) == (s.VERDICT_PARTIAL, 42.5), judged
    assert [test.score for test in judged.tests] == [0, 12.5, 30, 60]


def test_a_static_validator_looks_at_the_sources(judge: Judge) -> None:
    """In their folder, with the language and the entry point as its arguments."""
    validator = (
        "import os, sys\n"
        "language, entry, folder, word = sys.argv[1:]\n"
        "fine = (language, os.listdir('.')) == ('python3', ['main.py']) and folder.endswith('/')\n"
        "if not fine: sys.exit(1)\n"
        "if word in open(entry).read():\n"
        "    open(folder + 'judgemessage.txt', 'w').write('no ' + word); sys.exit(43)\n"
        "sys.exit(42)"
    )
    manifest = Manifest(
        tests=[
            ManifestTest(name="secret", static_validation=True, validator_arguments=["while"], sample=True,
                         has_validator_arguments=True),
            ManifestTest(name="secret/1", input=file(judge, b"2\n"), answer=file(judge, b"4\n")),
        ],
        static_validator=Validator(
            language="python3", files=[file(judge, validator.encode(), "v.py")], entry_point="v.py"
        ),
    )  # fmt: skip
    asked = problem(judge, manifest)

    fine = judge.judge("python3", "print(int(input()) ** 2)", problem=asked)
    refused = judge.judge("python3", "while True: break\nprint(4)", problem=asked)

    assert (fine.verdict, refused.verdict) == (s.VERDICT_ACCEPTED, s.VERDICT_WRONG_ANSWER), (fine, refused)
    assert refused.tests[0].feedback == "no while"
