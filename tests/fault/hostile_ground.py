"""Where hostile programs are judged: the engine on the real sandbox, and all that could be left behind."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from hostile_corpus import DEFAULT_LIMITS, FOLDER, Hostile

import run_groups
from conditions import until
from gavel.client import uuid7
from gavel.judging import limits, toolchains
from gavel.judging.engine import Engine, Job, Judged
from gavel.judging.languages import LANGUAGES
from gavel.sandbox import Sandbox
from gavel.storage.keys import blob_key
from gavel.storage.objects import Objects
from gavel.submission.v1.problem_pb2 import (
    PROBLEM_TYPE_PASS_FAIL,
    FileReference,
    Manifest,
    ManifestTest,
    Validator,
)
from gavel.submission.v1.submission_pb2 import (
    CompileResult,
    InlineTest,
    InlineTests,
    Limits,
    SourceFile,
    TestResult,
    Verdict,
)
from gavel.submission.v1.submission_record_pb2 import ProblemReference, SourceFiles, SubmissionRecord
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL
from package_folder import stored

CODES = ("c", "cpp", "python3", "java", "javascript")
TENANT = "local"
CANARY = "kept-from-every-program"
HELLO = 'print("held")\n'
_SPARE_BOXES = 1
_SETTLE_S = 20.0
_LOOKS = 5
"""So many of them, one after another, see the same when nothing goes on any more."""


class Uncancelled:
    """A judgement that nobody ends and nobody watches."""

    cancelled = False

    def on_cancel(self, callback: Callable[[], None], /) -> None: ...

    def started(self, test_count: int, language_version: str, /) -> None: ...

    def compiled(self, result: CompileResult, /) -> None: ...

    def test(self, result: TestResult, /) -> None: ...

    def output(self, _name: str, _data: bytes, /) -> str:
        return ""


@dataclasses.dataclass(frozen=True, slots=True)
class Remains:
    """What there is while nothing runs."""

    processes: int
    """Below the spawner."""
    mounts: str
    spawner_mounts: str
    cgroups: frozenset[str]
    descriptors: tuple[tuple[str, int], ...]
    """What the descriptors of this process are of, and how many of each."""
    state: frozenset[str]
    """The files of the sandbox."""
    objects: frozenset[str]
    """Those of the object storage."""
    host: tuple[str, ...]
    """Of files that programs were after: content, owner, mode and times."""


@dataclasses.dataclass(frozen=True, slots=True)
class Timed:
    """A judgement and what it took."""

    judged: Judged
    elapsed_s: float
    worker_cpu_s: float
    """Of this process."""
    pressed_s: float
    """How long anybody on this machine had to wait for a CPU meanwhile: so long may a run be late for it."""

    @property
    def verdict(self) -> str:
        return name_of(self.judged.verdict)

    def told(self) -> str:
        """What there is to say of it when it is not as it should be."""
        times = (
            f"{self.elapsed_s:.2f} s, {self.pressed_s:.2f} s of pressure, worker {self.worker_cpu_s:.2f} s"
        )
        compiled = f"{self.judged.compile.output[-800:]}" if self.judged.compile is not None else ""
        tests = "\n".join(
            f"{name_of(test.verdict)} {test.message} {test.feedback[:300]} {test.stderr[-500:]}"
            for test in self.judged.tests
        )
        return f"{self.verdict}, {times} {self.judged.detail}\n{compiled}\n{tests}"


class Ground:
    """The engine with every language of CODES that the machine has. A context manager.

    What there is when all of them have their spare boxes, and nothing is judged, is what there must be after
    each judgement.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="gavel-hostile-"))
        self._folder.chmod(0o755)
        self.victim = self._folder / "victim"
        self.victim.write_text(CANARY)
        self.victim.chmod(0o644)
        self._stack = contextlib.ExitStack()
        self._listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._local = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        self._local.bind(str(self._folder / "socket"))
        self._local.listen()
        for listener in (self._listener, self._local):
            listener.setblocking(False)
        self.sandbox = Sandbox(str(self._folder / "state"), spare_boxes=_SPARE_BOXES)
        self.objects = Objects(f"file://{self._folder / 'objects'}")

    def __enter__(self) -> Self:
        self._stack.enter_context(self.sandbox)
        found = {code: toolchains.detect(code) for code in CODES}
        self.engine = Engine(self.sandbox, self.objects, found, str(self._folder / "cache"))
        for code in CODES:  # the spare boxes of each language are made, the caches of the process filled
            if self.engine.toolchains[code].available:
                source = SourceFile(
                    path="main" + LANGUAGES[code].suffixes[0], data=LANGUAGES[code].selftest.encode()
                )
                self.judge(SubmissionRecord(language=code, inline=SourceFiles(files=[source])))
        self.objects.get(blob_key(TENANT, self._stored("warm", b"warm").sha256))  # its threads are started
        self._quiet = self.settled()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._stack.close()
        self.objects.close()
        shutil.rmtree(self._folder)

    @property
    def input(self) -> bytes:
        """Of every test: what there is to attack. The canary is told backwards: none can find it here."""
        port = self._listener.getsockname()[1]
        return (
            f"file {self.victim}\npid {os.getpid()}\nport {port}\nsocket {self._folder / 'socket'}\n"
            f"canary {CANARY[::-1]}\n"
        ).encode()

    def judge(self, record: SubmissionRecord, engine: Engine | None = None) -> Timed:
        """Judges a record as a worker does; by another engine on the same sandbox, if one is given."""
        job = Job(uuid7(), TENANT, record, record.inline)
        quiet = Uncancelled()
        pressed, used, began = _pressure_s(), time.process_time(), time.monotonic()
        judged = (engine or self.engine).judge(job, quiet, quiet)
        elapsed = time.monotonic() - began
        return Timed(judged, elapsed, time.process_time() - used, _pressure_s() - pressed)

    def record(self, hostile: Hostile) -> SubmissionRecord:
        """The program against as many tests as it says, all of which are run, with `held` for an answer."""
        files = [SourceFile(path=hostile.file_name, data=hostile.source.encode())]
        if hostile.language in {"c", "cpp"}:
            files.append(SourceFile(path="held.h", data=(FOLDER / "held.h").read_bytes()))
        record = SubmissionRecord(
            language=hostile.language,
            inline=SourceFiles(files=files),
            limits=Limits(**hostile.limits),
            run_policy=RUN_POLICY_RUN_ALL,
        )
        test = InlineTest(input=self.input, expected=b"held\n")
        record.tests.CopyFrom(
            InlineTests(tests=[test] * hostile.tests, validator_arguments=hostile.validator_arguments)
        )
        return record

    def against(self, problem: ProblemReference, hostile: Hostile) -> SubmissionRecord:
        """The program against all tests of a problem."""
        record = self.record(hostile)
        record.problem.CopyFrom(problem)
        return record

    def allowed_s(self, record: SubmissionRecord, timed: Timed) -> float:
        """How long a judgement may have lasted: what compiling took, each run's wall time, and a second."""
        resolved = limits.resolve(record.limits, None, LANGUAGES[record.language])
        compiled_ms = timed.judged.compile.wall_time_ms if timed.judged.compile is not None else 0
        assert compiled_ms <= limits.COMPILE_WALL_TIME_MS.default + 1_000 + timed.pressed_s * 1_000
        runs = max(1, len(timed.judged.tests))
        return compiled_ms / 1_000 + runs * resolved.wall_time_ms / 1_000 + 1 + timed.pressed_s

    def remains(self) -> Remains:
        """What there is now."""
        spawner = self.sandbox.spawner_pid
        return Remains(
            processes=len(descendants(spawner)),
            mounts=Path("/proc/self/mountinfo").read_text("utf-8"),
            spawner_mounts=Path(f"/proc/{spawner}/mountinfo").read_text("utf-8"),
            cgroups=frozenset(map(str, run_groups.runs(os.getpid()))),
            descriptors=_descriptors(),
            state=self._files("state"),
            objects=self._files("objects"),
            host=tuple(_facts(path) for path in (self.victim, Path("/usr/bin/env"), Path("/etc/passwd"))),
        )

    def _files(self, folder: str) -> frozenset[str]:
        return frozenset(str(path) for path in (self._folder / folder).rglob("*"))

    def settled(self) -> Remains:
        """What there is once nothing changes any more: spare boxes are made, dead ones are gone."""
        seen = [self.remains()]

        def same() -> bool:
            seen.append(self.remains())
            return len(seen) > _LOOKS and len(set(seen[-_LOOKS:])) == 1

        until(same, "something goes on although nothing is judged", _SETTLE_S)
        return seen[-1]

    @contextlib.contextmanager
    def unharmed(self) -> Iterator[None]:
        """What is judged meanwhile leaves no process, file, mount, cgroup or descriptor behind, and the host
        as it was; and the next submission is judged right.
        """
        # Other tests of this process may hold descriptors of their own.
        before = dataclasses.replace(self._quiet, objects=self._files("objects"), descriptors=_descriptors())
        yield
        self._goes_on()
        self._again(before)
        assert self._unreached()

    def _again(self, before: Remains) -> None:
        """All is as before, soon."""
        try:
            until(lambda: self.remains() == before, "all is as before", _SETTLE_S)
        except AssertionError as error:
            raise AssertionError(f"left: {changes(before, self.remains())}") from error

    def _unreached(self) -> bool:
        """Whether nobody came to the host's listeners."""
        for listener in (self._listener, self._local):
            with contextlib.suppress(BlockingIOError):
                listener.accept()[0].close()
                return False
        return True

    def _goes_on(self) -> None:
        files = SourceFiles(files=[SourceFile(path="main.py", data=HELLO.encode())])
        record = SubmissionRecord(language="python3", inline=files)
        record.tests.CopyFrom(InlineTests(tests=[InlineTest(expected=b"held\n")]))
        assert self.judge(record).verdict == "ACCEPTED"

    def problem(
        self, validator: Hostile, *, interactive: bool, limits_: Limits | None = None
    ) -> ProblemReference:
        """A stored problem judged by the file, of as many tests as that says: `1`, `2`."""
        tests = []
        for number in range(1, validator.tests + 1):
            data = self._stored(f"{number}.in", f"{number}\n".encode())
            tests.append(ManifestTest(name=f"secret/{number}", input=data, answer=data))
        name = f"validate{Path(validator.name).suffix}"
        files = [self._stored(name, validator.source.encode())]
        manifest = Manifest(
            display_name="Numbers",
            type=PROBLEM_TYPE_PASS_FAIL,
            interactive=interactive,
            validator=Validator(language=validator.language, files=files, entry_point=name),
            limits=Limits(**DEFAULT_LIMITS) if limits_ is None else limits_,
            tests=tests,
        )
        digest = stored(self.objects, TENANT, manifest.SerializeToString(deterministic=True))
        return ProblemReference(problem="problems/numbers", manifest_digest=digest)

    def _stored(self, path: str, data: bytes) -> FileReference:
        return FileReference(path=path, sha256=stored(self.objects, TENANT, data), size_bytes=len(data))


