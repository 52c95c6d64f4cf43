"""`gavel problem verify` on this side of the mesh: what it reads, makes of events, and shows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from gavel import client
from gavel.cli.verify_language import Unknown, language_of
from gavel.cli.verify_package import Package, load
from gavel.cli.verify_rows import Row, row_facts, summary
from gavel.cli.verify_view import view_of
from gavel.judging.expectation_rules import Bound, of_folder
from gavel.judging.expectations import Program
from gavel.judging.package_findings import InvalidPackage

PROBLEMS = Path(__file__).parents[2] / "data" / "problems"
LANGUAGES = [
    client.Language(
        code, code, available=True, version="", reason="", suffixes=suffixes, slot_count=1, compiled=True
    )
    for code, suffixes in (
        ("c", (".c",)),
        ("cpp", (".cc", ".cpp")),
        ("python3", (".py",)),
        ("pypy3", ()),
    )
]


@pytest.fixture
def package() -> Package:
    """Legacy, with a limit of 1 s in `.timelimit`."""
    return load(PROBLEMS / "legacy_sum")


def judged(
    row: Row,
    package: Package,
    *verdicts: str,
    cpu_time_ms: int = 10,
    wall_time_ms: int = 20,
    state: str = "FINISHED",
    failure: str = "",
) -> Row:
    """Tells the row the end of a judgement with these verdicts of the package's first tests."""
    names = [test.name for test in package.manifest.tests]
    tests = tuple(
        client.TestResult(number, name, verdict, cpu_time_ms, wall_time_ms, 1, 1, message=f"said of {name}")
        for number, (name, verdict) in enumerate(zip(names, verdicts, strict=False), 1)
    )
    whole = next((verdict for verdict in verdicts if verdict != "ACCEPTED"), "ACCEPTED")
    judgement = client.Judgement("x", state, whole, cpu_time_ms, 20, 1, len(tests), tests, failure=failure)
    row.hear(client.Ended(b"", None, judgement), package)
    return row


def row_of(package: Package, name: str) -> Row:
    (program,) = [each for each in package.programs if each.name == name]
    return Row(program, language="python3")


def test_a_package_is_read_with_its_limits_and_expectations(package: Package) -> None:
    """Without a mesh; measured is with the safety margin, for which the copy that is judged leaves room."""
    assert [program.name for program in package.programs] == [
        "accepted/sum.cpp",
        "accepted/sum.py",
        "run_time_error/deep.py",
        "time_limit_exceeded/loop.py",
        "wrong_answer/off_by_one.py",
    ]
    assert (package.limit_ms("python3"), package.wall_limit_ms("python3")) == (1000, 3000)
    given = [
        (package.measured_ms("python3", program), package.measured_wall_ms("python3", program))
        for program in package.programs
    ]
    # How much longer than the limit the others would run is of no account.
    assert given == [(2000, 4000), (2000, 4000), (1000, 3000), (2000, 4000), (1000, 3000)]
    head = yaml.safe_load(package.replaced["problem.yaml"])
    assert head["limits"]["time_limit"] == 60
    assert head["gavel"]["shown"] == "everything"
    assert head["name"] == yaml.safe_load((PROBLEMS / "legacy_sum" / "problem.yaml").read_text())["name"]
    assert package.source(package.programs[1]) == {
        "sum.py": (PROBLEMS / "legacy_sum/submissions/accepted/sum.py").read_bytes()
    }
    names = {package.throw_away_name() for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("verify-") for name in names)


def test_a_time_limit_may_be_tried_out() -> None:
    """In place of the package's, for every language."""
    tried = load(PROBLEMS / "legacy_sum", time_limit_ms=3000)
    assert (tried.limit_ms("python3"), tried.measured_ms("cpp", tried.programs[0])) == (3000, 6000)
    with pytest.raises(ValueError, match=r"--time-limit: .* 60 s"):
        load(PROBLEMS / "legacy_sum", time_limit_ms=60_001)


