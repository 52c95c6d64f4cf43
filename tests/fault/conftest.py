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
from broken_mesh import BrokenMesh
from hostile_ground import Ground


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder for a mesh of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-fault-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def bed() -> Iterator[BrokenMesh]:
    """Two submission and two result replicas, and one worker with two slots for Python."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-fault-"))
    broken = BrokenMesh(folder, ["python3=2"])
    with broken.mesh:
        yield broken
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """The engine on a sandbox of its own, without a mesh."""
    with Ground() as made:
        yield made


@pytest.fixture
def seed() -> int:
    """Of the generated programs; printed, and taken from GAVEL_SEED to have a failure again."""
    chosen = int(os.environ.get("GAVEL_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    sys.stdout.write(f"GAVEL_SEED={chosen}\n")
    return chosen
