"""The spawner: one single-threaded process that forks boxes. The only part that runs as the host's root.

It is started by exec before the service makes threads, takes requests from the service's socket alone, and
reads no byte that a program wrote. Of a service that is not root it becomes root of a user namespace of its
own, and of nothing else. Requests:

    user                                    a user namespace, whose ids the service then has mapped
    start   state_dir, ids                  private mount and network namespaces, place for the templates;
                                            `ids`: ids.py -> `lacking`: why it has no network namespace
    box     root, mounts; descriptor: the box's end of its own socket to the service
            -> pid, and a pidfd as descriptor; init itself answers on its socket when it is ready

The end of the socket ends the spawner, and with it every init: by the parent-death signal.
"""

import contextlib
import gc
import os
import platform
import signal
import sys
from typing import Never

from . import calls, codec, filter, ids, kernel, namespace, template  # noqa: A004 the seccomp filter
from .init import Init


class Spawner:
    def __init__(self, connection: codec.Channel) -> None:
        self._connection = connection
        machine = platform.machine()
        self._init_filter = kernel.Filter(filter.for_init(machine))
        self._program_filter = kernel.Filter(filter.for_programs(machine))
        self._starter = calls.Starter()
        self._masked = namespace.maskable()
        self._ids: ids.Ids = ids.ByPid()
        self._stage = ""
        self._entries: dict[str, namespace.Entry] = {}

    def serve(self) -> None:
        while received := self._connection.receive():
            self._connection.answer(self._do, received)

    def _do(self, message: codec.Message, descriptors: list[int]) -> codec.Answer:
        match message["op"]:
            case "user":
                kernel.unshare(kernel.CLONE_NEWUSER)
                return {}, ()
            case "start":
                self._ids = ids.ByPid() if message["ids"] is None else ids.Block(*message["ids"])
                return {"lacking": self._start(message["state_dir"])}, ()
            case "box":
                pid, pidfd = self._box(self._entry(message), descriptors[0])
                return {"pid": pid}, (pidfd,)
            case op:
                raise ValueError(f"no such request: {op}")

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

    def _entry(self, message: codec.Message) -> namespace.Entry:
        key = repr((message["root"], message["mounts"]))
        if key not in self._entries:
            self._entries[key] = self._made_entry(message)
        return self._entries[key]

    def _made_entry(self, message: codec.Message) -> namespace.Entry:
        folder = f"{self._stage}/{len(os.listdir(self._stage))}"
        os.mkdir(folder, 0o700)
        own = namespace.current()
        try:
            kernel.unshare(kernel.CLONE_NEWNS)
            template.build(folder, message["root"], message["mounts"])
            template.become_root(folder)
            return namespace.Entry(namespace.current(), self._masked, self._init_filter)
        except OSError:  # the mounts go with their namespace
            kernel.set_mount_namespace(own)
            os.rmdir(folder)
            raise
        finally:
            kernel.set_mount_namespace(own)
            os.close(own)

    def _box(self, entry: namespace.Entry, control: int) -> tuple[int, int]:
        from_child, to_spawner = os.pipe()
        from_spawner, to_child = os.pipe()
        pidfd = -1
        try:
            pid = entry.fork(self._starter, control, to_spawner, from_spawner)
            if pid == 0:
                self._become_init(entry)
            pidfd = os.pidfd_open(pid)
            os.close(to_spawner)
            to_spawner = -1
            if os.read(from_child, 1) == namespace.READY:  # otherwise it says why on its socket, and is gone
                namespace.write_id_maps(pid, self._ids.take(pid, pidfd))
                os.write(to_child, namespace.READY)
            return pid, pidfd
        except BaseException:
            if pidfd >= 0:
                os.close(pidfd)
            raise
        finally:
            for descriptor in (from_child, to_spawner, from_spawner, to_child):
                if descriptor >= 0:
                    os.close(descriptor)

    def _become_init(self, entry: namespace.Entry) -> Never:
        try:
            channel = codec.Channel.of(namespace.CONTROL)
            try:
                entry.check()
                init = Init(channel, self._program_filter, self._starter)
            except OSError as error:
                channel.send({"error": f"{type(error).__name__}: {error}", "errno": 0})
                os._exit(1)
            channel.send({"ready": True})
            init.serve()
        except OSError:  # the service is gone: nobody to tell, and the kernel ends the box with this process
            os._exit(1)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)


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
    # Nothing here makes cycles, and a collection would copy every page shared with the boxes.
    gc.disable()
    gc.freeze()
    connection = codec.Channel.of(descriptor)
    with contextlib.suppress(ConnectionError):
        Spawner(connection).serve()
