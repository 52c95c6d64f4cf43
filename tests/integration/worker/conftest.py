"""What the worker's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_bench import Bench, Log

from gavel.bus.producer import Producer


@pytest.fixture
def bench(kafka_bootstrap: str, tmp_path: Path) -> Iterator[Bench]:
    """A queue of this test alone."""
    made = Bench(kafka_bootstrap, tmp_path, Log(kafka_bootstrap), Producer(kafka_bootstrap))
    yield made
    made.close()
