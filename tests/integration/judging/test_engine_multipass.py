"""Programs that run several times on a test, with inputs that the validator makes."""

from __future__ import annotations

import pytest
from made_problem import made

from conftest import Judge  # type: ignore[attr-defined]
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.submission_record_pb2 import ProblemReference

# The first pass hides a number as text, the second finds it again.
TESTS = {"sample/1": ("hide 7\n", "7\n"), "secret/1": ("hide 12\n", "12\n")}
VALIDATOR = """
import os, sys
given, answer, folder = sys.argv[1:4]
said = sys.stdin.read()
with open(folder + "judgemessage.txt", "a") as message:
    message.write(f"pass of {open(given).read().split()[0]}\\n")
if open(given).read().startswith("hide"):
    with open(folder + "nextpass.in", "w") as again:
        again.write("find " + said)
    os.mkdir(folder + "notes")
    open(folder + "notes/seen.bin", "wb").write(bytes(range(256)))
    sys.exit(42)
assert open(folder + "notes/seen.bin", "rb").read() == bytes(range(256))
assert not os.path.exists(folder + "nextpass.in")
sys.exit(42 if said == open(answer).read() else 43)
"""
PROGRAM = """
word, text = input().split()
print("x" * int(text) if word == "hide" else len(text))
"""


def passes(judge: Judge, validator: str = VALIDATOR, **manifest: object) -> ProblemReference:
    """A problem of at most three passes."""
    return made(judge, TESTS, validator, pass_count_most=3, **manifest)


def test_each_pass_begins_with_what_the_validator_made_of_the_one_before(judge: Judge) -> None:
    """Its feedback folder stays as it was, but for the next pass's input."""
    judged = judge.judge("python3", PROGRAM, problem=passes(judge))

    assert judged.verdict == s.VERDICT_ACCEPTED, judged
    assert [test.pass_count for test in judged.tests] == [2, 2]
    assert judged.tests[0].feedback == "pass of hide\npass of find\n"
    assert (judged.tests[0].stdout, judged.tests[0].output_bytes) == ("7\n", 8 + 2)


@pytest.mark.parametrize(
    ("program", "verdict", "count"),
    [
        (PROGRAM.replace("len(text)", "0"), s.VERDICT_WRONG_ANSWER, 2),
        (PROGRAM + "if word == 'find': 1 / 0", s.VERDICT_RUN_TIME_ERROR, 2),
        (PROGRAM + "1 / 0", s.VERDICT_RUN_TIME_ERROR, 1),
        (PROGRAM + "while word == 'find': pass", s.VERDICT_TIME_LIMIT_EXCEEDED, 2),
        (PROGRAM + "open('mine', 'x'); open('/tmp/mine', 'x')", s.VERDICT_ACCEPTED, 2),
    ],
)
def test_the_pass_that_fails_decides(judge: Judge, program: str, verdict: int, count: int) -> None:
    """And no other follows it; the program finds nothing of what it left in an earlier pass."""
    judged = judge.judge("python3", program, problem=passes(judge), limits=s.Limits(cpu_time_ms=400))

    assert (judged.verdict, judged.tests[0].pass_count) == (verdict, count), judged


def test_the_time_limit_holds_for_each_pass(judge: Judge) -> None:
    """Told is the slowest of them."""
    burn = "import time\nwhile time.process_time() < .3: pass\n"

    judged = judge.judge("python3", burn + PROGRAM, problem=passes(judge), limits=s.Limits(cpu_time_ms=500))

    assert judged.verdict == s.VERDICT_ACCEPTED, judged
    assert 300 <= judged.cpu_time_ms <= 500


@pytest.mark.parametrize(
    ("validator", "said"),
    [
        ("import sys; open(sys.argv[3] + 'nextpass.in', 'w'); sys.exit(42)", "more than 3 passes"),
        ("import sys; open(sys.argv[3] + 'nextpass.in', 'w'); sys.exit(43)", "refused the output and left"),
        (
            "import sys\nfor n in '012345678': open(sys.argv[3] + n, 'wb').write(bytes(1 << 20))\nexit(42)",
            "left too much",
        ),
    ],
)
def test_a_validator_that_breaks_the_rules_of_passes_is_a_judge_error(
    judge: Judge, validator: str, said: str
) -> None:
    """As the format has it."""
    judged = judge.judge("python3", "print(1)", problem=passes(judge, validator))

    assert judged.verdict == s.VERDICT_JUDGE_ERROR, judged
    assert said in judged.tests[0].message


def test_a_hostile_feedback_folder_is_never_followed(judge: Judge) -> None:
    """Links, pipes and names that no file may have are passed over; what is plain is kept."""
    validator = """
import os, sys
folder = sys.argv[3]
if os.path.exists(folder + "second"):
    sys.exit(42 if sorted(os.listdir(folder)) == [".gavel", "second"] else 43)
open(folder + "second", "w").close()
os.symlink("/etc/passwd", folder + "link.txt")
os.symlink("/work", folder + "folder")
os.symlink(folder, folder + "round")
os.mkfifo(folder + "pipe")
open(folder + "bad name\\n", "w").close()
open(os.fsencode(folder) + b"\\xff\\xfe", "w").close()
open(folder + "nextpass.in", "w").close()
sys.exit(42)
"""
    judged = judge.judge("python3", "print(1)", problem=passes(judge, validator))

    assert judged.verdict == s.VERDICT_ACCEPTED, judged


def test_an_interactive_problem_may_have_passes_too(judge: Judge) -> None:
    """The interactor runs once a pass, as the program does."""
    interactor = """
import sys
given, folder = open(sys.argv[1]).read().split(), sys.argv[3]
print(given[0], flush=True)
said = sys.stdin.readline().strip()
if given[0] == "hide":
    open(folder + "nextpass.in", "w").write("find " + said)
    sys.exit(42)
print(given[1], flush=True)
sys.exit(42 if sys.stdin.readline() == "four\\n" else 43)
"""
    program = (
        "word = input()\nif word == 'hide': print('IV')\nelse: print('what'); print({'IV': 'four'}[input()])"
    )
    problem = passes(judge, interactor, interactive=True)

    right = judge.judge("python3", program, problem=problem)
    wrong = judge.judge("python3", program.replace("four", "five"), problem=problem)

    assert (right.verdict, wrong.verdict) == (s.VERDICT_ACCEPTED, s.VERDICT_WRONG_ANSWER)
    assert [test.pass_count for test in right.tests] == [2, 2]
