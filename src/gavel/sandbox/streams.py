"""The standard streams of a run: anonymous files in, counted pipes out."""

import contextlib
import fcntl
import os
import stat
import struct
from typing import Final

from .live import LiveOutput

_READ_BYTES: Final = 65536
_TIME: Final = struct.Struct("=qq")  # a timespec of both machines
_SENDFILE_BYTES: Final = 1 << 30
# Python 3.11 has no names for them (linux/fcntl.h).
_ADD_SEALS: Final = 1033
_SEAL_ALL: Final = 0x1 | 0x2 | 0x4 | 0x8  # no more seals, no shrinking, no growing, no writing


def open_stdin(source: int | bytes) -> int:
    """A descriptor for the program alone; the caller closes it.

    Data and regular files are copied to a sealed anonymous file: a program then shares neither an offset nor
    an inode (whose locks and watches would be a channel between submissions), and learns no path of the host.
    """
    if isinstance(source, int):
        kind = os.fstat(source).st_mode
        if stat.S_ISFIFO(kind):
            _let_open(source, 0o444)
            return os.dup(source)
        if not stat.S_ISREG(kind):
            raise ValueError("stdin is data, a regular file, or the read end of a pipe")
    return anonymous_file("stdin", source)


def anonymous_file(name: str, source: int | bytes) -> int:
    """A sealed copy of `source`, at offset 0."""
    target = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        if isinstance(source, bytes):
            write_all(target, source)
        else:
            position = 0
            while copied := os.sendfile(target, source, position, _SENDFILE_BYTES):
                position += copied
        seal(target)
    except BaseException:
        os.close(target)
        raise
    return target


def told_or_given(source: int | bytes, told_bytes_most: int) -> tuple[bytes | int, tuple[int, ...]]:
    """How what is put goes to a box: little data as it is, and nothing along; else its size, along with a
    descriptor that the caller closes.

    ValueError for a descriptor of anything but a regular file.
    """
    if isinstance(source, bytes):
        if len(source) <= told_bytes_most:
            return source, ()
        return len(source), (anonymous_file("put", source),)
    status = os.fstat(source)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("only data and regular files can be put")
    return status.st_size, (os.dup(source),)


def read_regular(descriptor: int, bytes_most: int) -> bytes | None:
    """The start of a file, which is closed; None for anything but a regular one."""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        parts = bytearray()
        while len(parts) < bytes_most and (data := os.pread(descriptor, bytes_most - len(parts), len(parts))):
            parts += data
        return bytes(parts)
    finally:
        os.close(descriptor)


class Beginning:
    """The pipe in which a program leaves the time of its exec: no time before it is the program's."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        """`writer`: for the program, until `started`."""
        self._time_s: float | None = None

    def started(self) -> None:
        """The program's starter has the write end now."""
        writer, self.writer = self.writer, -1
        if writer >= 0:
            os.close(writer)

    def time_s(self) -> float | None:
        """Of the exec, in seconds of the monotonic clock; None as long as there was none."""
        if self._time_s is None:
            with contextlib.suppress(BlockingIOError):
                data = os.read(self._reader, _TIME.size)
                if len(data) == _TIME.size:
                    seconds, nanoseconds = _TIME.unpack(data)
                    self._time_s = seconds + nanoseconds / 1e9
        return self._time_s

    def close(self) -> None:
        self.started()
        os.close(self._reader)


def seal(descriptor: int) -> None:
    fcntl.fcntl(descriptor, _ADD_SEALS, _SEAL_ALL)
    os.lseek(descriptor, 0, os.SEEK_SET)


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _let_open(pipe: int, mode: int) -> None:
    """Programs may then open it anew, as `/dev/stdin`, `/dev/stdout` or `/dev/stderr`: pipes are made closed
    to all but this user.
    """
    os.fchmod(pipe, stat.S_IMODE(os.fstat(pipe).st_mode) | mode)


class Output:
    """stdout and stderr of one run, read as they come, counted together; what is beyond is dropped."""

    def __init__(
        self, output_bytes: int, stderr_ends_bytes: int, stdout: int | None, live: LiveOutput | None = None
    ) -> None:
        """With `live` what is read goes there, and of stdout nothing is kept."""
        self.count_bytes = 0
        self.live = live
        self._room_bytes = output_bytes
        self._ends_bytes = stderr_ends_bytes
        self._stderr_head, self._stderr_tail = bytearray(), bytearray()
        self.file = os.memfd_create("stdout", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.readers: dict[int, bool] = {}
        """Read ends that are open still, and whether it is stdout's."""
        self.writers: list[int] = []
        """stdout's and stderr's for the program, until `started`."""
        try:
            if stdout is None:
                self._pipe(is_stdout=True)
            else:
                _let_open(stdout, 0o222)
                self.writers.append(os.dup(stdout))
            self._pipe(is_stdout=False)
        except OSError:
            self.close_pipes()
            os.close(self.file)
            raise

    def _pipe(self, *, is_stdout: bool) -> None:
        reader, writer = os.pipe()
        _let_open(writer, 0o222)
        os.set_blocking(reader, False)
        self.readers[reader] = is_stdout
        self.writers.append(writer)

    def started(self) -> None:
        """The program has the write ends now."""
        for writer in self.writers:
            os.close(writer)
        self.writers.clear()

    def read(self, reader: int) -> bool:
        """Reads once; False when there is nothing now, or the end was reached and the reader is closed."""
        try:
            data = os.read(reader, _READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._close(reader)
            return False
        self.count_bytes += len(data)
        is_stdout = self.readers[reader]
        if not is_stdout:
            self._keep(data)
        if self.live is not None:
            self.live.put(data[: self._room_bytes], is_stdout=is_stdout)
            self._room_bytes -= min(len(data), self._room_bytes)
        elif is_stdout:
            write_all(self.file, data[: self._room_bytes])
            self._room_bytes -= min(len(data), self._room_bytes)
        return True

    @property
    def stderr(self) -> bytes:
        """Its start and its end: a program may write much before the words by which it ends."""
        return bytes(self._stderr_head + self._stderr_tail)

    def _keep(self, data: bytes) -> None:
        room_bytes = self._ends_bytes - len(self._stderr_head)
        self._stderr_head += data[:room_bytes]
        self._stderr_tail += data[room_bytes:]
        del self._stderr_tail[: max(0, len(self._stderr_tail) - self._ends_bytes)]

    def must_wait(self) -> bool:
        """Whether nothing more is to be read for now; `live.room` tells when again."""
        return self.live is not None and self.live.must_wait()

    def drain(self) -> None:
        """Takes what is left when all processes are dead; never waits: a writer may be hidden in a socket."""
        for reader in list(self.readers):
            while self.read(reader):
                pass

    def close_pipes(self) -> None:
        """Leaves only `file`, which is the caller's."""
        self.started()
        for reader in list(self.readers):
            self._close(reader)

    def _close(self, reader: int) -> None:
        del self.readers[reader]
        os.close(reader)
