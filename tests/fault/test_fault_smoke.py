"""One load, every part killed in turn and the database away for half a minute: the invariants hold."""

from __future__ import annotations

import pytest
from broken_mesh import BrokenMesh, goes_on, lasting

pytestmark = [pytest.mark.fault, pytest.mark.smoke, pytest.mark.timeout(420)]

OUTAGE_S = 30.0


def test_survives_one_fault_after_another(bed: BrokenMesh, seed: int) -> None:
    """Kill -9 of worker, result, submission, broker and Envoy, then PostgreSQL away for 30 s: all is accepted
    and streamed meanwhile, and within a minute after all is stored, once and right.
    """
    with bed.loaded(seed) as load:
        for part in ("worker-0", "result-0", "submission-0", "kafka", "envoy"):
            bed.kill(part)
            goes_on(load)
        bed.mesh.stop_part("postgres")
        goes_on(load)
        lasting(OUTAGE_S)
        goes_on(load)
        bed.mesh.start_part("postgres")