def test_with_a_grader_of_its_own_a_package_is_judged_under_the_limit_in_force(tmp_path: Path) -> None:
    """What the grader would make of a test that turns out too slow is not known here."""
    folder = tmp_path / "sum"
    shutil.copytree(PROBLEMS / "legacy_sum", folder)
    (folder / "graders").mkdir()
    (folder / "graders" / "grader.py").write_text("")
    with (folder / "problem.yaml").open("a") as head:
        head.write("\ntype: scoring\n")
    (folder / "data" / "testdata.yaml").write_text("{grading: custom, range: 0 10}")
    package = load(folder)

    row = judged(
        row_of(package, "accepted/sum.py"), package, "ACCEPTED", "TIME_LIMIT_EXCEEDED", cpu_time_ms=1000
    )

    assert {package.measured_ms("python3", program) for program in package.programs} == {1000}
    assert row.run is not None
    assert row.run.verdict == "TIME_LIMIT_EXCEEDED"  # as judged


def test_what_is_wrong_with_expectations_is_wrong_with_the_package(tmp_path: Path) -> None:
    """All of it at once, before anything is sent."""
    folder = tmp_path / "sum"
    shutil.copytree(PROBLEMS / "legacy_sum", folder)
    (folder / "submissions" / "submissions.yaml").write_text("accepted/*: {permited: [AC]}")
    (folder / "submissions" / "accepted" / "sum.py").write_text("# @EXPECTED_RESULTS@: FINE")
    with pytest.raises(InvalidPackage) as caught:
        load(folder)
    assert [path for path, _ in caught.value.violations] == [
        "submissions/submissions.yaml:accepted/*.permited",
        "submissions/accepted/sum.py",
    ]


def test_oddities_of_the_test_data_are_told(tmp_path: Path) -> None:
    """As warnings beside those of the package itself."""
    folder = tmp_path / "sum"
    shutil.copytree(PROBLEMS / "legacy_sum", folder)
    (folder / "data" / "secret" / "1-small.in").write_bytes(b"1 2\r\n")
    assert any("1-small.in holds carriage returns" in warning for warning in load(folder).warnings)


@pytest.mark.parametrize(
    ("files", "stated", "code"),
    [
        ({"a.py": b""}, "", "python3"),
        ({"a.cc": b"", "b.h": b"", "README": b""}, "", "cpp"),
        ({"a.c": b"", "b.cpp": b""}, "", "cpp"),
        ({"a.py": b""}, "pypy3", "pypy3"),
        ({"a.txt": b""}, "cpp@20", "cpp@20"),
    ],
)
def test_the_language_is_the_stated_one_or_that_of_the_suffixes(
    files: dict[str, bytes], stated: str, code: str
) -> None:
    """Files that no language knows do not matter; C++ compiles C too."""
    program = Program("x/a", {path: path for path in files}, (), language=stated)
    assert language_of(program, LANGUAGES, files.__getitem__) == code


@pytest.mark.parametrize(
    ("files", "stated", "words", "fault"),
    [
        ({"a.scala": b""}, "", "no language of this mesh", False),
        ({"a.py": b""}, "cobol", "no language cobol", False),
        ({"a.py": b"#!/usr/bin/env python2\nprint 1"}, "", "Python 2", False),
        ({"a.py": b"", "build": b""}, "", "build script", False),
        ({"a.py": b"", "a.c": b""}, "", "several languages, c, python3", True),
    ],
)
def test_a_language_that_is_not_there_is_told_apart_from_one_that_cannot_be_told(
    files: dict[str, bytes], stated: str, words: str, *, fault: bool
) -> None:
    """The first is left out, the second is the package's fault."""
    program = Program("x/a", {path: path for path in files}, (), language=stated)
    with pytest.raises(Unknown, match=words) as caught:
        language_of(program, LANGUAGES, files.__getitem__)
    assert caught.value.package_is_at_fault is fault


