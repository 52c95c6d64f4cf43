"""Free loopback ports, kept in the data folder so that a part has the same address after each restart."""

from __future__ import annotations

import json
import os
import random
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_BELOW_EPHEMERAL = 12_000
"""Ports are taken from this many below the kernel's own range, so that no outgoing connection takes the port
of a part while that restarts."""


class Ports:
    """Names to ports, in a JSON file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}

    def get(self, name: str) -> int:
        """The port of a name: the one used before if it is free, else a new one."""
        port = self._ports.get(name)
        if port is None or not is_free(port):
            self._ports[name] = port = choose(taken=frozenset(self._ports.values()))
            self._save()
        return port

    def _save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(self._ports, indent=1, sort_keys=True) + "\n")
        new.replace(self._file)


def choose(taken: frozenset[int] = frozenset()) -> int:
    """A port of 127.0.0.1 that nobody listens on; OSError if there is none."""
    low = int(_EPHEMERAL.read_text().split()[0]) if os.access(_EPHEMERAL, os.R_OK) else 32_768
    first = max(1_024, low - _BELOW_EPHEMERAL)
    candidates = list(range(first, max(low, first + 1_000)))
    random.shuffle(candidates)
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port between {candidates[0]} and {candidates[-1]}")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tells whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
