"""The spawner: one single-threaded process that forks boxes. The only part that runs as the host's root.

It is started by exec before the service makes threads, takes requests from the service's socket alone, and
reads no byte that a program wrote. Of a service that is not root it becomes root of a user namespace of its
own, and of nothing else. Requests:

    user                                    a user namespace, whose ids the service then has mapped
    start   state_dir, ids, native          private mount and network namespaces, place for the templates;
                                            `ids`: ids.py, `native`: birth.py -> `lacking`: why it has no
                                            network namespace
    box     root, mounts; descriptor: the box's end of its own socket to the service, by which the answer goes
            as well -> pid, and a pidfd as descriptor; init says there itself when it is ready (packet.py)

The end of the socket ends the spawner, and with it every init: by the parent-death signal.
"""

import contextlib
import os
import platform
import signal
import sys

from . import codec, executor, filter, ids, kernel, namespace, template  # noqa: A004 the seccomp filter
from .birth import Births


class Spawner:
    def __init__(self, connection: codec.Channel) -> None:
        self._connection = connection
        self._ids: ids.Ids = ids.ByPid()
        self._stage = ""
        self._births: Births | None = None
        self._folders = 0
        self._templates: dict[str, int] = {}
        """The mount namespace of each."""

    def serve(self) -> None:
        while received := self._connection.receive():
            self._connection.answer(self._do, received)

    def _do(self, message: codec.Message, descriptors: tuple[int, ...]) -> codec.Answer:
        match message["op"]:
            case "user":
                kernel.unshare(kernel.CLONE_NEWUSER)
                return {}, ()
            case "start":
                self._ids = ids.ByPid() if message["ids"] is None else ids.Block(*message["ids"])
                lacking = self._start(message["state_dir"])
                program = filter.for_init(platform.machine())
                self._births = Births(self._stage, program, native=message["native"])
                return {"lacking": lacking}, ()
            case "box":
                pid, pidfd = self._begun().make(self._template(message), descriptors[0], self._ids.take)
                return {"pid": pid}, (pidfd,)
            case op:
                raise ValueError(f"no such request: {op}")

    def _begun(self) -> Births:
        if self._births is None:
            raise ValueError("not started")
        return self._births

    def _start(self, state_dir: str) -> str:
        os.setgroups([])
        lacking = ""
        try:
            kernel.unshare(kernel.CLONE_NEWNET)  # the network without interfaces of all boxes
        except OSError as error:  # for the service to say whether that will do
            lacking = str(error)
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
        self._stage = f"{state_dir}/boxes"
        os.makedirs(self._stage, 0o700, exist_ok=True)
        kernel.mount("gavel", self._stage, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=64k,mode=700")
        return lacking

    def _template(self, message: codec.Message) -> int:
        key = repr((message["root"], message["mounts"]))
        if key not in self._templates:
            self._templates[key] = self._made_template(message)
        return self._templates[key]

    def _made_template(self, message: codec.Message) -> int:
        self._folders += 1
        folder = f"{self._stage}/{self._folders}"
        os.mkdir(folder, 0o700)
        own = namespace.current()
        try:
            kernel.unshare(kernel.CLONE_NEWNS)
            template.build(folder, message["root"], message["mounts"])
            template.become_root(folder)
            return namespace.current()
        except BaseException:  # the mounts go with their namespace
            kernel.set_mount_namespace(own)
            os.rmdir(folder)
            raise
        finally:
            kernel.set_mount_namespace(own)
            os.close(own)


def main(descriptor: int) -> None:
    """`descriptor`: this end of the SOCK_SEQPACKET pair with the service."""
    os.set_inheritable(descriptor, False)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # a mask, too, is kept over an exec
    # What is ignored stays so over an exec: by Python itself, by nohup, by a shell's background.
    for number in set(range(1, signal.NSIG)) - {signal.SIGKILL, signal.SIGSTOP}:
        kernel.reset_signal(number)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects the boxes
    os.umask(0)
    sys.path.clear()
    # A box's descriptors are known by their numbers: these are taken, whatever the service was started with.
    while (taken := os.open(os.devnull, os.O_RDWR)) <= executor.CONTROL:
        os.set_inheritable(taken, True)
    os.close(taken)
    connection = codec.Channel.of(descriptor)
    with contextlib.suppress(ConnectionError):
        Spawner(connection).serve()
