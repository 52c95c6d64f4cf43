"""Problems whose package brings the grader of its groups."""

from __future__ import annotations

import pytest
from made_problem import file, problem

from conftest import Judge  # type: ignore[attr-defined]
from gavel.submission.v1 import problem_pb2 as p
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.problem_pb2 import Manifest, ManifestTest, Validator
from gavel.submission.v1.submission_record_pb2 import ProblemReference

SUMS = """
import sys
results = [line.split() for line in sys.stdin]
right = [float(score) for verdict, score in results if verdict == "AC"]
wrong = [verdict for verdict, score in results if verdict != "AC"]
print("AC" if right else wrong[0], min(sum(right), float(sys.argv[1])))
"""
SUMS_IN_CPP = """
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
int main(int, char **words) {
  double sum = 0, score;
  std::string verdict, first = "AC";
  bool any = false;
  while (std::cin >> verdict >> score) {
    if (verdict == "AC") { sum += score; any = true; } else if (first == "AC") { first = verdict; }
  }
  std::cout << (any ? "AC" : first) << " " << std::min(sum, std::atof(words[1])) << std::endl;
}
"""


def graded(judge: Judge, grader: str, path: str = "grader.py") -> ProblemReference:
    """Three tests in a group that the grader grades, 10 points each and 25 at most."""
    language = "cpp" if path.endswith(".cpp") else "python3"
    group = p.TestGroup(
        name="secret",
        custom_grader=True,
        grader_arguments=["25"],
        accept_score=10,
        test_scores=p.TEST_SCORES_FORBIDDEN,
        full_score=25,
        most_score=25,
    )
    return problem(
        judge,
        Manifest(
            type=p.PROBLEM_TYPE_SCORING,
            tests=[
                ManifestTest(
                    name=f"secret/{number}",
                    input=file(judge, b"%d\n" % number),
                    answer=file(judge, b"%d\n" % number),
                    group=1,
                )
                for number in range(3)
            ],
            groups=[p.TestGroup(full_score=25), group],
            grader=Validator(language=language, files=[file(judge, grader.encode(), path)], entry_point=path),
        ),
    )


@pytest.mark.parametrize("path", ["grader.py", "grader.cpp"])
@pytest.mark.parametrize(
    ("source", "verdict", "score"),
    [
        ("print(input())", s.VERDICT_ACCEPTED, 25),
        ("print(1)", s.VERDICT_PARTIAL, 10),
        ("print(min(1, int(input())))", s.VERDICT_PARTIAL, 20),
        ("1 / 0", s.VERDICT_RUN_TIME_ERROR, 0),
        ("x = bytearray(1 << 40)", s.VERDICT_MEMORY_LIMIT_EXCEEDED, 0),
    ],
)
def test_a_grader_makes_verdict_and_score_of_its_group(
    judge: Judge, path: str, source: str, verdict: int, score: float
) -> None:
    """Of the results within it; what it accepts without all points is PARTIAL."""
    grader = SUMS_IN_CPP if path.endswith(".cpp") else SUMS

    judged = judge.judge("python3", source, problem=graded(judge, grader, path))

    assert (judged.verdict, judged.score) == (verdict, score), judged
    assert [(group.name, group.score) for group in judged.groups] == [("secret", score)]


@pytest.mark.parametrize(
    ("grader", "said"),
    [
        ("print('AC', 26)", "outside"),
        ("print('JE')", "no verdict and score"),
        ("print('x' * 9999)", "no verdict and score"),
        ("import sys; print('why', file=sys.stderr); sys.exit(1)", "exit code 1"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("x = []\nwhile True: x.append(bytearray(1 << 24))", "memory limit"),
        ("while True: print('x' * 9999)", "output limit"),
        ("import socket; socket.socket(); print('AC', 1)", "exit code 1"),
    ],
)
def test_a_grader_that_fails_is_a_judge_error(judge: Judge, grader: str, said: str) -> None:
    """In the sandbox; the log of the judges says why."""
    judged = judge.judge("python3", "print(input())", problem=graded(judge, grader))

    assert (judged.verdict, judged.score) == (s.VERDICT_JUDGE_ERROR, None), judged
    assert said in judged.detail


def test_a_grader_that_does_not_compile_is_a_judge_error(judge: Judge) -> None:
    """With the compiler's words for the judges."""
    judged = judge.judge("python3", "print(input())", problem=graded(judge, "int main(", "grader.cpp"))

    assert judged.verdict == s.VERDICT_JUDGE_ERROR
    assert "does not compile" in judged.detail
    assert all(test.verdict == s.VERDICT_ACCEPTED for test in judged.tests)
