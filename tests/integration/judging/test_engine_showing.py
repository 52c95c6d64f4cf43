"""What contestants may see of a test, and what they never see."""

from __future__ import annotations

import hashlib

import pytest
from made_problem import file, made

from conftest import Judge, Recorder  # type: ignore[attr-defined]
from gavel.judging.engine import Judged
from gavel.submission.v1 import problem_pb2 as p
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.problem_pb2 import FileReference
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL

TESTS = {
    "sample/1": ("1\n", "sampled\n"),
    "secret/1": ("2\n", "HIDDEN-ANSWER-1\n"),
    "secret/2": ("3\n", "HIDDEN-ANSWER-2\n"),
    "secret/3": ("4\n", "HIDDEN-ANSWER-3\n"),
}
VALIDATOR = """
import sys
answer, said = open(sys.argv[2]).read(), sys.stdin.read()
open(sys.argv[3] + "judgemessage.txt", "w").write(f"TOLD {answer}")
print(answer, file=sys.stderr)
sys.exit(42 if said == answer else 43)
"""
# Right on the sample and on the first hidden test, wrong on both others.
PROGRAM = """
import sys
n = int(input())
print("sampled" if n == 1 else "HIDDEN-ANSWER-1" if n == 2 else f"mine {n}")
print(f"ERR {n}", file=sys.stderr)
"""


def judged(judge: Judge, shown: p.Shown, recorder: Recorder | None = None) -> Judged:
    asked = made(judge, TESTS, VALIDATOR, shown=shown)
    return judge.judge(
        "python3", PROGRAM, problem=asked, run_policy=RUN_POLICY_RUN_ALL, recorder=recorder or Recorder()
    )


def seen(found: Judged) -> list[str]:
    """The tests of which something is shown."""
    return [
        test.test
        for test in found.tests
        if any((test.input, test.expected, test.stdout, test.stderr, test.feedback))
    ]


def test_samples_alone_are_shown_unless_the_problem_says_more(judge: Judge) -> None:
    """Of the others the verdict, the message and what was measured."""
    found = judged(judge, p.SHOWN_UNSPECIFIED)

    assert seen(found) == ["sample/1"] == seen(judged(judge, p.SHOWN_SAMPLES))
    assert "HIDDEN" not in str(found)
    assert found.tests[2].message == "the output validator refused the output"
    assert found.tests[2].cpu_time_ms > 0


def test_the_first_test_that_failed_can_be_shown_whole(judge: Judge) -> None:
    """Its input, the expected and the actual output, and what the checker said of it; of no other."""
    found = judged(judge, p.SHOWN_FIRST_FAILING)

    assert seen(found) == ["sample/1", "secret/2"]
    test = found.tests[2]
    assert (test.input, test.expected, test.stdout) == ("3\n", "HIDDEN-ANSWER-2\n", "mine 3\n")
    assert (test.stderr, test.feedback) == ("ERR 3\n", "TOLD HIDDEN-ANSWER-2\n")
    assert "HIDDEN-ANSWER-3" not in str(found)


def test_everything_can_be_shown(judge: Judge) -> None:
    """The data of tests that were accepted is not repeated."""
    found = judged(judge, p.SHOWN_EVERYTHING)

    assert seen(found) == list(TESTS)
    assert [test.input for test in found.tests] == ["", "", "3\n", "4\n"]


def test_the_verdict_alone_can_be_shown(judge: Judge) -> None:
    """Nothing of any test, neither at the end nor on the way."""
    recorder = Recorder()

    found = judged(judge, p.SHOWN_VERDICT_ONLY, recorder)

    assert (found.verdict, found.tests, found.groups) == (s.VERDICT_WRONG_ANSWER, [], [])
    assert (recorder.tests, recorder.outputs) == ([], {})
    assert found.test_count == 4


def test_heads_are_cut_and_long_outputs_are_kept_in_full(judge: Judge) -> None:
    """At 4 KiB; the object's digest tells what it holds."""
    long = "x" * 10_000
    tests = [s.InlineTest(input=long.encode(), expected=long.encode() + b"y")]
    recorder = Recorder()

    found = judge.judge("python3", "print(input())", tests=tests, recorder=recorder)

    (test,) = found.tests
    assert (test.input, test.expected, test.stdout) == (long[:4_096],) * 3
    output = recorder.outputs["1.out"]
    assert output == long.encode() + b"\n"
    assert (test.output.key, test.output.size_bytes) == ("outputs/1.out", 10_001)
    assert test.output.sha256 == hashlib.sha256(output).hexdigest()


