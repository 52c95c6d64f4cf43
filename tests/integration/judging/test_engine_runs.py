"""Runs on the real sandbox: verdicts that no language is special in, limits, files, cancelling."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import time
import uuid

import pytest

from conftest import Cancel, Judge, Recorder  # type: ignore[attr-defined]
from gavel.judging.engine import Cancelled, EngineError, Job
from gavel.storage.keys import blob_key, source_blob_key
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.problem_pb2 import FileReference, Manifest, ManifestTest
from gavel.submission.v1.submission_record_pb2 import ProblemReference, SourceFiles, SubmissionRecord
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL

MIB = 1 << 20


def test_names_that_no_command_has_room_for_are_the_programs_fault(judge: Judge) -> None:
    """A package's program may have thousands of files, and no other worker could compile it either."""
    sources = {f"{'x' * 230}{number}.c": "" for number in range(900)}

    judged = judge.judge("c", {"main.c": "int main(void) { return 0; }\n", **sources})

    assert judged.compile is not None
    assert judged.verdict == s.VERDICT_COMPILE_ERROR
    assert "too long for one command" in judged.compile.output


def test_more_files_than_a_box_keeps_are_the_programs_fault(judge: Judge) -> None:
    """In any box: some hundred beside each other, all that an interpreter finds there."""
    judged = judge.judge("python3", {"main.py": "", **{f"m{number}.py": "" for number in range(900)}})

    assert judged.compile is not None
    assert judged.verdict == s.VERDICT_COMPILE_ERROR
    assert "901 files" in judged.compile.output


def test_a_public_type_with_a_name_that_no_file_may_have_is_the_programs_fault(judge: Judge) -> None:
    """Its file is named after it only where a file can be."""
    judged = judge.judge("java", {"Main.java": f"public class {'A' * 300} {{ }}\n"})

    assert judged.verdict == s.VERDICT_COMPILE_ERROR


def test_a_sleeper_is_over_the_wall_time_limit(judge: Judge) -> None:
    """A verdict of its own: the CPU idled."""
    judged = judge.judge(
        "python3", "import time; time.sleep(60)", limits=s.Limits(cpu_time_ms=500, wall_time_ms=600)
    )

    assert judged.verdict == s.VERDICT_WALL_TIME_LIMIT_EXCEEDED
    assert 600 <= judged.wall_time_ms < 2_000
    assert "wall time limit" in judged.tests[0].message


def test_a_flood_is_over_the_output_limit(judge: Judge) -> None:
    """Standard output and standard error count together; the head of it is kept."""
    source = "import sys\nwhile True: print('x' * 1000); print('y' * 1000, file=sys.stderr)"
    judged = judge.judge("python3", source, limits=s.Limits(output_bytes=MIB, cpu_time_ms=5_000))

    assert judged.verdict == s.VERDICT_OUTPUT_LIMIT_EXCEEDED
    assert MIB <= judged.tests[0].output_bytes < 2 * MIB
    assert judged.tests[0].stdout.startswith("xxxx")
    assert len(judged.tests[0].stdout) <= 4096


def test_without_an_expected_output_the_exit_status_alone_decides(judge: Judge) -> None:
    """No task at all, or a test without expected."""
    assert judge.judge("python3", "print('anything')").verdict == s.VERDICT_ACCEPTED
    assert judge.judge("python3", "raise SystemExit(3)").verdict == s.VERDICT_RUN_TIME_ERROR
    assert judge.judge("python3", "print(1)", tests=[s.InlineTest(input=b"x")]).verdict == s.VERDICT_ACCEPTED
    nothing_expected = judge.judge("python3", "print(1)", tests=[s.InlineTest(expected=b"")])
    assert nothing_expected.verdict == s.VERDICT_WRONG_ANSWER


