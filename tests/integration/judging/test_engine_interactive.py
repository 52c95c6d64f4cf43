"""Programs that talk with the validator, each in its own box: who ended first, and how, decides."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

import pytest
from made_problem import TESTLIB, made

from conftest import Cancel, Judge, Recorder  # type: ignore[attr-defined]
from gavel.judging.engine import Cancelled
from gavel.submission.v1 import problem_pb2 as p
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.submission_record_pb2 import ProblemReference
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL

HIDDEN = {"sample/1": ("7\n", ""), "secret/1": ("1\n", ""), "secret/2": ("100\n", "")}

INTERACTOR = """
import sys
hidden = int(open(sys.argv[1]).read())
def refuse(why):
    open(sys.argv[3] + "judgemessage.txt", "w").write(why)
    sys.exit(43)
for turn in range(8):
    line = sys.stdin.readline()
    if not line.strip().isdigit():
        refuse(f"no number: {line!r}")
    guess = int(line)
    print("correct" if guess == hidden else "lower" if hidden < guess else "higher", flush=True)
    if guess == hidden:
        sys.exit(42)
refuse(f"not {hidden}")
"""
HALVING = """
low, high = 1, 100
while True:
    middle = (low + high) // 2
    print(middle, flush=True)
    said = input()
    if said == "correct": break
    if said == "lower": high = middle - 1
    else: low = middle + 1
"""
IN_CPP = """
#include <iostream>
#include <string>
int main() {
  int low = 1, high = 100;
  for (std::string said;;) {
    int middle = (low + high) / 2;
    std::cout << middle << std::endl;
    std::cin >> said;
    if (said == "correct") return 0;
    (said == "lower" ? high : low) = said == "lower" ? middle - 1 : middle + 1;
  }
}
"""
ONE_TURN = "import sys\nline = sys.stdin.readline()\nprint('yes', flush=True)\nsys.exit(42)"


def pipes_and_threads() -> tuple[int, int]:
    """How many this process has."""
    held = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held += str(descriptor.readlink()).startswith("pipe:")
    return held, threading.active_count()


def talk(judge: Judge, interactor: str = INTERACTOR, **manifest: object) -> ProblemReference:
    """An interactive problem of one sample and two hidden tests."""
    return made(judge, HIDDEN, interactor, interactive=True, **manifest)


@pytest.mark.parametrize(("language", "source"), [("python3", HALVING), ("cpp", IN_CPP)])
def test_a_program_that_finds_what_the_interactor_hides_is_accepted(
    judge: Judge, language: str, source: str
) -> None:
    """With the facts of its own run; of the talk nothing is kept."""
    judged = judge.judge(language, source, problem=talk(judge))

    assert judged.verdict == s.VERDICT_ACCEPTED, judged
    assert [(test.exit_code, test.stdout, test.message) for test in judged.tests] == [(0, "", "")] * 3
    assert all(test.cpu_time_ms > 0 for test in judged.tests)


def test_a_refused_program_is_not_waited_for(judge: Judge) -> None:
    """Whatever it goes on to do is of no account, and takes no slot's time; its box runs the next test."""
    source = "print('soon', flush=True)\nimport time\ntime.sleep(50)"
    limits = s.Limits(cpu_time_ms=1_000, wall_time_ms=60_000)
    begin_s = time.monotonic()

    judged = judge.judge("python3", source, problem=talk(judge), limits=limits, run_policy=RUN_POLICY_RUN_ALL)

    assert time.monotonic() - begin_s < 30
    assert [(test.verdict, test.signal) for test in judged.tests] == [(s.VERDICT_WRONG_ANSWER, 9)] * 3