def test_a_class_may_be_the_entry_point(package: Package) -> None:
    """The file that is named after it is handed in as such."""
    files = {path: path for path in ("Main.java", "other/Help.java")}
    for stated, entry_point in (
        ("Main", "Main.java"),
        ("MainKt", "Main.java"),
        ("Nowhere", "Nowhere"),
        ("", ""),
    ):
        assert package.entry_point(Program("x/a", files, (), entry_point=stated)) == entry_point


def test_an_empty_program_is_one_too(tmp_path: Path) -> None:
    """Packages have some that do nothing; the mesh takes no submission without a byte."""
    folder = tmp_path / "sum"
    shutil.copytree(PROBLEMS / "legacy_sum", folder)
    for name, text in {"alone.py": "", "two/main.py": "", "two/lib.py": "x = 1\n"}.items():
        (folder / "submissions/wrong_answer" / name).parent.mkdir(exist_ok=True)
        (folder / "submissions/wrong_answer" / name).write_text(text)

    package = load(folder)

    sources = [
        package.source(row_of(package, f"wrong_answer/{name}").program) for name in ("alone.py", "two")
    ]
    assert sources == [{"alone.py": b"\n"}, {"main.py": b"", "lib.py": b"x = 1\n"}]


def test_submissions_have_the_packages_constants_in_place(tmp_path: Path) -> None:
    """As validators and included files have, and as written in problem.yaml; other words in braces stay."""
    folder = tmp_path / "sum"
    shutil.copytree(PROBLEMS / "legacy_sum", folder)
    with (folder / "problem.yaml").open("a") as head:
        head.write("\nproblem_format_version: 2025-09\nconstants: {most: 1_000, half: 0.50}\n")
    (folder / "submissions/accepted/sum.py").write_text("print({{most}}, {{half}}, {{more}})\n")

    package = load(folder)

    program = row_of(package, "accepted/sum.py").program
    assert package.source(program) == {"sum.py": b"print(1_000, 0.50, {{more}})\n"}
    head = yaml.safe_load(package.replaced["problem.yaml"])
    assert head["constants"] == {"most": "1_000", "half": "0.50"}


def test_a_row_follows_a_watch_to_its_end(package: Package) -> None:
    """Its words change with the events; at the end it holds, or says what does not and why."""
    row = row_of(package, "accepted/sum.py")
    seen = []
    for event in (
        client.Queued(b"", None, 3),
        client.Running(b"", None, "a", "w", 2, "python"),
        client.Tested(b"", None, client.TestResult(1, "t", "ACCEPTED", 5, 6, 7, 8)),
    ):
        row.hear(event, package)
        seen.append(row.now)
    assert seen == ["queued, 3 ahead", "running", "test 1/2"]
    assert (row.holds, row.done, row.verdict) == (False, False, "")
    judged(row, package, "ACCEPTED", "ACCEPTED")
    assert (row.holds, row.done, row.verdict, row.detail) == (True, True, "ACCEPTED", "")
    wrong = judged(row_of(package, "accepted/sum.py"), package, "ACCEPTED", "WRONG_ANSWER")
    first_failing = package.manifest.tests[1].name
    assert not wrong.holds
    assert wrong.faults == (
        f"got WRONG ANSWER ({first_failing}), expected is ACCEPTED (submissions/accepted)",
    )
    assert wrong.detail == f"said of {first_failing}"


def test_what_took_longer_than_the_limit_counts_as_too_slow(package: Package) -> None:
    """It ran with the safety margin, and was right: at the time limit it would not have been."""
    slow = judged(row_of(package, "accepted/sum.py"), package, "ACCEPTED", cpu_time_ms=1500)
    too_slow = judged(row_of(package, "time_limit_exceeded/loop.py"), package, "ACCEPTED", cpu_time_ms=1500)
    assert slow.verdict == "TIME LIMIT EXCEEDED"
    assert not slow.holds
    assert too_slow.holds
    assert (too_slow.timings[Bound.UPPER].time_ms, too_slow.timings[Bound.UPPER].cut) == (1500, False)


