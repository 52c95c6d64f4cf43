"""Compiling a program in its box, or taking what an earlier compilation of the same sources made."""

import dataclasses
import errno
import os
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from gavel.judging.compile_cache import ENTRY_BYTES_MOST, CompileCache, key_of
from gavel.judging.languages import Language, UnknownLanguage, parse_language
from gavel.judging.limits import COMPILE_CPU_TIME_MS, COMPILE_MEMORY_BYTES, COMPILE_WALL_TIME_MS
from gavel.judging.outcome import Cancelled, EngineError
from gavel.judging.plan import INSPECTED_BYTES, UnfitSources, build
from gavel.judging.report import text
from gavel.judging.source_text import is_marked, unmarked, with_lf
from gavel.judging.store import Store
from gavel.judging.toolchains import Toolchain
from gavel.judging.verdict import Facts, seconds
from gavel.sandbox import (
    PATH_FOLDERS_MOST,
    Box,
    CannotExecuteError,
    Command,
    Kill,
    Limits,
    Outcome,
    SandboxError,
    TooMuchToKeepError,
)
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_pb2 import CompileResult

OUTPUT_BYTES_MOST = 64 * 1024
_BLOCK_BYTES = 1024 * 1024
_EXECUTABLE = 0o555
_WHOLE_FOLDER = "."
_RESULT = "/result"
"""Where the cache keeps what the compiler said: no path of a file that it made begins so."""
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108  (the box's own)
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
}

Files: TypeAlias = Mapping[str, bytes | int]
"""A program's files by path: their bytes, or a descriptor of a file that nobody can change."""
Made: TypeAlias = Mapping[str, bytes]
"""What compiling made, by path; nothing where nothing is compiled."""


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """A program that stands ready in its box."""

    run: tuple[str, ...]
    """Its command; words in braces that stand for limits are still in it."""
    environment: Mapping[str, str]
    check: tuple[str, ...] = ()
    """What says whether it can be run at all, for `Builder.refusal`."""
    made: Made | None = None
    """For further boxes; None when it is too much to be kept."""


def environment(toolchain: Toolchain) -> dict[str, str]:
    """The whole environment of a compiler or a program."""
    return {**_ENVIRONMENT, **toolchain.language.environment, **toolchain.environment}


