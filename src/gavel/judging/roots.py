"""Root filesystems per language: a folder, or an unpacked image, in place of the machine's own.

What such a folder holds is looked at without running any of it and without leaving it: its links mean places
inside it. What is run of it, if only for its version, runs in a box that has it as root.
"""

import dataclasses
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gavel.judging.languages import LANGUAGES
from gavel.judging.toolchains import (
    PROBE_DEADLINE_S,
    PROBE_ENVIRONMENT,
    PROBE_OUTPUT_BYTES,
    SEEN_IN_EVERY_BOX,
    SYSTEM_PATH,
    WARM_DEADLINE_S,
    ProbeError,
    Toolchain,
    first_line,
    identity_of,
    resources,
)
from gavel.sandbox import Box, Command, Kill, Limits, Mount, Outcome, Sandbox, SandboxError

_LINKS_MOST: Final = 40
"""As the kernel follows in one path."""
_MORE_FOLDERS: Final = ("/opt",)
"""What images have beside /usr that programs lie in."""
_CACHE, _MARK = "cache", ".gavel"
_MIB: Final = 1024 * 1024
_CACHE_FILES_MOST: Final = 65_536


class RootsError(ValueError):
    """The setting names no language, or no folder that could be a root filesystem."""


def parse_roots(words: Sequence[str]) -> Mapping[str, str]:
    """Reads `java=/srv/images/java` and the like: folders by language. Raises RootsError."""
    found: dict[str, str] = {}
    for word in words:
        code, equals, folder = word.partition("=")
        if not equals or not folder.startswith("/"):
            raise RootsError(f"expected LANGUAGE=/absolute/folder, found {word!r}")
        if code not in LANGUAGES:
            raise RootsError(f"{word!r}: no language has the code {code!r}; known are {', '.join(LANGUAGES)}")
        if code in found:
            raise RootsError(f"{code} has two root filesystems")
        root = os.path.realpath(folder)
        if root == "/" or not Path(root, "usr").is_dir():
            raise RootsError(f"{folder} is no root filesystem: it has no folder usr")
        found[code] = root
    return MappingProxyType(found)


def resolve(root: str, path: str) -> str | None:
    """Where an absolute path really leads inside a root filesystem, as seen inside; None for nowhere."""
    done: list[str] = []
    todo = path.split("/")[::-1]
    links = 0
    while todo:
        name = todo.pop()
        if name in {"", "."}:
            continue
        if name == "..":
            done = done[:-1]
            continue
        place = "/".join((root, *done, name))
        try:
            target = os.readlink(place)  # noqa: PTH115  (a text, not a path of this machine)
        except OSError:
            if not os.path.lexists(place):
                return None
            done.append(name)
            continue
        links += 1
        if links > _LINKS_MOST:
            return None
        if target.startswith("/"):
            done = []
        todo += target.split("/")[::-1]
    return "/" + "/".join(done)


def look(code: str, root: str) -> Toolchain:
    """What a root filesystem has of a language, by its files alone: nothing of it is run, so there is no
    version yet.
    """
    language = LANGUAGES[code]
    try:
        programs = {name: _find(root, candidates) for name, candidates in language.programs.items()}
        places = programs | resources(language, programs, lambda path: resolve(root, path))
        _check_seen(places.values())
    except ProbeError as error:
        return Toolchain(language, available=False, reason=f"{root}: {error}. {language.install}", root=root)
    mounts = [
        Mount(f"{root}{place}", folder)
        for folder in (*_MORE_FOLDERS, *language.folders)
        if (place := resolve(root, folder)) is not None and Path(f"{root}{place}").is_dir()
    ]
    identity = identity_of(f"{root}{resolve(root, path)}" for path in programs.values())
    return Toolchain(
        language,
        available=True,
        mounts=tuple(mounts),
        programs=MappingProxyType(places),
        root=root,
        identity=identity,
    )


def probe(toolchain: Toolchain, sandbox: Sandbox) -> Toolchain:
    """Asks a toolchain of a root filesystem for its version, in a box of that root; unavailable, with the
    reason, where that fails.
    """
    language = toolchain.language
    if not toolchain.available:
        return toolchain
    argv = [word.format(**toolchain.programs) for word in language.version]
    limits = _limits(PROBE_DEADLINE_S, 512 * _MIB, 64 * _MIB)
    try:
        with sandbox.box(toolchain.spec, limits.files_bytes) as box:
            code, output = _run(box, argv, {**PROBE_ENVIRONMENT, **language.environment}, limits)
        version = first_line(code, output, argv)
    except (ProbeError, SandboxError) as error:
        reason = f"{toolchain.root}: {error}. {language.install}"
        return dataclasses.replace(toolchain, available=False, reason=reason)
    return dataclasses.replace(toolchain, version=version)