@pytest.mark.parametrize("end", ["ACCEPTED", "WALL_TIME_LIMIT_EXCEEDED"])
def test_what_needed_wall_time_alone_is_judged_again(package: Package, end: str) -> None:
    """Under the limits in force: whether it idled or had to wait for a CPU is the worker's word then."""
    row = row_of(package, "accepted/sum.py")
    assert row.limits_ms(package) == (2000, 4000)

    judged(row, package, "ACCEPTED", "ACCEPTED", cpu_time_ms=400, wall_time_ms=3500)

    assert (row.again, row.done, row.holds) == (True, False, False)
    assert row.limits_ms(package) == (1000, 3000)
    timings = dict(row.timings)
    judged(row, package, "ACCEPTED", end, cpu_time_ms=500, wall_time_ms=3500)
    assert (row.done, row.holds) == (True, end == "ACCEPTED")
    assert row.verdict == end.replace("_", " ")
    assert row.timings == timings


def test_the_end_is_what_became_of_all(package: Package) -> None:
    """0 when all hold, 1 when one does not, 3 when the platform failed or nothing was judged."""
    right = judged(row_of(package, "accepted/sum.py"), package, "ACCEPTED")
    wrong = judged(row_of(package, "wrong_answer/off_by_one.py"), package, "ACCEPTED")
    failed = judged(row_of(package, "accepted/sum.py"), package, state="FAILED", failure="no disk")
    left_out = row_of(package, "accepted/sum.cpp")
    left_out.leave_out("C++ is not available")
    refused = row_of(package, "accepted/sum.cpp")
    refused.refuse("too large")
    assert [
        summary(package, rows).status
        for rows in ([right, left_out], [right, wrong], [right, refused], [right, failed], [left_out])
    ] == [0, 1, 1, 3, 3]
    assert failed.failure == "no disk"


def test_an_error_of_the_judge_says_where_its_words_are(package: Package) -> None:
    """Results hold none of them, since contestants may see results."""
    row = row_of(package, "accepted/sum.py")
    tests = tuple(
        client.TestResult(number, test.name, verdict, 1, 1, 1, 1, message=f"said of {verdict}")
        for number, (test, verdict) in enumerate(
            zip(package.manifest.tests, ("WRONG_ANSWER", "JUDGE_ERROR"), strict=False), 1
        )
    )
    judgement = client.Judgement("x", "FINISHED", "JUDGE_ERROR", 1, 1, 1, 2, tests, worker="workers/w-3")
    row.hear(client.Ended(b"", None, judgement), package)
    assert row.detail.splitlines()[0] == "said of JUDGE_ERROR"
    assert "gavel logs w-3" in row.detail
    assert summary(package, [row]).advice.slowest_in_time is None