def changes(before: Remains, after: Remains) -> dict[str, tuple[object, object]]:
    """What differs."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in Remains.__slots__)
    return {name: (first, second) for name, first, second in pairs if first != second}


def name_of(verdict: Verdict) -> str:
    """WRONG_ANSWER and the like."""
    return Verdict.Name(verdict).removeprefix("VERDICT_")


def descendants(pid: int) -> set[int]:
    """Every process below `pid`, as the host sees it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def _descriptors() -> tuple[tuple[str, int], ...]:
    """How many of each kind this process has."""
    kinds: Counter[str] = Counter()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            kind = str(entry.readlink()).split(":")[0]
            if not kind.startswith("/memfd"):  # the cache of the object storage
                kinds[kind if not kind.startswith("/proc/") else "/proc"] += 1
    return tuple(sorted(kinds.items()))


def _facts(path: Path) -> str:
    status = path.stat()
    times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
    return f"{path} {status.st_mode:o} {status.st_uid} {status.st_size} {times}"


def _pressure_s() -> float:
    """How long, since the machine's start, at least one task of it had to wait for a CPU."""
    try:
        some = Path("/proc/pressure/cpu").read_text("ascii").splitlines()[0]
    except OSError:
        return 0.0
    return int(some.rpartition("total=")[2]) / 1e6