@dataclasses.dataclass(frozen=True, slots=True)
class Builder:
    """Builds programs of one language and standard."""

    toolchain: Toolchain
    standard: str
    cache: CompileCache
    tenant: str
    """Of whom a cached compilation may be taken."""

    def build(
        self,
        box: Box,
        files: Files,
        entry_point: str,
        limits: Limits,
        included: tuple[str, ...] = (),
        *,
        made: Made | None = None,
    ) -> tuple[Program | None, CompileResult]:
        """Puts the files into the box, compiles them and freezes the box; no program with COMPILE_ERROR.

        With `made`, of a program that was built of the same files, nothing is compiled. Raises EngineError,
        Cancelled.
        """
        language = self.toolchain.language
        heads = {path: _head(data) for path, data in files.items()}
        try:
            _check_amount(language, {path: files[path] for path in files if path not in included})
            plan = build(
                language,
                self.standard,
                self.toolchain.programs,
                heads,
                entry_point=entry_point,
                included=included,
            )
        except UnfitSources as error:
            return None, _refused(str(error))
        placed = {plan.paths[path]: _handed_over(language, path, data) for path, data in files.items()}
        try:
            for path, data in placed.items():
                box.put(path, data)
            if made is None:
                most = _generous(limits, language)
                result, made = self._made(box, plan.compile, placed, most, language.artefact)
            else:
                result = _put(box, made)
            if result.verdict != submission_pb2.VERDICT_ACCEPTED:
                return None, result
            box.freeze(None if language.artefact == _WHOLE_FOLDER else _tops(language.artefact))
        except TooMuchToKeepError as error:
            return None, _refused(str(error))
        except SandboxError as error:
            raise EngineError(f"compiling: {error}") from error
        return Program(plan.run, environment(self.toolchain), plan.check, made), result

    def build_by_scripts(
        self, box: Box, files: Files, limits: Limits, *, made: Made | None = None
    ) -> tuple[Program | None, CompileResult]:
        """As `build`, but `build` among the files, where there is one, makes the program, and `run`, a file
        or what `build` left, is the program. Both are executed as they are: by their first line.
        """
        try:
            for path, data in files.items():
                box.put(path, data, _EXECUTABLE)
            argv = ("/work/build",) if "build" in files else ()
            if made is None:
                result, made = self._made(box, argv, files, limits, _WHOLE_FOLDER)
            else:
                result = _put(box, made)
            if result.verdict != submission_pb2.VERDICT_ACCEPTED:
                return None, result
            if made and "run" in made:
                box.put("run", made["run"], _EXECUTABLE)  # as from the cache, which keeps no modes
            names = box.names()
            box.freeze(names)
        except TooMuchToKeepError as error:
            return None, _refused(str(error))
        except SandboxError as error:
            raise EngineError(f"building: {error}") from error
        if "run" not in names:
            return None, _refused(f"{result.output}\nbuild left no file run.")
        return Program(("/work/run",), environment(self.toolchain), made=made), result

    def refusal(self, box: Box, program: Program, facts: Facts, limits: Limits) -> CompileResult | None:
        """Why a program without a compiler that failed is none, such as one with a syntax error; else None.

        To look only after a failure that reads like one saves every right program a second start of its
        interpreter, which is most of what judging a small one costs. Raises EngineError, Cancelled.
        """
        if facts.exit_code in {None, 0} or not program.check:
            return None
        if not any(word.encode() in facts.stderr for word in self.toolchain.language.check_errors):
            return None
        try:
            result = self._compiled(box, program.check, limits)
        except SandboxError as error:
            raise EngineError(f"checking: {error}") from error
        return None if result.verdict == submission_pb2.VERDICT_ACCEPTED else result

    def _made(
        self, box: Box, argv: tuple[str, ...], placed: Files, limits: Limits, artefact: str
    ) -> tuple[CompileResult, Made | None]:
        if not argv:
            return _put(box, {}), {}
        key = self._key(argv, placed) if artefact else ""
        kept = self.cache.get(key) if artefact else None
        if kept is not None:
            result = CompileResult.FromString(kept.pop(_RESULT))
            _put(box, kept)
            result.cached = True
            return result, kept
        result = self._compiled(box, argv, limits)
        if not artefact or result.verdict != submission_pb2.VERDICT_ACCEPTED:
            return result, None
        made = _collect(box, artefact)
        if made == {}:
            return _refused(f"{result.output}\nThe compiler left no {artefact}."), None
        if made is not None:
            self.cache.put(key, {**made, _RESULT: result.SerializeToString()})
        return result, made

    def _compiled(self, box: Box, argv: tuple[str, ...], limits: Limits) -> CompileResult:
        try:
            outcome = box.run(Command(argv, environment(self.toolchain)), limits)
        except CannotExecuteError as error:
            if argv[0].startswith("/work/"):  # no compiler of ours, but the package's
                return _refused(f"build cannot be executed: {error}")
            if error.errno == errno.E2BIG:
                return _refused("The names of the source files are too long for one command.")
            raise EngineError(f"{argv[0]} cannot be run: {error}") from error
        with outcome:
            if outcome.kill is Kill.CANCELLED:
                raise Cancelled
            fine = outcome.kill is Kill.NONE and outcome.exit_code == 0
            return CompileResult(
                verdict=submission_pb2.VERDICT_ACCEPTED if fine else submission_pb2.VERDICT_COMPILE_ERROR,
                output=text(_said(outcome, limits), OUTPUT_BYTES_MOST),
                cpu_time_ms=outcome.cpu_time_ms,
                wall_time_ms=outcome.wall_time_ms,
                memory_bytes=outcome.memory_bytes,
            )

    def _key(self, argv: tuple[str, ...], placed: Files) -> str:
        # What an entry holds is part of its name: workers of another release may share the folder.
        parts: list[str | bytes] = [_RESULT, self.tenant, self.toolchain.fingerprint, *argv, ""]
        for variable in sorted(environment(self.toolchain).items()):
            parts += variable
        parts.append("")
        for path, data in sorted(placed.items()):
            parts += [path, _digest(data)]
        return key_of(parts)


@dataclasses.dataclass(frozen=True, slots=True)
class Workshop:
    """What a worker has to build programs with."""

    store: Store
    toolchains: Mapping[str, Toolchain]
    cache: CompileCache

    def builder(self, language: str, tenant: str) -> Builder:
        """Of a language as it is asked for: `cpp`, `cpp@20`. EngineError when it is not served here."""
        try:
            known, standard = parse_language(language)
        except UnknownLanguage as error:
            raise EngineError(str(error)) from error
        toolchain = self.toolchains.get(known.code)
        if toolchain is None or not toolchain.available:
            raise EngineError(f"this worker does not serve {known.code}")
        return Builder(toolchain, standard, self.cache, tenant)


def _tops(artefact: str) -> list[str]:
    """What lies at the top of /work of it."""
    return [artefact.split("/", 1)[0]] if artefact else []


def _head(data: bytes | int) -> bytes:
    return data[:INSPECTED_BYTES] if isinstance(data, bytes) else os.pread(data, INSPECTED_BYTES, 0)


