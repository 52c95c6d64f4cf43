"""The toolchains of this machine: found on the PATH, wherever they lie, and shown read-only to the boxes.

What the PATH finds may be a launcher (rustup, pyenv) or a link out of the system folders that every box sees.
The toolchain's real folder is looked up then, and becomes a mount. Toolchains in a root filesystem of their
own are in roots.py.
"""

import contextlib
import dataclasses
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from gavel.judging.languages import LANGUAGES, Language
from gavel.sandbox import BoxSpec, Mount

PROBE_DEADLINE_S = 30.0
WARM_DEADLINE_S = 180.0
PROBE_OUTPUT_BYTES = 4_096
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
PROBE_ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {"LC_ALL": "C.UTF-8", "GOTOOLCHAIN": "local", "GOTELEMETRY": "off"}
)
SEEN_IN_EVERY_BOX = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
INSIDE = "/gavel"
"""Where boxes see what has no place of its own there."""


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
    """Where each of the language's programs and resources lies, as seen in the box."""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Variables beside the language's own."""
    root: str = "/"
    """The root filesystem that its boxes have: the machine's, or an unpacked image."""
    identity: str = ""
    """Changes when one of the programs does, also where the version keeps its words."""

    @property
    def spec(self) -> BoxSpec:
        """The box that it works in."""
        return BoxSpec(self.mounts, self.root)

    @property
    def fingerprint(self) -> str:
        """What compiling depends on beside sources and options."""
        return f"{self.version}\0{self.root}\0{self.identity}"


class ProbeError(Exception):
    """A program is missing, or did not answer in time; the message says which."""


