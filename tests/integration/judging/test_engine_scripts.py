"""Validators that a package builds and starts by scripts of its own."""

from __future__ import annotations

import pytest
from made_problem import file, made_with

from conftest import Judge  # type: ignore[attr-defined]
from gavel.submission.v1 import problem_pb2 as p
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.problem_pb2 import Validator
from gavel.submission.v1.submission_record_pb2 import ProblemReference

TESTS = {"secret/1": ("1\n", "2\n"), "secret/2": ("4\n", "5\n")}
IN_C = """
#include <stdio.h>
int main(int count, char **words) {
  int given, wanted;
  FILE *answer = fopen(words[2], "r");
  return scanf("%d", &given) == 1 && fscanf(answer, "%d", &wanted) == 1 && given == wanted ? 42 : 43;
}
"""
BUILD = "#!/usr/bin/env sh\nset -e\ncc -O2 -o parts/jury check.c\n"
RUN = '#!/bin/sh\n"$(dirname "$0")/parts/jury" "$@"\ncode=$?\necho told > "$3/judgemessage.txt"\nexit $code\n'
IN_PYTHON = (
    "#!/usr/bin/env python3\nimport sys\nsys.exit(43 - (sys.stdin.read() == open(sys.argv[2]).read()))\n"
)
NEXT = "print(int(input()) + 1)"


def scripted(judge: Judge, files: dict[str, str], **manifest: object) -> ProblemReference:
    """A problem whose validator is these files."""
    placed = [file(judge, text.encode(), path) for path, text in files.items()]
    validator = Validator(language="bash", files=placed, scripts=True, protocol=p.VALIDATOR_PROTOCOL_KATTIS)
    return made_with(judge, TESTS, validator, **manifest)


@pytest.mark.parametrize(
    "files",
    [
        {"build": BUILD, "run": RUN, "check.c": IN_C, "parts/readme": ""},
        {"run": IN_PYTHON},
        {"build": "#!/bin/sh\ncc -o run check.c\n", "check.c": IN_C},
        {"build": "#!/bin/sh\ncp check.py run\nchmod 644 run\n", "check.py": IN_PYTHON},
        {"build": "#!/bin/sh\nln -s check.py run\n", "check.py": IN_PYTHON},
        {
            "build": "#!/bin/sh\nmkdir made\ncp check.py made\nln -s made/check.py run\n",
            "check.py": IN_PYTHON,
        },
    ],
)
def test_scripts_make_and_start_the_validator(judge: Judge, files: dict[str, str]) -> None:
    """`build` once, in the validator's box; `run` for each output, whatever it is. Twice: what was made is
    kept.
    """
    problem = scripted(judge, files)

    for _ in range(2):
        assert judge.judge("python3", NEXT, problem=problem).verdict == s.VERDICT_ACCEPTED
        assert judge.judge("python3", "print(2)", problem=problem).verdict == s.VERDICT_WRONG_ANSWER


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"build": "#!/bin/sh\necho no compiler >&2\nexit 3\n", "run": RUN}, "no compiler"),
        ({"build": "#!/bin/sh\n"}, "build left no file run"),
        ({"build": "#!/nowhere\n", "run": RUN}, "build cannot be executed"),
        ({"build": "#!/bin/sh\nmkdir run\n"}, ""),
        ({"build": "#!/bin/sh\nln -s /usr/bin/false run\n"}, ""),
        ({"build": "#!/bin/sh\nln -s judge.ans run\n"}, ""),
        ({"run": "no first line\n"}, ""),
    ],
)
def test_scripts_that_make_nothing_to_run_are_a_judge_error(
    judge: Judge, files: dict[str, str], said: str
) -> None:
    """And say why to the judges."""
    judged = judge.judge("python3", NEXT, problem=scripted(judge, files))

    assert judged.verdict == s.VERDICT_JUDGE_ERROR, judged
    assert said in judged.detail


def test_what_build_does_stays_in_the_box(judge: Judge) -> None:
    """It sees neither tests nor network, and changes nothing of the system."""
    build = (
        "#!/bin/sh\nexec 2>&1\nls judge.in judge.ans feedback && exit 1\n"
        "python3 -c 'import socket; socket.socket()' && exit 2\n"
        "echo x > /usr/left && exit 3\nexit 0\n"
    )
    problem = scripted(judge, {"build": build, "run": IN_PYTHON})

    assert judge.judge("python3", NEXT, problem=problem).verdict == s.VERDICT_ACCEPTED


def test_an_interactor_may_be_started_by_a_script(judge: Judge) -> None:
    """It hands its pipes on."""
    jury = "import sys\nprint(3, flush=True)\nsys.exit(42 if input() == '4' else 43)\n"
    run = '#!/bin/sh\nexec python3 "$(dirname "$0")/jury.py" "$@"\n'
    problem = scripted(judge, {"run": run, "jury.py": jury}, interactive=True)

    assert judge.judge("python3", NEXT, problem=problem).verdict == s.VERDICT_ACCEPTED
    assert judge.judge("python3", "print(2)", problem=problem).verdict == s.VERDICT_WRONG_ANSWER
