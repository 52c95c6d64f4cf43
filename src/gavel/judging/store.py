"""Reading a judgement's files from object storage, by digest and within the tenant."""

import collections
import contextlib
import datetime as dt
import os
import threading
from collections.abc import Iterator

from google.protobuf.message import DecodeError

from gavel.judging.outcome import BrokenProblem, EngineError, MissingSource
from gavel.judging.task import Content
from gavel.storage.keys import blob_key, source_blob_keys
from gavel.storage.objects import ObjectNotFound, Objects, StorageUnavailable
from gavel.submission.v1.problem_pb2 import Manifest

_MANIFESTS_MOST = 64
_MANIFESTS_BYTES_MOST = 16 * 1024 * 1024
"""Of all of them as they are stored; in memory they take a few times that."""


class Store:
    """Objects as judging needs them; safe for threads."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._manifests: collections.OrderedDict[tuple[str, str], tuple[Manifest, int]] = (
            collections.OrderedDict()
        )
        self._manifests_bytes = 0
        self._lock = threading.Lock()

    def manifest(self, tenant: str, digest: str) -> Manifest:
        """The manifest; the last 64, of large ones fewer, are kept. Raises BrokenProblem, EngineError."""
        with self._lock:
            known = self._manifests.get((tenant, digest))
            if known is not None:
                self._manifests.move_to_end((tenant, digest))
                return known[0]
        try:
            content = self._objects.get(blob_key(tenant, digest))
            manifest = Manifest.FromString(content)
        except StorageUnavailable as error:
            raise EngineError(str(error)) from error
        except (ObjectNotFound, DecodeError) as error:
            raise BrokenProblem("the problem's manifest is gone or damaged", str(error)) from error
        with self._lock:
            if (tenant, digest) not in self._manifests:
                self._manifests[tenant, digest] = manifest, len(content)
                self._manifests_bytes += len(content)
            while len(self._manifests) > _MANIFESTS_MOST or self._manifests_bytes > _MANIFESTS_BYTES_MOST:
                self._manifests_bytes -= self._manifests.popitem(last=False)[1][1]
        return manifest

    @contextlib.contextmanager
    def opened(self, tenant: str, content: Content) -> Iterator[int | bytes]:
        """The bytes, or a descriptor of a file that nobody can change. Raises BrokenProblem, EngineError."""
        if not content.sha256:
            yield content.data
            return
        descriptor = self._open(blob_key(tenant, content.sha256))
        if descriptor is None:
            raise BrokenProblem("a file of the problem is gone", f"blob {content.sha256}")
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def read(self, tenant: str, content: Content) -> bytes:
        """All bytes of a small file. Raises as `opened`."""
        with self.opened(tenant, content) as source:
            return source if isinstance(source, bytes) else os.pread(source, content.size_bytes, 0)

    def open_source(self, tenant: str, day: dt.date, sha256: str) -> int:
        """A source file that was uploaded for a submission of this day; the caller closes it. Raises
        MissingSource, EngineError.
        """
        for key in source_blob_keys(day, tenant, sha256):
            descriptor = self._open(key)
            if descriptor is not None:
                return descriptor
        raise MissingSource(sha256)

    def _open(self, key: str) -> int | None:
        try:
            return self._objects.open_to_fd(key)
        except ObjectNotFound:
            return None
        except (StorageUnavailable, OSError) as error:
            raise EngineError(str(error)) from error
