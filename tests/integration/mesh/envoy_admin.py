"""Asks a running Envoy, over its admin port, what it does and whether it uses what was written."""

from __future__ import annotations

import re
from http.client import HTTPConnection, HTTPException

from gavel.mesh.bootstrap import ADMIN_HOST
from gavel.mesh.files import endpoint_version
from gavel.mesh.topology import Topology

TIMEOUT_S = 2.0
_VERSION = re.compile(r'^cluster\.(.+)\.version_text: "(.*)"$', re.MULTILINE)


class AdminError(Exception):
    """The admin port does not answer: Envoy is not up, or starting, or hangs."""


def unapplied(topology: Topology) -> tuple[str, ...]:
    """The clusters whose replicas, as `topology` has them, Envoy does not use yet; empty when all is applied.

    Blocks for at most 2 s.  Raises AdminError.
    """
    in_use = dict(_VERSION.findall(get(topology, "/stats?type=TextReadouts")))
    clusters = topology.clusters()
    return tuple(name for name in clusters if in_use.get(name) != endpoint_version(topology, name))


def get(topology: Topology, path: str) -> str:
    """The body of an admin page.  Raises AdminError unless it answers 200 within 2 s."""
    connection = HTTPConnection(ADMIN_HOST, topology.admin_port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
    except (OSError, HTTPException) as error:
        raise AdminError(f"Envoy's admin port {topology.admin_port}: {error}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise AdminError(f"Envoy's admin port {topology.admin_port}: {response.status} for {path}")
    return body