@functools.cache
def detect(code: str) -> Toolchain:
    """Looks for a language's toolchain on this machine, once in a process. Runs version commands alone, each
    for 30 s at most.
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
            programs[name], mount = _place(name, path, prefix)
            if mount is not None and mount not in mounts:
                mounts.append(mount)
        for name, path in resources(language, found, _real).items():
            programs[name], mount = _seen(path, mounts)
            if mount is not None:
                mounts.append(mount)
        mounts += [Mount(folder, folder) for folder in language.folders if Path(folder).is_dir()]
        version = _probe([word.format(**found) for word in language.version])
    except ProbeError as error:
        return Toolchain(language, available=False, reason=f"{error}. {language.install}")
    identity = identity_of(os.path.realpath(path) for path in found.values())
    return Toolchain(
        language, True, version, "", tuple(mounts), MappingProxyType(programs), identity=identity
    )


def resources(
    language: Language, programs: Mapping[str, str], real: Callable[[str], str | None]
) -> dict[str, str]:
    """The real places of a language's resources, the first candidate that exists of each. `real` resolves
    links, and is None for what does not exist. Raises ProbeError.
    """

    def folder_of(found: re.Match[str]) -> str:
        path = real(programs.get(found[1], ""))
        return str(Path(path).parent) if path else "/nonexistent"

    places = {}
    for name, candidates in language.resources.items():
        for candidate in candidates:
            wanted = os.path.normpath(re.sub(r"\{folder of (\w+)\}", folder_of, candidate))
            path = real(wanted)
            if path is not None:
                places[name] = path
                break
        else:
            raise ProbeError(f"{candidates[-1]} was not found")
    return places


def _real(path: str) -> str | None:
    return os.path.realpath(path) if path and Path(path).exists() else None


def identity_of(paths: Iterable[str]) -> str:
    """A digest of what tells one file from another without reading it."""
    digest = hashlib.sha256()
    for path in paths:
        with contextlib.suppress(OSError):
            status = Path(path).stat()
            digest.update(repr((path, status.st_size, status.st_mtime_ns)).encode())
    return digest.hexdigest()[:16]


def first_line(code: int, output: bytes, argv: Sequence[str]) -> str:
    """A version command's answer: its first line that is no warning, as Java gives them to what is written in
    it. Raises ProbeError when it failed.
    """
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    if code != 0 or not lines:
        raise ProbeError(f"{' '.join(argv[:2])} failed ({code}): {' '.join(lines)[:200]}")
    return next((line for line in lines if "warning:" not in line.lower()), lines[0])


def _find(candidates: Sequence[str]) -> str:
    path = os.pathsep.join((os.environ.get("PATH", ""), SYSTEM_PATH))
    for candidate in candidates:
        found = shutil.which(candidate, path=path)
        if found is not None:
            return found
    raise ProbeError(f"{candidates[0]} was not found")


def _place(name: str, path: str, prefix: str) -> tuple[str, Mount | None]:
    """Where a program lies in the box, and the mount that puts it there."""
    if prefix:
        below = (str(Path(prefix, "bin", program)) for program in (Path(path).name, name, f"{name}3"))
        path = next((place for place in below if os.access(place, os.X_OK)), path)
    if _is_seen(path) and _is_seen(os.path.realpath(path)):
        return path, None
    real = os.path.realpath(path)
    source = os.path.realpath(prefix or _folder_of(real))
    if os.path.commonpath((source, real)) != source or source == "/":
        raise ProbeError(f"{path} does not lie in its toolchain's folder {source}")
    mount = _mount(source)
    return mount.target + real[len(source) :], mount


def _folder_of(program: str) -> str:
    """The folder of its toolchain. A package of npm may need others beside it."""
    head, modules, _rest = program.partition("/node_modules/")
    return f"{head}/node_modules" if modules else str(Path(program).parent.parent)


def _seen(path: str, mounts: Sequence[Mount]) -> tuple[str, Mount | None]:
    """Where a resource lies in the box, and the mount that puts it there unless one does already."""
    if _is_seen(path):
        return path, None
    for mount in mounts:
        if path == mount.source or path.startswith(f"{mount.source}/"):
            return mount.target + path[len(mount.source) :], None
    mount = _mount(path)
    return mount.target, mount


def _mount(source: str) -> Mount:
    try:
        return Mount(source, source)
    except ValueError:  # a folder that the box has for itself: the toolchain is seen elsewhere
        folder = f"{INSIDE}/{hashlib.sha256(source.encode()).hexdigest()[:12]}"
        return Mount(source, f"{folder}/{Path(source).name}")  # Node.js looks for folders of this name


def _is_seen(path: str) -> bool:
    return any(path.startswith(f"{folder}/") for folder in SEEN_IN_EVERY_BOX)


def _probe(argv: Sequence[str]) -> str:
    """The first line that the command prints. Raises ProbeError when it fails or takes too long."""
    code, output = _run(argv, {**os.environ, **PROBE_ENVIRONMENT}, PROBE_DEADLINE_S)
    return first_line(code, output, argv)


def _run(argv: Sequence[str], environment: Mapping[str, str], deadline_s: float) -> tuple[int, bytes]:
    """Runs a command of the machine's own; its exit code and the head of its output, or of its errors where
    it has none. Kills all of it when late.
    """
    # Files, not pipes: a child that stays behind cannot hold us up.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise ProbeError(f"{argv[0]} cannot be run: {error.strerror}") from error
        try:
            process.wait(deadline_s)
        except subprocess.TimeoutExpired as error:
            raise ProbeError(f"{argv[0]} did not end within {deadline_s:g} s") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said = os.pread(output.fileno(), PROBE_OUTPUT_BYTES, 0)
        return process.returncode, said or os.pread(errors.fileno(), PROBE_OUTPUT_BYTES, 0)


def warm(
    toolchain: Toolchain, cache_dir: str, fill: Callable[[Toolchain, Path], None] | None = None
) -> Toolchain:
    """Fills the language's cache, unless this was done before, and adds it to the toolchain.

    The first time takes as long as compiling the standard library does (Go: 10 s on two cores); `cache_dir`
    may be shared by several processes. `fill` makes the cache in a folder, by default on this machine; it
    raises ProbeError. A cache that cannot be made leaves the language unavailable, with the reason.
    """
    needs = toolchain.language.warm
    if needs is None or not toolchain.available:
        return toolchain
    words = repr((needs.argv, toolchain.fingerprint, sorted(toolchain.language.environment.items())))
    folder = Path(cache_dir, f"{toolchain.language.code}-{hashlib.sha256(words.encode()).hexdigest()[:16]}")
    if not folder.is_dir():
        try:
            _make(toolchain, folder, fill or _fill)
        except ProbeError as error:
            return dataclasses.replace(
                toolchain, available=False, reason=f"its cache cannot be made: {error}"
            )
    target = f"{INSIDE}/cache/{toolchain.language.code}"
    return dataclasses.replace(
        toolchain,
        mounts=(*toolchain.mounts, Mount(str(folder.absolute()), target)),
        environment=MappingProxyType({**toolchain.environment, needs.variable: target}),
    )


def _make(toolchain: Toolchain, folder: Path, fill: Callable[[Toolchain, Path], None]) -> None:
    folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=folder.parent)).absolute()
    try:
        making.chmod(0o755)  # the box's user reads it
        fill(toolchain, making)
        with contextlib.suppress(
            FileExistsError, OSError
        ):  # another process was faster: its cache is as good
            making.rename(folder)
        if not folder.is_dir():
            raise ProbeError(f"{folder} cannot be made")
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _fill(toolchain: Toolchain, folder: Path) -> None:
    """Runs the command here, as the toolchain's owner would."""
    needs = toolchain.language.warm
    if needs is None or toolchain.root != "/":
        raise ProbeError("it is filled in a box of its root filesystem alone")
    environment = {
        "PATH": SYSTEM_PATH,
        "HOME": str(folder),
        **toolchain.language.environment,
        needs.variable: str(folder),
    }
    argv = [word.format(**_outside(toolchain)) for word in needs.argv]
    code, output = _run(argv, environment, WARM_DEADLINE_S)
    if code != 0:
        raise ProbeError(output.decode("utf-8", "replace")[:500])


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