def filler(sandbox: Sandbox) -> Callable[[Toolchain, Path], None]:
    """What `warm` needs for a toolchain of a root filesystem: its command runs in a box, and what that leaves
    is read out of the box.
    """

    def fill(toolchain: Toolchain, folder: Path) -> None:
        needs = toolchain.language.warm
        if needs is None:
            raise ProbeError("there is no cache to fill")
        argv = [word.format(**toolchain.programs) for word in needs.argv]
        environment = {**toolchain.language.environment, needs.variable: f"/work/{_CACHE}"}
        limits = _limits(WARM_DEADLINE_S, 2048 * _MIB, 1024 * _MIB)
        try:
            with sandbox.box(toolchain.spec, limits.files_bytes, limits.files_count) as box:
                box.put(f"{_CACHE}/{_MARK}", b"")  # makes the folder
                code, output = _run(box, argv, environment, limits)
                if code != 0:
                    raise ProbeError(output.decode("utf-8", "replace")[:500])
                _copy_out(box, folder, limits.files_bytes)
        except SandboxError as error:
            raise ProbeError(str(error)) from error

    return fill


def _check_seen(places: Iterable[str]) -> None:
    seen = tuple(f"{folder}/" for folder in (*SEEN_IN_EVERY_BOX, *_MORE_FOLDERS))
    for place in places:
        if not place.startswith(seen):
            raise ProbeError(f"{place} lies in a folder that boxes do not see")


def _find(root: str, candidates: Sequence[str]) -> str:
    for candidate in candidates:
        folders = [""] if candidate.startswith("/") else [f"{folder}/" for folder in SYSTEM_PATH.split(":")]
        for folder in folders:
            place = resolve(root, folder + candidate)
            if place is not None and _is_program(root + place):
                return folder + candidate
    raise ProbeError(f"{candidates[0]} was not found")


def _is_program(path: str) -> bool:
    status = os.lstat(path)
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)


def _limits(seconds: float, memory_bytes: int, files_bytes: int) -> Limits:
    return Limits(
        cpu_time_ms=round(seconds * 1000),
        wall_time_ms=round(seconds * 1000),
        memory_bytes=memory_bytes,
        stack_bytes=memory_bytes,
        processes=256,
        output_bytes=_MIB,
        files_bytes=files_bytes,
        files_count=_CACHE_FILES_MOST,
    )


def _run(box: Box, argv: Sequence[str], environment: Mapping[str, str], limits: Limits) -> tuple[int, bytes]:
    """The exit code, and what was written first. Raises ProbeError when it was ended."""
    whole = {"PATH": SYSTEM_PATH, "HOME": "/tmp", "LANG": "C.UTF-8", **environment}  # noqa: S108  (the box's)
    with box.run(Command(tuple(argv), whole), limits) as outcome:
        if outcome.kill is not Kill.NONE:
            raise ProbeError(f"{argv[0]} was ended: {outcome.kill.value}")
        return _exit_code(outcome), os.pread(outcome.stdout, PROBE_OUTPUT_BYTES, 0) or outcome.stderr


def _exit_code(outcome: Outcome) -> int:
    return outcome.exit_code if outcome.exit_code is not None else -(outcome.signal or 0)


def _copy_out(box: Box, folder: Path, most_bytes: int) -> None:
    """Copies the cache out. No link is followed; names come from a listing, so that none leaves `folder`."""
    left = most_bytes
    folders = [_CACHE]
    while folders:
        inside = folders.pop()
        outside = folder / inside.removeprefix(_CACHE).lstrip("/")
        outside.mkdir(mode=0o755, exist_ok=True)
        for name in box.names(inside):
            if name == _MARK:
                continue
            data = box.get(f"{inside}/{name}", left)
            if data is None:
                folders.append(f"{inside}/{name}")
                continue
            left -= len(data)
            if left <= 0:
                raise ProbeError(f"it is larger than {most_bytes} bytes")
            (outside / name).write_bytes(data)
