"""A problem package in a folder becomes a stored problem, as the submission service makes one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gavel.judging.package import build_manifest
from gavel.storage.keys import blob_key
from gavel.storage.objects import Objects
from gavel.submission.v1.problem_pb2 import FileReference, Manifest
from gavel.submission.v1.submission_record_pb2 import ProblemReference

PROBLEMS = Path(__file__).parent / "data" / "problems"


def stored(objects: Objects, tenant: str, data: bytes) -> str:
    """Stores a blob; its digest."""
    digest = hashlib.sha256(data).hexdigest()
    objects.put(blob_key(tenant, digest), data)
    return digest


def stored_problem(objects: Objects, tenant: str, folder: Path) -> tuple[ProblemReference, Manifest]:
    """Stores every file of the package and its manifest."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    references = [
        FileReference(
            path=name, sha256=stored(objects, tenant, path.read_bytes()), size_bytes=path.stat().st_size
        )
        for name, path in files.items()
        if not name.startswith("submissions/")
    ]
    manifest, _ = build_manifest(references, lambda name: files[name].read_bytes())
    digest = stored(objects, tenant, manifest.SerializeToString(deterministic=True))
    return ProblemReference(problem=f"problems/{folder.name}", manifest_digest=digest), manifest


def submissions(folder: Path) -> list[tuple[str, Path]]:
    """The package's own submissions, each with the name of the folder that says what is expected of it."""
    return [(path.parent.name, path) for path in sorted((folder / "submissions").glob("*/*"))]
