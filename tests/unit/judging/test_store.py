"""What a worker keeps of the object storage in memory."""

import hashlib
from pathlib import Path

from gavel.judging import store
from gavel.judging.store import Store
from gavel.storage.keys import blob_key
from gavel.storage.objects import Objects
from gavel.submission.v1.problem_pb2 import Manifest


def test_manifests_are_kept_up_to_a_size(tmp_path: Path) -> None:
    """64 small ones, of large ones fewer: they are other people's, and may hold 3 MiB each."""
    objects = Objects(f"file://{tmp_path}/objects")
    kept = Store(objects)

    def put(name: str) -> str:
        content = Manifest(display_name=name).SerializeToString()
        digest = hashlib.sha256(content).hexdigest()
        objects.put(blob_key("t", digest), content)
        return digest

    small, large = put("small"), [put(str(index) + "x" * (3 << 20)) for index in range(6)]
    first = kept.manifest("t", small)
    assert kept.manifest("t", small) is first
    for digest in large:
        assert kept.manifest("t", digest) is kept.manifest("t", digest)

    assert store._MANIFESTS_BYTES_MOST >= kept._manifests_bytes == 5 * (3 << 20) + 5 * 6
    assert kept.manifest("t", small) is not first
