"""Meshes to test: a real Envoy in front of real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from mesh_processes import Mesh, Start, running

CLUSTERS = {
    "submission": ("a", "b"),
    "result": ("a", "b"),
    "worker": ("a",),
    "worker-python3": ("b",),
    "cleanup": ("a",),
}


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[Mesh]:
    """Two replicas, `a` and `b`, that serve everything; `b` alone serves python3."""
    async with running(tmp_path, CLUSTERS) as started:
        yield started


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Another mesh, with clusters, `manner` of servers and `edit` as the test wants them."""
    return partial(running, tmp_path)