def _blocks(data: bytes | int) -> Iterator[bytes]:
    """The content block by block: an uploaded file may be too large to be held in memory."""
    offset = 0
    while block := (
        data[offset : offset + _BLOCK_BYTES]
        if isinstance(data, bytes)
        else os.pread(data, _BLOCK_BYTES, offset)
    ):
        offset += len(block)
        yield block


def _digest(data: bytes | int) -> str:
    return key_of(_blocks(data))


def _handed_over(language: Language, path: str, data: bytes | int) -> bytes | int:
    """A file as the compiler gets it: a source without a byte order mark and, where its language needs that,
    with Unix' line ends. Any other file as it is.
    """
    if not language.owns(path):
        return data
    if is_marked(_head(data)[:4]):
        data = unmarked(b"".join(_blocks(data)))
    if language.line_ends == "lf" and any(b"\r" in block for block in _blocks(data)):
        data = with_lf(b"".join(_blocks(data)))
    return data


def _check_amount(language: Language, files: Files) -> None:
    """Raises UnfitSources for more than the language takes."""
    own = [data for path, data in files.items() if language.owns(path)]
    if 0 < language.source_files_most < len(own):
        raise UnfitSources(
            f"{len(own)} source files; {language.display_name} takes {language.source_files_most} at most"
        )
    size_bytes = sum(len(data) if isinstance(data, bytes) else os.fstat(data).st_size for data in own)
    if 0 < language.source_bytes_most < size_bytes:
        raise UnfitSources(
            f"the source files hold {size_bytes} bytes; {language.display_name} takes "
            f"{language.source_bytes_most} at most"
        )


def _generous(limits: Limits, language: Language) -> Limits:
    """The compiler's limits with what a slow one is given on top, never beyond what any compiler may have."""
    factor = language.compile_time_factor
    memory_bytes = max(limits.memory_bytes, min(language.compile_memory_bytes, COMPILE_MEMORY_BYTES.most))
    return dataclasses.replace(
        limits,
        cpu_time_ms=max(
            limits.cpu_time_ms, min(round(limits.cpu_time_ms * factor), COMPILE_CPU_TIME_MS.most)
        ),
        wall_time_ms=max(
            limits.wall_time_ms, min(round(limits.wall_time_ms * factor), COMPILE_WALL_TIME_MS.most)
        ),
        memory_bytes=memory_bytes,
        stack_bytes=max(limits.stack_bytes, memory_bytes),
    )


def _put(box: Box, made: Made) -> CompileResult:
    for path, data in made.items():
        box.put(path, data, _EXECUTABLE)
    return CompileResult(verdict=submission_pb2.VERDICT_ACCEPTED)


def _refused(reason: str) -> CompileResult:
    return CompileResult(
        verdict=submission_pb2.VERDICT_COMPILE_ERROR, output=text(reason.encode(), OUTPUT_BYTES_MOST)
    )


def _said(outcome: Outcome, limits: Limits) -> bytes:
    """What the compiler wrote, behind the reason when it was ended."""
    reason = {
        Kill.CPU_TIME: f"The compiler was stopped after {seconds(limits.cpu_time_ms)} of CPU time.\n",
        Kill.WALL_TIME: f"The compiler was stopped after {seconds(limits.wall_time_ms)}.\n",
        Kill.MEMORY: f"The compiler was stopped at {limits.memory_bytes // 2**20} MiB of memory.\n",
        Kill.OUTPUT: "The compiler was stopped for writing too much.\n",
    }.get(outcome.kill, "")
    return reason.encode() + os.pread(outcome.stdout, OUTPUT_BYTES_MOST, 0) + outcome.stderr


def _collect(box: Box, artefact: str) -> dict[str, bytes] | None:
    """The file, or all files of the folder, that compiling left; nothing is followed out of the box. None for
    what is not to be kept: too much, names that are no text, folders that no box can be given, and what no
    file is and holds none, such as a link.
    """
    single = box.get(artefact, ENTRY_BYTES_MOST + 1) if artefact != _WHOLE_FOLDER else None
    if single is not None:
        return {artefact: single} if len(single) < ENTRY_BYTES_MOST else None
    found: dict[str, bytes] = {}
    folders, held = [artefact], 0
    try:
        while folders:
            folder = folders.pop()
            names = box.names(folder)
            if not names and folder != artefact:
                return None
            for path in [f"{folder}/{name}".removeprefix("./") for name in names]:
                path.encode()
                if path.count("/") > PATH_FOLDERS_MOST:
                    return None
                data = box.get(path, ENTRY_BYTES_MOST + 1 - held)
                if data is None:
                    folders.append(path)
                    continue
                found[path] = data
                held += len(data)
                if held >= ENTRY_BYTES_MOST:
                    return None
    except ValueError:  # names that are no text
        return None
    return found