@pytest.mark.parametrize(
    ("source", "verdict", "message"),
    [
        ("for n in range(99): print(50, flush=True); input()", s.VERDICT_WRONG_ANSWER, "refused"),
        ("for n in range(9999999): print(50, flush=True)", s.VERDICT_WRONG_ANSWER, "refused"),
        ("print('soon', flush=True)\nimport time\ntime.sleep(.3)\n1 / 0", s.VERDICT_WRONG_ANSWER, "refused"),
        ("print('soon', flush=True)\nwhile True: pass", s.VERDICT_WRONG_ANSWER, "refused"),
        ("print(50)", s.VERDICT_WRONG_ANSWER, "refused"),
        ("", s.VERDICT_WRONG_ANSWER, "refused"),
        ("print(50, flush=True)\ninput()\n1 / 0", s.VERDICT_RUN_TIME_ERROR, "exit code 1"),
        ("import os; os.kill(os.getpid(), 11)", s.VERDICT_RUN_TIME_ERROR, "SIGSEGV"),
        ("while True: pass", s.VERDICT_TIME_LIMIT_EXCEEDED, "time limit 0.3 s"),
        ("print(50); input(); input()", s.VERDICT_WALL_TIME_LIMIT_EXCEEDED, "wall time limit"),
        ("x = []\nwhile True: x.append(bytearray(1 << 22))", s.VERDICT_MEMORY_LIMIT_EXCEEDED, "memory"),
        (HALVING + "1 / 0", s.VERDICT_RUN_TIME_ERROR, "exit code 1"),
        (HALVING + "while True: pass", s.VERDICT_TIME_LIMIT_EXCEEDED, "time limit"),
    ],
)
def test_how_a_talk_ends_decides(judge: Judge, source: str, verdict: int, message: str) -> None:
    """A refusal before the program's end wins over what it does then; what it did before counts first."""
    limits = s.Limits(cpu_time_ms=300, wall_time_ms=1_000, memory_bytes=64 << 20)

    judged = judge.judge("python3", source, problem=talk(judge), limits=limits)

    assert judged.verdict == verdict, judged
    assert message in judged.tests[0].message


@pytest.mark.parametrize("ending", ["1 / 0", "while True: pass"])
def test_points_of_an_interactor_do_not_count_for_a_program_that_fails_behind_them(
    judge: Judge, ending: str
) -> None:
    """It had accepted the test, and is not at fault for what the program does then."""
    giving = "open(sys.argv[3] + 'score.txt', 'w').write('3'), sys.exit(42)"
    interactor = INTERACTOR.replace("sys.exit(42)", giving)
    group = p.TestGroup(test_scores=p.TEST_SCORES_BOUNDED, accept_score=5, full_score=15)
    asked = made(judge, HIDDEN, interactor, interactive=True, type=p.PROBLEM_TYPE_SCORING, groups=[group])
    source = f"{HALVING}\nif middle == 1:\n    {ending}\n"
    limits = s.Limits(cpu_time_ms=300, wall_time_ms=1_000)

    judged = judge.judge("python3", source, problem=asked, limits=limits, run_policy=RUN_POLICY_RUN_ALL)

    failed = s.VERDICT_RUN_TIME_ERROR if ending == "1 / 0" else s.VERDICT_TIME_LIMIT_EXCEEDED
    assert [test.verdict for test in judged.tests] == [s.VERDICT_ACCEPTED, failed, s.VERDICT_ACCEPTED], judged
    assert [test.score for test in judged.tests] == [3, 0, 3]


def test_what_the_interactor_says_is_shown_for_samples_alone(judge: Judge) -> None:
    """As a checker's words are."""
    source = "for n in range(99): print(50, flush=True); input()"

    judged = judge.judge("python3", source, problem=talk(judge), run_policy=RUN_POLICY_RUN_ALL)

    assert [test.feedback for test in judged.tests] == ["not 7", "", ""]
    assert judged.tests[0].input == "7\n"
    assert [test.input for test in judged.tests[1:]] == ["", ""]


@pytest.mark.parametrize(
    ("interactor", "program", "said"),
    [
        ("1 / 0", "input()", "neither 42 nor 43"),
        ("import sys; sys.stdin.readline(); sys.exit(0)", "print(1)", "exit code 0"),
        ("import os; os.kill(os.getpid(), 9)", "print(1)", "signal 9"),
        ("x = []\nwhile True: x.append(bytearray(1 << 24))", "input()", "memory limit"),
        ("while True: print('x' * 9999)", "print(1)", "wrote on and on"),
        ("import sys\nwhile True: print('x' * 999, file=sys.stderr)", "input()", "output limit"),
    ],
)
def test_an_interactor_that_hangs_floods_lies_or_crashes_is_a_judge_error(
    judge: Judge, interactor: str, program: str, said: str
) -> None:
    """And leaves nothing: the next judgement is as if it had never been."""
    problem = talk(judge, interactor)
    before = pipes_and_threads()

    judged = judge.judge("python3", program, problem=problem, limits=s.Limits(wall_time_ms=60_000))

    assert judged.verdict == s.VERDICT_JUDGE_ERROR, judged
    assert said in judged.tests[0].message
    assert pipes_and_threads() == before
    assert judge.judge("python3", HALVING, problem=talk(judge)).verdict == s.VERDICT_ACCEPTED


def test_an_interactor_that_hangs_while_the_program_waits_is_a_judge_error(judge: Judge) -> None:
    """The program is ended by its wall time; that the interactor does not end then tells the two apart."""
    problem = talk(judge, "while True: pass")

    judged = judge.judge("python3", "input()", problem=problem, limits=s.Limits(wall_time_ms=1_000))

    assert judged.verdict == s.VERDICT_JUDGE_ERROR, judged
    assert judged.tests[0].message == "the output validator did not end although the program had"


