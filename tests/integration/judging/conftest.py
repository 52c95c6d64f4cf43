"""One sandbox and one engine for all tests of judging."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gavel.client import uuid7
from gavel.judging import toolchains
from gavel.judging.engine import Engine, Job, Judged
from gavel.judging.languages import LANGUAGES
from gavel.judging.outcome import FurtherSlots
from gavel.sandbox import Sandbox
from gavel.storage.objects import Objects
from gavel.submission.v1.submission_pb2 import CompileResult, InlineTest, InlineTests, SourceFile, TestResult
from gavel.submission.v1.submission_record_pb2 import SourceFiles, SubmissionRecord


@pytest.fixture(autouse=True)
def _patience(request: pytest.FixtureRequest) -> None:
    request.node.add_marker(pytest.mark.integration)


class Cancel:
    """A cancellation that a test pulls."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def on_cancel(self, callback: Callable[[], None], /) -> None:
        with self._lock:
            self._callbacks.append(callback)
            if not self.cancelled:
                return
        callback()

    def cancel(self) -> None:
        with self._lock:
            self._event.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()


@dataclasses.dataclass
class Recorder:
    """Progress as it came."""

    test_count: int = -1
    compiled_results: list[CompileResult] = dataclasses.field(default_factory=list)
    tests: list[TestResult] = dataclasses.field(default_factory=list)
    outputs: dict[str, bytes] = dataclasses.field(default_factory=dict)
    on_started: Callable[[], None] = lambda: None

    def started(self, test_count: int, language_version: str, /) -> None:
        assert language_version
        self.test_count = test_count
        self.on_started()

    def compiled(self, result: CompileResult, /) -> None:
        self.compiled_results.append(result)

    def test(self, result: TestResult, /) -> None:
        self.tests.append(result)

    def output(self, name: str, data: bytes, /) -> str:
        self.outputs[name] = data
        return f"outputs/{name}"


@dataclasses.dataclass
class Judge:
    """The engine, with what a test needs to ask it something."""

    engine: Engine
    objects: Objects
    tenant: str = "local"

    def judge(
        self,
        language: str,
        sources: str | dict[str, str | bytes],
        *,
        tests: list[InlineTest] | None = None,
        validator_arguments: tuple[str, ...] = (),
        recorder: Recorder | None = None,
        cancel: Cancel | None = None,
        slots: FurtherSlots | None = None,
        **record: object,
    ) -> Judged:
        """Judges sources (a text: one file of that language) against inline tests, a problem or nothing."""
        code = language.split("@", maxsplit=1)[0]
        if isinstance(sources, str):
            sources = {f"main{LANGUAGES[code].suffixes[0]}": sources}
        files = SourceFiles(
            files=[
                SourceFile(path=path, data=text.encode() if isinstance(text, str) else text)
                for path, text in sources.items()
            ]
        )
        made = SubmissionRecord(language=language, inline=files, **record)  # type: ignore[arg-type]
        if tests is not None:
            made.tests.CopyFrom(InlineTests(tests=tests, validator_arguments=validator_arguments))
        job = Job(uuid7(), self.tenant, made, files)
        return self.engine.judge(job, recorder or Recorder(), cancel or Cancel(), slots)


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """The engine over the real sandbox, with every language of this machine."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-judging-"))
    folder.chmod(0o755)
    with Sandbox(str(folder / "state")) as sandbox:
        objects = Objects(f"file://{folder / 'objects'}")
        found = {code: toolchains.detect(code) for code in LANGUAGES}
        yield Judge(Engine(sandbox, objects, found, str(folder / "cache")), objects)
        objects.close()
    shutil.rmtree(folder)