def test_one_that_was_refused_counts_among_all(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    """Though nothing of it was judged."""
    row = row_of(package, "accepted/sum.py")
    row.refuse("the problem takes java alone")
    with view_of(package, [row], as_json=False) as view:
        view.end(summary(package, [row]))
    assert capsys.readouterr().out.splitlines()[-1] == "1 of 1 did not get what is expected"


def test_an_answer_that_lacks_tests_proves_nothing(package: Package) -> None:
    """It counts as not judged: what was left out may have been anything."""
    row = row_of(package, "accepted/sum.py")
    judgement = client.Judgement("x", "FINISHED", "ACCEPTED", 1, 1, 1, 9, left_out_test_count=9)
    row.hear(client.Ended(b"", None, judgement), package)
    assert not row.holds
    assert "leaves out 9" in row.failure
    assert summary(package, [row]).status == 3


def test_a_stated_time_limit_is_held_to_its_multipliers(tmp_path: Path) -> None:
    """In problem.yaml of a later format; elsewhere a limit that is too near is a warning."""
    folder = tmp_path / "greeting"
    shutil.copytree(PROBLEMS / "greeting_2025", folder)
    for stated in (True, False):
        head = yaml.safe_load((folder / "problem.yaml").read_text())
        head["limits"] = {"time_limit": 1} if stated else {}
        (folder / "problem.yaml").write_text(yaml.safe_dump(head))
        package = load(folder)
        limit_ms = package.limit_ms("python3")
        row = judged(row_of(package, "accepted/greet.py"), package, "ACCEPTED", cpu_time_ms=limit_ms // 2 + 1)
        found = summary(package, [row])
        assert row.holds
        assert (found.status, len(found.faults), len(found.warnings)) == ((1, 1, 0) if stated else (0, 0, 1))


def test_a_package_needs_a_submission_that_is_right(package: Package) -> None:
    """Whatever of it is looked at."""
    accepted = judged(row_of(package, "wrong_answer/off_by_one.py"), package, "WRONG_ANSWER")
    assert summary(package, [accepted]).status == 0
    without = Package(
        **{
            **{name: getattr(package, name) for name in Package.__slots__},
            "programs": [program for program in package.programs if not program.name.startswith("accepted/")],
        }
    )
    assert summary(without, [accepted]).faults == [
        "no submission has to be accepted: a package needs at least one"
    ]


def test_without_a_terminal_there_are_lines_and_a_table(
    package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was expected against what came, then the times and the limit that they ask for; nothing steers a
    terminal.
    """
    right = judged(row_of(package, "accepted/sum.py"), package, "ACCEPTED", cpu_time_ms=210)
    wrong = judged(row_of(package, "wrong_answer/off_by_one.py"), package, "RUN_TIME_ERROR")
    with view_of(package, [right, wrong], as_json=False) as view:
        view.waits("sends the package: 1 of 2 files")
        view.waits("sends the package: 2 of 2 files")
        view.waits("")
        for row in (right, wrong):
            view.ended(row)
        view.end(summary(package, [right, wrong]))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert shown.splitlines()[:3] == [
        "sends the package",
        "ok  accepted/sum.py: ACCEPTED",
        "BAD wrong_answer/off_by_one.py: RUN TIME ERROR",
    ]
    table = [" ".join(line.split()) for line in shown.splitlines()]
    assert "file language expected got CPU first failing test" in table
    assert "accepted/sum.py python3 ACCEPTED ACCEPTED 210 ms" in table
    first = package.manifest.tests[0].name
    assert f"wrong_answer/off_by_one.py python3 WRONG ANSWER RUN TIME ERROR 10 ms {first}" in table
    assert f"    said of {first}" in shown
    assert "slowest in time:      210 ms  accepted/sum.py (python3)" in shown
    assert "suggested time limit: 2.00 s" in shown
    assert shown.splitlines()[-1] == "1 of 2 did not get what is expected"


def test_json_is_one_object_a_line(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    """Each submission an event, the summary at the end."""
    right = judged(row_of(package, "accepted/sum.py"), package, "ACCEPTED", cpu_time_ms=210)
    with view_of(package, [right], as_json=True) as view:
        view.waits("sends the package")
        view.ended(right)
        view.end(summary(package, [right]))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line for line in lines if line["event"] != "warning"]
    assert told[0] == row_facts(right, package)
    assert [line["event"] for line in told] == ["submission", "summary"]
    assert (told[1]["holds"], told[1]["suggested_time_limit_ms"], told[1]["judged"]) == (True, 2000, 1)
    assert told[1]["slowest_in_time"] == {
        "file": "accepted/sum.py",
        "language": "python3",
        "cpu_time_ms": 210,
        "cut": False,
    }


def test_a_score_below_the_full_one_is_told_of_what_is_accepted(package: Package) -> None:
    """It holds, as its tests were accepted, and may belong elsewhere."""
    rule = of_folder("accepted", legacy=True, scoring=True)
    assert rule is not None
    row = Row(Program("accepted/a.py", {}, (rule,)), language="python3")
    judged(row, package, "PARTIAL")
    assert row.holds
    assert "did not get all points" in summary(package, [row]).warnings[0]
