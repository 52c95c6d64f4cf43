"""The spawner process as the service sees it: started on demand, asked for boxes, started anew if it dies."""

import contextlib
import fcntl
import functools
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final, NamedTuple

from .identity import Identity
from .inside import codec
from .model import BoxSpec, SandboxError

_PROGRAM: Final = Path(__file__).parent / "inside" / "__main__.py"
_ANSWER_SECONDS: Final = 10.0
_FIRST_NUMBER: Final = 10
"""Of the spawner's socket: standard streams that a service was started without may lie below."""


class Asked(NamedTuple):
    """A box that is being made."""

    control: codec.Channel
    """Its socket, by which the spawner answers and init says that it is ready, in any order. Closing it ends
    the box.
    """
    spawner: int
    """Its pid."""


class Launcher:
    """Thread-safe."""

    def __init__(
        self, state_dir: str, identity: Identity, *, needs_network: bool = True, native: bool = True
    ) -> None:
        """With `needs_network` no spawner without a network namespace is asked for a box. Without `native`
        init is an interpreter, as on machines that there is no executable for.
        """
        self._native = native
        self._state_dir = state_dir
        self._identity = identity
        self._needs_network = needs_network
        self._lock = threading.Lock()
        self._connection: codec.Channel | None = None
        self._keeper: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self.lacking = ""
        """Why there is no network namespace; empty if there is one."""

    @property
    def pid(self) -> int:
        """Of the spawner; changes when it had to be started anew. 0 before the first."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """OSError or SandboxError if there is no spawner."""
        with self._lock:
            self._start()

    def close(self) -> None:
        """For good: who was waiting for a box starts no other spawner."""
        with self._lock:
            self._is_closed = True
            self._stop()

    def ask_for_box(self, spec: BoxSpec) -> Asked:
        """Does not wait for it. SandboxError if neither this spawner nor a new one can be asked."""
        with self._lock:
            if self._is_closed:
                raise SandboxError("the sandbox is closed")
            try:
                return self._ask_for_box(spec)
            except (ConnectionError, TimeoutError):  # it died, and what it made with it, or takes no request
                self._stop()
            except OSError as error:  # of this process, which may have no descriptor left: it costs no box
                raise SandboxError(f"a new box: {error}") from error
            try:
                self._start()
                return self._ask_for_box(spec)
            except OSError as error:
                self._stop()
                raise SandboxError(f"no spawner: {error}") from error

    def end(self, spawner: int) -> None:
        """Of a spawner that does not answer: the next request starts another. Its boxes end with it. Nothing
        if there is another one by now.
        """
        with self._lock:
            if self._process is not None and self._process.pid == spawner:
                self._process.kill()  # one that is stopped does not see its socket's end
                self._stop()

    def _ask_for_box(self, spec: BoxSpec) -> Asked:
        if self.lacking and self._needs_network:
            raise SandboxError(f"the spawner has no network namespace: {self.lacking}")
        connection = self._connected()
        ours, theirs = codec.Channel.pair()
        try:
            with theirs:
                connection.send_packet(_request_for(spec), (theirs.fileno(),))
        except BaseException:
            ours.close()
            raise
        return Asked(ours, self.pid)

    def _connected(self) -> codec.Channel:
        if self._connection is None:
            raise ConnectionError("not running")
        return self._connection

    def _request(self, message: codec.Message) -> codec.Message:
        connection = self._connected()
        connection.send(message)
        received = connection.receive()
        if received is None:
            raise ConnectionError("the spawner ended")
        return answered(received[0])

    def _start(self) -> None:
        """One that does not come to its start is ended."""
        self._connection, theirs = codec.Channel.pair()
        try:
            with theirs:
                self._begin(self._connection, theirs)
        except BaseException:
            self._stop()
            raise

    def _begin(self, connection: codec.Channel, theirs: socket.socket) -> None:
        connection.set_timeout(_ANSWER_SECONDS)
        _make_private(self._state_dir)
        given = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, _FIRST_NUMBER)
        theirs.close()
        started: list[subprocess.Popen[bytes]] = []
        up = threading.Event()
        keep = threading.Thread(target=_keep, args=(given, started, up), name="sandbox-spawner", daemon=True)
        keep.start()
        up.wait()
        if not started:
            raise OSError("the spawner cannot be executed")
        self._keeper, (self._process,) = keep, started
        if self._identity.subordinate is not None:
            self._request({"op": "user"})
            self._identity.map_into(self.pid)
        start = {
            "op": "start",
            "state_dir": self._state_dir,
            "ids": self._identity.ids,
            "native": self._native,
        }
        self.lacking = self._request(start)["lacking"]

    def _stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._keeper is not None:
            self._keeper.join(_ANSWER_SECONDS)
            self._keeper = None


def answered(message: codec.Message) -> codec.Message:
    """What the spawner answers. SandboxError if it tells an error."""
    if "error" in message:
        raise SandboxError(f"the spawner: {message['error']}")
    return message


@functools.lru_cache(maxsize=64)
def _request_for(spec: BoxSpec) -> bytes:
    mounts = [[mount.source, mount.target] for mount in spec.mounts]
    return codec.encode({"op": "box", "root": spec.root, "mounts": mounts})


def _make_private(folder: str) -> None:
    """What lies in it is mounted and read by the spawner: nobody else may put anything there."""
    Path(folder).mkdir(0o700, parents=True, exist_ok=True)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise OSError(f"{folder} is not a folder that only this user can write to")


def _keep(given: int, started: list[subprocess.Popen[bytes]], up: threading.Event) -> None:
    """The thread whose child the spawner is; it stays, since its end sends the parent-death signal.

    `given`: the spawner's end of the socket, which is closed here.
    """
    command = [sys.executable, "-I", "-S", str(_PROGRAM), str(given)]
    try:
        with contextlib.suppress(OSError):
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(given,),
                env={"LD_BIND_NOW": "1"},  # for inits that are interpreters: not in each forked one again
                cwd="/",
                start_new_session=True,
            )
            started.append(process)
    finally:
        os.close(given)
        up.set()
    if started:
        started[0].wait()
