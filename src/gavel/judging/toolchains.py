"""The toolchains of this machine: found on the PATH, wherever they lie, and shown read-only to the boxes.

What the PATH finds may be a launcher (rustup, pyenv) or a link out of the system folders that every box sees.
The toolchain's real folder is looked up then, and becomes a mount.
"""

import contextlib
import dataclasses
import functools
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from gavel.judging.languages import LANGUAGES, Language
from gavel.sandbox import Mount

PROBE_DEADLINE_S = 10.0
WARM_DEADLINE_S = 180.0
_PROBE_OUTPUT_BYTES = 4_096
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_SEEN_IN_EVERY_BOX = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_INSIDE = "/opt/gavel"


@dataclasses.dataclass(frozen=True, slots=True)
class Toolchain:
    """A language as this machine has it."""

    language: Language
    available: bool
    version: str = ""
    """The toolchain's own words, such as `Python 3.11.2`."""
    reason: str = ""
    """Why it is not available, and what to install."""
    mounts: tuple[Mount, ...] = ()
    """What a box needs to see beside the system folders."""
    programs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Where each of the language's programs lies, as seen in the box."""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Variables beside the language's own."""


class _ProbeError(Exception):
    """A program is missing, or did not answer in time; the message says which."""


@functools.cache
def detect(code: str) -> Toolchain:
    """Looks for a language's toolchain, once in a process. Runs version commands alone, each for 10 s at
    most.
    """
    language = LANGUAGES[code]
    try:
        found = {name: _find(candidates) for name, candidates in language.programs.items()}
        mounts: list[Mount] = []
        programs = {}
        for name, path in found.items():
            prefix = ""
            if f"{{{name}}}" in language.prefix:
                prefix = _probe([word.format(**found) for word in language.prefix])
            programs[name], mount = _place(code, name, path, prefix)
            if mount is not None and mount not in mounts:
                mounts.append(mount)
        version = _probe([word.format(**found) for word in language.version])
    except _ProbeError as error:
        return Toolchain(language, available=False, reason=f"{error}. {language.install}")
    return Toolchain(language, True, version, "", tuple(mounts), MappingProxyType(programs))


def available() -> list[str]:
    """The codes of the languages that this machine has a toolchain for."""
    return [code for code in LANGUAGES if detect(code).available]


def _find(candidates: Sequence[str]) -> str:
    path = os.pathsep.join((os.environ.get("PATH", ""), _SYSTEM_PATH))
    for candidate in candidates:
        found = shutil.which(candidate, path=path)
        if found is not None:
            return found
    raise _ProbeError(f"{candidates[-1]} was not found")


def _place(code: str, name: str, path: str, prefix: str) -> tuple[str, Mount | None]:
    """Where a program lies in the box, and the mount that puts it there."""
    if prefix:
        below = (str(Path(prefix, "bin", program)) for program in (Path(path).name, name, f"{name}3"))
        path = next((place for place in below if os.access(place, os.X_OK)), path)
    if _is_seen(path) and _is_seen(os.path.realpath(path)):
        return path, None
    real = os.path.realpath(path)
    source = os.path.realpath(prefix or Path(real).parent.parent)
    if os.path.commonpath((source, real)) != source or source == "/":
        raise _ProbeError(f"{path} does not lie in its toolchain's folder {source}")
    try:
        mount = Mount(source, source)
    except ValueError:  # a folder that the box has for itself: the toolchain is seen elsewhere
        mount = Mount(source, f"{_INSIDE}/{code}")
    return mount.target + real[len(source) :], mount


def _is_seen(path: str) -> bool:
    return any(path.startswith(f"{folder}/") for folder in _SEEN_IN_EVERY_BOX)


def _probe(argv: Sequence[str]) -> str:
    """The first line that the command prints. Raises _ProbeError when it fails or takes too long."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "GOTOOLCHAIN": "local", "GOTELEMETRY": "off"}
    code, output = _run(argv, environment, PROBE_DEADLINE_S)
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    if code != 0 or not lines:
        raise _ProbeError(f"{' '.join(argv[:2])} failed ({code}): {' '.join(lines)[:200]}")
    return lines[0]


def _run(argv: Sequence[str], environment: Mapping[str, str], deadline_s: float) -> tuple[int, bytes]:
    """Runs a command of the machine's own; its exit code and the head of its output. Kills all of it when
    late.
    """
    with (
        tempfile.TemporaryFile() as output
    ):  # a file, not a pipe: a child that stays behind cannot hold us up
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise _ProbeError(f"{argv[0]} cannot be run: {error.strerror}") from error
        try:
            process.wait(deadline_s)
        except subprocess.TimeoutExpired as error:
            raise _ProbeError(f"{argv[0]} did not end within {deadline_s:g} s") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode, os.pread(output.fileno(), _PROBE_OUTPUT_BYTES, 0)


def warm(toolchain: Toolchain, cache_dir: str) -> Toolchain:
    """Fills the language's cache, unless this was done before, and adds it to the toolchain.

    The first time takes as long as compiling the standard library does (Go: 10 s on two cores); `cache_dir`
    may be shared by several processes. A cache that cannot be made leaves the language unavailable, with the
    reason.
    """
    if toolchain.language.warm is None or not toolchain.available:
        return toolchain
    needs = toolchain.language.warm
    words = repr((needs.argv, toolchain.version, sorted(toolchain.language.environment.items())))
    folder = Path(cache_dir, f"{toolchain.language.code}-{hashlib.sha256(words.encode()).hexdigest()[:16]}")
    if not folder.is_dir():
        try:
            _fill(toolchain, folder)
        except _ProbeError as error:
            return dataclasses.replace(
                toolchain, available=False, reason=f"its cache cannot be made: {error}"
            )
    target = f"{_INSIDE}/cache/{toolchain.language.code}"
    return dataclasses.replace(
        toolchain,
        mounts=(*toolchain.mounts, Mount(str(folder.absolute()), target)),
        environment=MappingProxyType({**toolchain.environment, needs.variable: target}),
    )


def _fill(toolchain: Toolchain, folder: Path) -> None:
    needs = toolchain.language.warm
    if needs is None:
        raise _ProbeError("there is no cache to fill")
    folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=folder.parent)).absolute()
    try:
        making.chmod(0o755)  # the box's user reads it
        argv = [word.format(**_outside(toolchain)) for word in needs.argv]
        environment = {
            "PATH": _SYSTEM_PATH,
            "HOME": str(making),
            **toolchain.language.environment,
            needs.variable: str(making),
        }
        code, output = _run(argv, environment, WARM_DEADLINE_S)
        if code != 0:
            raise _ProbeError(output.decode("utf-8", "replace")[:500])
        with contextlib.suppress(
            FileExistsError, OSError
        ):  # another process was faster: its cache is as good
            making.rename(folder)
        if not folder.is_dir():
            raise _ProbeError(f"{folder} cannot be made")
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _outside(toolchain: Toolchain) -> dict[str, str]:
    """The programs' places on the machine instead of in the box."""
    outside = {}
    for name, path in toolchain.programs.items():
        place = path
        for mount in toolchain.mounts:
            if path.startswith(f"{mount.target}/"):
                place = mount.source + path[len(mount.target) :]
        outside[name] = place
    return outside