def test_after_a_hanging_interactor_the_other_tests_have_a_new_one(judge: Judge) -> None:
    """When all are asked for."""
    hangs = "import sys\nif open(sys.argv[1]).read() == '1\\n':\n    while True: pass\n" + ONE_TURN
    problem = talk(judge, hangs)

    judged = judge.judge("python3", "print(1)", problem=problem, run_policy=RUN_POLICY_RUN_ALL)

    verdicts = [test.verdict for test in judged.tests]
    assert verdicts == [s.VERDICT_ACCEPTED, s.VERDICT_JUDGE_ERROR, s.VERDICT_ACCEPTED]


def test_a_program_may_write_on_when_the_interactor_is_content(judge: Judge) -> None:
    """It did nothing wrong by it, as long as it keeps to its output limit."""
    source = "import sys\nprint(1, flush=True); input()\nsys.stdout.write('x' * (1 << 20))"
    flood = "import sys\nprint(1, flush=True); input()\nwhile True: sys.stdout.write('x' * (1 << 20))"
    problem = talk(judge, ONE_TURN)

    assert judge.judge("python3", source, problem=problem).verdict == s.VERDICT_ACCEPTED
    assert judge.judge("python3", flood, problem=problem).verdict == s.VERDICT_OUTPUT_LIMIT_EXCEEDED


@pytest.mark.parametrize(
    "interactor",
    [
        "import sys\nsys.exit(42 if sys.stdin.readline() else 43)",
        "import sys\nwith open(sys.argv[3] + 'log', 'w') as log: log.writelines(sys.stdin)\nsys.exit(42)",
        "import sys\nassert len(sys.stdin.read(1 << 25)) < 1 << 24\nsys.exit(42)",
    ],
)
def test_who_drowns_an_interactor_in_words_is_over_the_output_limit(judge: Judge, interactor: str) -> None:
    """Be it that it fails for its memory, its files or by itself: no contestant may break a problem so."""
    block = "b'x' * 999 + b'\\n'" if "log" in interactor else "bytes(1 << 20)"
    flood = f"import sys\nblock = {block}\nwhile True: sys.stdout.buffer.write(block)"
    problem = made(judge, {"secret/1": ("", "")}, interactor, interactive=True)
    limits = s.Limits(cpu_time_ms=20_000, wall_time_ms=120_000)
    before = pipes_and_threads()

    judged = judge.judge("python3", flood, problem=problem, limits=limits)

    assert judged.verdict == s.VERDICT_OUTPUT_LIMIT_EXCEEDED, judged
    assert judged.tests[0].message.endswith("ed at 8 MiB of output: output limit")
    assert judged.tests[0].output_bytes > 8 << 20
    assert pipes_and_threads() == before


def test_an_interactor_that_fails_at_what_is_within_the_limits_is_broken(judge: Judge) -> None:
    """Also at a program that says much."""
    problem = talk(judge, "import sys\nassert len(sys.stdin.read()) < 1 << 20\nsys.exit(42)")

    judged = judge.judge("python3", "print('x' * (1 << 22))", problem=problem)

    assert judged.verdict == s.VERDICT_JUDGE_ERROR, judged


UNTIL_END = "import sys\nprint(sum(map(int, sys.stdin)))"


def test_a_program_sees_that_the_interactor_closed_its_output(judge: Judge) -> None:
    """And may answer then: the interactor still reads."""
    interactor = (
        "import os, sys\n"
        "for n in range(5): print(n)\n"
        "sys.stdout.flush(); os.close(1)\n"
        "os._exit(42 if sys.stdin.readline() == '10\\n' and not sys.stdin.read() else 43)"
    )
    problem = made(judge, {"secret/1": ("", ""), "secret/2": ("", "")}, interactor, interactive=True)
    crash = UNTIL_END + "\nsys.stdout.flush()\n1 / 0"

    def verdict(source: str) -> int:
        return judge.judge("python3", source, problem=problem).verdict

    assert verdict(UNTIL_END) == s.VERDICT_ACCEPTED
    assert verdict(UNTIL_END.replace("sum", "max")) == s.VERDICT_WRONG_ANSWER
    assert verdict(crash) == s.VERDICT_RUN_TIME_ERROR