def test_an_output_is_kept_where_it_may_be_seen_and_tells_something(judge: Judge) -> None:
    """Neither a hidden one, nor one that equals the answer; that of a bare run, which is what is wanted."""
    source = "print('x' * 10_000)"
    asked = made(judge, {"secret/1": ("", "")})
    hidden, right, bare = Recorder(), Recorder(), Recorder()

    assert judge.judge("python3", source, problem=asked, recorder=hidden).verdict == s.VERDICT_WRONG_ANSWER
    judge.judge("python3", source, tests=[s.InlineTest(expected=b"x" * 10_000)], recorder=right)
    judge.judge("python3", source, recorder=bare)

    assert (hidden.outputs, right.outputs) == ({}, {})
    assert len(bare.outputs["1.out"]) == 10_001


def test_no_more_than_64_mib_of_outputs_are_kept(judge: Judge) -> None:
    """Of a judgement; those behind it are shown by their heads."""
    source = "import sys\nfor _ in range(240): sys.stdout.write('x' * 100_000)"
    recorder = Recorder()

    found = judge.judge(
        "python3",
        source,
        tests=[s.InlineTest(expected=b"")] * 4,
        recorder=recorder,
        run_policy=RUN_POLICY_RUN_ALL,
        limits=s.Limits(output_bytes=32 << 20),
    )

    assert [test.HasField("output") for test in found.tests] == [True, True, False, False]
    assert list(recorder.outputs) == ["1.out", "2.out"]


@pytest.mark.parametrize(
    "source",
    [
        '#include "/work/judge.ans"\nint main() { }',
        '#include "../data/secret/1.ans"\nint main() { }',
        'asm(".incbin \\"/work/judge.ans\\"");\nint main() { }',
        '#include "hidden.h"\n#error tell\nint main() { }',
        '#include "hidden.h"\nint main() { return WORD(HIDDEN); }',
    ],
)
def test_a_compiler_finds_nothing_of_the_tests(judge: Judge, source: str) -> None:
    """Its output is shown in full, so there is nothing to be read where it works; included files are all the
    problem hands over.
    """
    asked = made(
        judge,
        TESTS,
        VALIDATOR,
        include=[_included(judge, "default/hidden.h", b"#define WORD(x) undeclared_##x\n")],
    )

    found = judge.judge("cpp", source, problem=asked)

    assert found.verdict == s.VERDICT_COMPILE_ERROR, found
    assert "HIDDEN-ANSWER" not in str(found)
    assert "TOLD" not in str(found)


def _included(judge: Judge, path: str, data: bytes) -> FileReference:
    return file(judge, data, path)


@pytest.mark.parametrize(
    "validator",
    [
        "import sys; sys.exit(open(sys.argv[2]).read())",
        "import sys; sys.stderr.write(open(sys.argv[2]).read()); sys.exit(7)",
        "import sys\nopen(sys.argv[3] + 'teammessage.txt', 'w').write(open(sys.argv[2]).read())\n1 / 0",
        "import sys; open(sys.argv[3] + 'score.txt', 'w').write(open(sys.argv[2]).read()); sys.exit(42)",
    ],
)
def test_no_error_of_a_validator_tells_of_the_data(judge: Judge, validator: str) -> None:
    """Not even of the sample's: what went wrong there is for the judges, in the log alone."""
    tests = {"sample/1": ("HIDDEN-INPUT", "HIDDEN-ANSWER")}
    group = p.TestGroup(test_scores=p.TEST_SCORES_OPTIONAL)
    asked = made(judge, tests, validator, type=p.PROBLEM_TYPE_SCORING, groups=[group])
    recorder = Recorder()

    found = judge.judge("python3", "print(1)", problem=asked, recorder=recorder)

    assert found.verdict == s.VERDICT_JUDGE_ERROR, found
    assert "HIDDEN" not in str([found.tests, found.groups, found.compile, recorder.tests])
