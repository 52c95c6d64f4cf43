"""A mesh to break, which every test leaves whole, and the seed of its load."""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conditions import until
from gavel.embedded import Mesh


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder for a mesh of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-fault-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def shared_mesh() -> Iterator[Mesh]:
    """Two submission and two result replicas, and one worker with two slots for Python."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-fault-"))
    with Mesh(folder, workers=["python3=2"]) as started:
        yield started
    shutil.rmtree(folder)


@pytest.fixture
def mesh(shared_mesh: Mesh) -> Mesh:
    """The shared mesh, when all of it is healthy."""
    until(lambda: all(part.state == "healthy" for part in shared_mesh.parts()), "all parts are healthy", 60.0)
    return shared_mesh


@pytest.fixture
def seed() -> int:
    """Of the generated programs; printed, and taken from GAVEL_SEED to have a failure again."""
    chosen = int(os.environ.get("GAVEL_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    sys.stdout.write(f"GAVEL_SEED={chosen}\n")
    return chosen
