"""The supervisor as a process of its own: what `gavel up --detach` and `Mesh` start.

Says each event as a line of JSON on stdout for as long as somebody reads there.
With `--control` it takes commands from stdin, one a line, `stop PART` and `start PART`, answers each with a
line of JSON (`{"done": "stop PART"}`, or with an `error`), and stops the mesh when stdin ends.
"""

from __future__ import annotations

import json
import signal
import sys
import threading

from gavel.embedded.arguments import parse
from gavel.embedded.server import StartError
from gavel.embedded.supervisor import Supervisor


class Voice:
    """Lines to stdout, until nobody reads there any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reader = True

    def line(self, line: str) -> None:
        with self._lock:
            if self._reader:
                try:
                    sys.stdout.write(line + "\n")
                    sys.stdout.flush()
                except (BrokenPipeError, ValueError):
                    self._reader = False


def obey(supervisor: Supervisor, voice: Voice) -> None:
    """Carries out the commands of stdin, then stops the mesh."""
    for line in sys.stdin:
        word, _, part = line.strip().partition(" ")
        answer = {"done": line.strip()}
        try:
            keeper = supervisor.keeper(part)
            if word == "stop":
                keeper.stop()
            elif word == "start":
                keeper.revive()
            else:
                answer["error"] = f"no such command: {word}"
        except KeyError:
            answer["error"] = f"no such part: {part}"
        except StartError as error:
            answer["error"] = str(error)
        voice.line(json.dumps(answer))
    supervisor.request_stop()


def main() -> int:
    options, control = parse(sys.argv[1:])
    voice = Voice()
    supervisor = Supervisor(options, lambda event: voice.line(event.to_json()))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.request_stop())
    if control:
        threading.Thread(target=obey, args=(supervisor, voice), daemon=True).start()
    return 0 if supervisor.run() else 1


if __name__ == "__main__":
    sys.exit(main())