def test_tests_behind_the_first_failure_are_skipped_unless_all_are_asked_for(judge: Judge) -> None:
    """The first that fails decides either way."""
    source = "x = input()\nif x == '3': raise SystemExit(1)\nprint('2' if x == '2' else '1')"
    tests = [s.InlineTest(name=f"t{n}", input=str(n).encode(), expected=b"1") for n in (1, 2, 3, 4)]
    stopped, everything = Recorder(), Recorder()

    first = judge.judge("python3", source, tests=tests, recorder=stopped)
    second = judge.judge("python3", source, tests=tests, run_policy=RUN_POLICY_RUN_ALL, recorder=everything)

    accepted, wrong, failed, skipped = (
        s.VERDICT_ACCEPTED,
        s.VERDICT_WRONG_ANSWER,
        s.VERDICT_RUN_TIME_ERROR,
        s.VERDICT_SKIPPED,
    )
    assert (first.verdict, second.verdict) == (wrong, wrong)
    assert [test.verdict for test in first.tests] == [accepted, wrong, skipped, skipped]
    assert [test.verdict for test in second.tests] == [accepted, wrong, failed, accepted]
    assert [test.test for test in stopped.tests] == ["t1", "t2"]
    assert len(everything.tests) == 4
    assert second.cpu_time_ms == max(test.cpu_time_ms for test in second.tests)


def test_a_program_may_have_several_files_arguments_and_an_entry_point(judge: Judge) -> None:
    """In folders, imported from one another, the second one being run."""
    sources: dict[str, str | bytes] = {
        "greetings/hello.py": "def hello(name): return f'hello {name}'",
        "start.py": "import sys\nfrom greetings.hello import hello\nprint(hello(*sys.argv[1:]))",
        "data.bin": b"\xff\x00",
    }
    tests = [s.InlineTest(expected=b"hello big world")]

    judged = judge.judge("python3", sources, entry_point="start.py", argv=["big world"], tests=tests)

    assert judged.verdict == s.VERDICT_ACCEPTED, judged


def test_java_takes_packages_and_public_classes_of_any_name(judge: Judge) -> None:
    """The file is called otherwise than its class, and the main class stands in a package."""
    sources: dict[str, str | bytes] = {
        "solution.java": "package a.b; public class Start { public static void main(String[] x)"
        " { System.out.println(Other.word()); } }",
        "Other.java": 'package a.b; class Other { static String word() { return "fine"; } }',
    }

    judged = judge.judge(
        "java", sources, tests=[s.InlineTest(expected=b"fine")], limits=s.Limits(cpu_time_ms=5_000)
    )

    assert judged.verdict == s.VERDICT_ACCEPTED, judged


def test_a_standard_of_the_language_can_be_chosen(judge: Judge) -> None:
    """C++20 knows concepts, C++11 does not."""
    source = "template <typename T> concept Any = true;\nint main() { }"

    assert judge.judge("cpp@20", source).verdict == s.VERDICT_ACCEPTED
    assert judge.judge("cpp@11", source).verdict == s.VERDICT_COMPILE_ERROR