def test_a_program_that_crashes_for_want_of_its_interactor_was_refused(judge: Judge) -> None:
    """It sees the end at once, and this process may hear of the interactor's later than of its own."""
    problem = made(
        judge, {f"secret/{n}": ("", "") for n in range(20)}, "import os; os._exit(43)", interactive=True
    )
    source = "import os\nos.read(0, 1)\nos.abort()"

    judged = judge.judge("python3", source, problem=problem, run_policy=RUN_POLICY_RUN_ALL)

    assert [test.verdict for test in judged.tests] == [s.VERDICT_WRONG_ANSWER] * 20


def test_an_interactor_that_sets_its_pipe_not_to_wait_holds_up_nobody(judge: Judge) -> None:
    """The program, which writes more than a pipe holds to one that was content, ends as it wants to."""
    problem = talk(judge, "import os, sys\nos.set_blocking(0, False)\nsys.exit(42)")
    wordy = "import time\nfor _ in range(5):\n    time.sleep(0.1)\n    print('x' * 50_000, flush=True)"

    assert judge.judge("python3", wordy, problem=problem).verdict == s.VERDICT_ACCEPTED


def test_neither_side_sees_the_files_of_the_other(judge: Judge) -> None:
    """The interactor alone has the test; the program has its pipes."""
    source = (
        "import os\n"
        "folders = ('/work', '/tmp', '/proc/self/fd')\n"
        "print([name for folder in folders for name in sorted(os.listdir(folder))], flush=True)"
    )
    interactor = (
        "import os, sys\n"
        "fine = sys.stdin.readline() == \"['main.py', '0', '1', '2', '3']\\n\"\n"
        "fine = fine and sorted(os.listdir('/work')) == ['feedback', 'judge.ans', 'judge.in', 'v.py']\n"
        "fine = fine and sorted(os.listdir('/proc/self/fd')) == ['0', '1', '2', '3']\n"
        "sys.exit(42 if fine else 43)"
    )

    assert judge.judge("python3", source, problem=talk(judge, interactor)).verdict == s.VERDICT_ACCEPTED


def test_cancelling_ends_both_at_once(judge: Judge) -> None:
    """While both wait for each other."""
    cancel = Cancel()
    timer = threading.Timer(0.5, cancel.cancel)
    timer.start()
    problem = talk(judge, "import sys; sys.stdin.readline()")
    before, began = threading.active_count(), time.monotonic()

    with pytest.raises(Cancelled):
        judge.judge(
            "python3", "input()", problem=problem, cancel=cancel, limits=s.Limits(wall_time_ms=60_000)
        )

    assert time.monotonic() - began < 5
    assert threading.active_count() <= before
    timer.join()


def test_an_interactor_may_speak_testlibs_language(judge: Judge) -> None:
    """Its exit codes, and the answer behind the file that it writes for a checker."""
    interactor = (
        "import sys\n"
        "hidden = open(sys.argv[1]).read().strip(); open(sys.argv[2], 'w').write('seen')\n"
        "assert open(sys.argv[3]).read() == ''\n"
        "print('what?', flush=True)\n"
        "said = sys.stdin.readline().strip()\n"
        "print(f'said {said}', file=sys.stderr)\n"
        "sys.exit(3 if said == 'fail' else 2 if not said else int(said != hidden))"
    )
    problem = made(judge, HIDDEN, interactor, interactive=True, protocol=TESTLIB)

    def verdict(source: str) -> tuple[int, str]:
        judged = judge.judge("python3", source, problem=problem)
        return judged.verdict, judged.tests[0].feedback

    assert verdict("input(); print('7')")[1] == "said 7\n"
    assert verdict("input(); print('8')") == (s.VERDICT_WRONG_ANSWER, "said 8\n")
    assert verdict("input()")[0] == s.VERDICT_PRESENTATION_ERROR
    assert verdict("input(); print('fail')") == (s.VERDICT_JUDGE_ERROR, "")


def test_ten_thousand_lines_are_exchanged_within_the_limits(judge: Judge) -> None:
    """Through pipes that join both directly."""
    interactor = (
        "import sys\n"
        "for n in range(10_000):\n"
        "    print(n, flush=True)\n"
        "    if sys.stdin.readline() != f'{n + 1}\\n': sys.exit(43)\n"
        "sys.exit(42)"
    )
    source = "for n in range(10_000): print(int(input()) + 1, flush=True)"
    recorder = Recorder()

    judged = judge.judge(
        "python3",
        source,
        problem=made(judge, {"secret/1": ("", "")}, interactor, interactive=True),
        limits=s.Limits(cpu_time_ms=10_000),
        recorder=recorder,
    )

    assert judged.verdict == s.VERDICT_ACCEPTED, judged
    assert recorder.tests == judged.tests
