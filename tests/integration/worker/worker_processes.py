"""Worker processes with the real engine and sandbox."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from worker_bench import until

from gavel.worker.v1 import worker_pb2


class WorkerProcess:
    """`python -m gavel.worker` as a supervisor would run it."""

    def __init__(
        self,
        bootstrap: str,
        folder: Path,
        name: str,
        *,
        languages: str = "python3",
        prefix: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`settings` are further variables of its environment."""
        self.name = name
        self._log = folder / f"{name}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "GAVEL_NAME": name,
            "GAVEL_KAFKA": bootstrap,
            "GAVEL_STORAGE_URL": f"file://{folder}/objects",
            "GAVEL_LANGUAGES": languages,
            "GAVEL_SLOTS": "2",
            "GAVEL_STATE_DIR": str(folder / name),
            **(settings or {}),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "gavel.worker"],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self) -> str:
        """What it has said."""
        return self._log.read_text()

    def errors(self) -> list[str]:
        """What it has said of failures."""
        return [line for line in self.log().splitlines() if '"level": "error"' in line]

    def wait_for(self, words: str, timeout_s: float = 30.0) -> None:
        """Until it has said something."""
        until(lambda: words in self.log() or self._process.poll() is not None, timeout_s)
        assert words in self.log(), self.log()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def port(self) -> int:
        """That of its gRPC server; waits for it."""
        return int(self._serving()["port"])

    def metrics(self) -> str:
        """Its Prometheus page."""
        address = f"http://127.0.0.1:{self._serving()['metrics_port']}/metrics"
        with urllib.request.urlopen(address, timeout=5) as page:
            return str(page.read(), "utf-8")

    def _serving(self) -> Mapping[str, Any]:
        self.wait_for('"event": "serving"')
        lines: Iterator[dict[str, Any]] = map(json.loads, self.log().splitlines())
        return next(line for line in lines if line["event"] == "serving")

    def kill(self) -> None:
        """As `kill -9` does; returns when it is gone."""
        self._process.kill()
        self._process.wait()

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float) -> int:
        """The exit status."""
        return self._process.wait(timeout_s)

    def close(self) -> None:
        """Whatever is left, so that its queues are free for the next test at once."""
        if self._process.poll() is None:
            self.terminate()
            try:
                self.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


def running(word: str) -> int:
    """How many processes of this machine have the word in their command line."""
    count = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                count += word.encode() in (entry / "cmdline").read_bytes()
            except OSError:
                continue
    return count


def listed(workers: Sequence[worker_pb2.Worker], name: str) -> bool:
    """Whether a worker of that name is among them."""
    return any(worker.name == f"workers/{name}" for worker in workers)