def test_an_uploaded_source_is_read_by_its_digest(judge: Judge) -> None:
    """It does not travel in the record, and its content decides what is compiled."""
    data = b"print('from the store')"
    digest = hashlib.sha256(data).hexdigest()
    accepted = dt.datetime.now(dt.UTC)
    judge.objects.put(source_blob_key(accepted.date(), judge.tenant, digest), data)
    sources = SourceFiles(files=[s.SourceFile(path="a.py", digest=f"sha256:{digest}")])
    record = SubmissionRecord(language="python3", inline=sources)
    record.tests.tests.add(expected=b"from the store")
    identity = uuid.UUID(int=int(accepted.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62)

    judged = judge.engine.judge(Job(identity, judge.tenant, record, sources), Recorder(), Cancel())

    assert judged.verdict == s.VERDICT_ACCEPTED
    with pytest.raises(EngineError, match="is not stored"):
        judge.engine.judge(Job(identity, "other", record, sources), Recorder(), Cancel())


def test_runs_do_not_see_what_earlier_ones_left(judge: Judge) -> None:
    """Neither in the work folder, nor in /tmp or /dev/shm; and the program itself cannot be changed."""
    source = (
        "import os\n"
        "left = [p for p in ('mine', '/tmp/mine', '/dev/shm/mine') if os.path.exists(p)]\n"
        "for p in ('mine', '/tmp/mine', '/dev/shm/mine'): open(p, 'w').close()\n"
        "try: open('main.py', 'a').write('x'); left.append('changed')\n"
        "except OSError: pass\n"
        "print(left)"
    )
    tests = [s.InlineTest(expected=b"[]")] * 3

    assert judge.judge("python3", source, tests=tests).verdict == s.VERDICT_ACCEPTED


def test_a_compiler_that_is_made_to_work_forever_is_stopped(judge: Judge) -> None:
    """Templates without end: limits of their own end it, and it is the program's fault."""
    source = (
        "template <int N> struct F { static constexpr long v = F<N - 1>::v + F<N - 2>::v; };\n"
        "constexpr long f(long n) { long s = 0; for (long i = 0; i < n; i++) s += i % 7; return s; }\n"
        "static_assert(f(4000000000L) > 0);\nint main() { }"
    )

    judged = judge.judge("cpp", source)

    assert judged.verdict == s.VERDICT_COMPILE_ERROR
    assert judged.compile is not None
    assert len(judged.compile.output.encode()) <= 64 * 1024


def test_a_compilers_endless_complaints_are_cut(judge: Judge) -> None:
    """At 64 KiB."""
    judged = judge.judge("cpp", "\n".join(f"nonsense{n} x;" for n in range(5_000)))

    assert judged.verdict == s.VERDICT_COMPILE_ERROR
    assert judged.compile is not None
    assert 32 * 1024 < len(judged.compile.output.encode()) <= 64 * 1024


def test_output_that_is_no_text_becomes_text_in_the_result(judge: Judge) -> None:
    """Invalid UTF-8 and NUL are replaced: results go into messages and a database."""
    judged = judge.judge("python3", r"import sys; sys.stdout.buffer.write(b'a\x00b\xffc')")

    assert judged.tests[0].stdout == "a\ufffdb\ufffdc"


def test_a_large_output_is_compared_without_being_held(judge: Judge) -> None:
    """30 MiB against 30 MiB."""
    source = "import sys\nfor _ in range(300): sys.stdout.write('1234567 ' * 13107)"
    answer = b"1234567\n" * (300 * 13107)
    digest = hashlib.sha256(answer).hexdigest()
    empty = hashlib.sha256(b"").hexdigest()
    manifest = Manifest(
        tests=[
            ManifestTest(
                name="secret/1",
                input=FileReference(sha256=empty),
                answer=FileReference(sha256=digest, size_bytes=len(answer)),
            )
        ],
        limits=s.Limits(cpu_time_ms=5_000, output_bytes=32 * MIB),
    )
    name = hashlib.sha256(manifest.SerializeToString()).hexdigest()
    for key, data in ((digest, answer), (empty, b""), (name, manifest.SerializeToString())):
        judge.objects.put(blob_key(judge.tenant, key), data)

    judged = judge.judge("python3", source, problem=ProblemReference(manifest_digest=name))

    assert judged.verdict == s.VERDICT_ACCEPTED, judged
    assert judged.tests[0].output_bytes == len(answer)


def test_a_run_is_cancelled_from_another_thread(judge: Judge) -> None:
    """At once, not at its limits; nothing comes of it but Cancelled."""
    cancel = Cancel()
    timer = threading.Timer(0.5, cancel.cancel)
    timer.start()
    began = time.monotonic()

    with pytest.raises(Cancelled):
        judge.judge("python3", "while True: pass", cancel=cancel, limits=s.Limits(cpu_time_ms=30_000))

    assert time.monotonic() - began < 5
    timer.join()


def test_what_is_cancelled_before_it_starts_does_not_run(judge: Judge) -> None:
    """Neither before the first step, nor between two."""
    early, late = Cancel(), Cancel()
    early.cancel()

    with pytest.raises(Cancelled):
        judge.judge("python3", "print(1)", cancel=early)
    with pytest.raises(Cancelled):
        judge.judge("cpp", "int main() { }", cancel=late, recorder=Recorder(on_started=late.cancel))


def test_a_language_that_is_not_served_is_the_platforms_failure(judge: Judge) -> None:
    """The record came to the wrong worker, or its code is unknown."""
    with pytest.raises(EngineError, match="COBOL"):
        judge.engine.judge(
            Job(uuid.uuid4(), "local", SubmissionRecord(language="COBOL"), SourceFiles()),
            Recorder(),
            Cancel(),
        )


def test_many_threads_judge_at_once(judge: Judge) -> None:
    """One engine, one sandbox, four slots."""
    verdicts: list[int] = []

    def slot(number: int) -> None:
        for _ in range(3):
            tests = [s.InlineTest(input=str(number).encode(), expected=str(number * 2).encode())] * 3
            verdicts.append(judge.judge("python3", "print(int(input()) * 2)", tests=tests).verdict)

    threads = [threading.Thread(target=slot, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert verdicts == [s.VERDICT_ACCEPTED] * 12
