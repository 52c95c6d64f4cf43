"""go-judge as a contender: its server as it comes, asked over HTTP on connections that are kept."""

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from gavel.embedded.ports import choose
from load.contenders import CORES, OUTPUT_BYTES, ContenderError, Run
from load.programs import LINES, PATH, Programs

_START_S: Final = 20.0
_ANSWER_S: Final = 60.0
_LIMITS: Final = {
    "env": [f"PATH={PATH}"],
    "cpuLimit": 10_000_000_000,
    "clockLimit": 30_000_000_000,
    "memoryLimit": 512 << 20,
    "procLimit": 64,
}


class GoJudge:
    """A session's file is sent to its store once, as it is cached for the tests of a submission."""

    def __init__(self, binary: str, folder: Path) -> None:
        self._port = choose()
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(CORES)
        folder.mkdir()
        with (folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [
                    *(binary, "-http-addr", f"127.0.0.1:{self._port}", "-no-fallback", "-silent"),
                    *("-parallelism", str(CORES), "-pre-fork", str(CORES)),
                ],
                cwd=folder,  # it reads its configuration from here: there is none
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_answers(folder / "log")

    def close(self) -> None:
        self._threads.shutdown()
        self._server.terminate()
        self._server.wait()

    @contextmanager
    def session(self, file: Path) -> Iterator[Run]:
        identity = self._keep(file)

        def run(argv: tuple[str, ...], stdin: Path | None = None) -> bytes:
            text = "" if stdin is None else stdin.read_text()
            command = {
                **_command(argv, {file.name: {"fileId": identity}}),
                "files": [{"content": text}, _collect("stdout"), _collect("stderr")],
            }
            [result] = self._results({"cmd": [command]})
            return str(result["files"]["stdout"]).encode()

        try:
            yield run
        finally:
            self._ask("DELETE", f"/file/{identity}", b"", {})

    def exchange(self, programs: Programs) -> None:
        identities = {name: self._keep(programs.path(name)) for name in ("program", "interactor")}
        arguments = {"program": (), "interactor": (str(LINES),)}
        commands = [
            {
                **_command((f"./{name}", *arguments[name]), {name: {"fileId": identity}}),
                "files": [None, None, _collect("stderr")],
            }
            for name, identity in identities.items()
        ]
        pipes = [
            {"in": {"index": one, "fd": 1}, "out": {"index": other, "fd": 0}}
            for one, other in ((0, 1), (1, 0))
        ]
        self._results({"cmd": commands, "pipeMapping": pipes})
        for identity in identities.values():
            self._ask("DELETE", f"/file/{identity}", b"", {})

    def lanes(self, work: Callable[[], int]) -> int:
        return sum(done.result() for done in [self._threads.submit(work) for _ in range(CORES)])

    def _keep(self, file: Path) -> str:
        border = "----file"
        head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'
        body = head.encode() + file.read_bytes() + f"\r\n--{border}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={border}"}
        return str(json.loads(self._ask("POST", "/file", body, headers)))

    def _results(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        headers = {"Content-Type": "application/json"}
        results = json.loads(self._ask("POST", "/run", json.dumps(request).encode(), headers))
        if any(result["status"] != "Accepted" for result in results):
            raise ContenderError(f"go-judge says {results}")
        return list(results)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        """On this thread's own connection."""
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_S)
        connection: http.client.HTTPConnection = self._own.connection
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != http.client.OK:
            raise ContenderError(f"go-judge answers {answer.status} {data[:200]!r}")
        return data

    def _wait_until_it_answers(self, log: Path) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._server.poll() is None:
            with suppress(OSError):
                self._ask("GET", "/version", b"", {})
                return
            self._own.connection.close()
            time.sleep(0.05)
        self._server.kill()
        self._server.wait()
        raise ContenderError(f"go-judge does not start: {log.read_text()[-300:]}")


def _command(argv: tuple[str, ...], files: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {**_LIMITS, "args": argv, "copyIn": files}


def _collect(name: str) -> dict[str, Any]:
    return {"name": name, "max": OUTPUT_BYTES}
