"""Object storage by URL: `file:///folder` (made when missing), `s3://bucket/prefix`, `gs://..`, `az://..`.

Methods without suffix block and are for threads; those with `_async` are for servicers. A write is atomic: a
reader sees the whole object or none, and a write that fails leaves none. In a local folder it is on disk
before it returns: the library renames a finished file into place, and the file and its folder are synced
here, which the library does not. Credentials of cloud stores come from their usual environment variables.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from gavel.rpc.errors import GavelError
from gavel.storage.feeds import FeedCache, reopened
from gavel.submission.v1 import error_reason_pb2 as reasons

_IN_MEMORY_BYTES_MOST: Final = 32 << 20
"""Larger objects are fed from a private file on disk and not kept."""


class ObjectNotFound(GavelError):  # noqa: N818 - says what is, as the reasons do
    """No object has this key. Uncaught it is DATA_LOSS: something stored links to an object that is gone."""

    def __init__(self, key: str) -> None:
        super().__init__(reasons.ERROR_REASON_OBJECT_DAMAGED, f"the object {key} is gone", object=key)


class StorageUnavailable(GavelError):  # noqa: N818 - as above
    """The storage does not answer, or is full."""

    def __init__(self) -> None:
        super().__init__(reasons.ERROR_REASON_STORAGE_UNAVAILABLE, "the object storage does not answer")


class Objects:
    """The objects of one store; safe for threads and for one event loop beside them."""

    def __init__(
        self, url: str, *, feed_cache_bytes: int = 256 << 20, spool_folder: str | None = None
    ) -> None:
        """Opens the store; touches the network only with the first call.

        Args:
            url: see the module.
            feed_cache_bytes: memory for what `open_to_fd` keeps, in bytes.
            spool_folder: where `open_to_fd` puts objects above 32 MiB; default the system's temporary folder.

        """
        self._root: Path | None = None
        self._store = self._opened(url)
        self._feeds = FeedCache(feed_cache_bytes)
        self._spool_folder = spool_folder

    def get(self, key: str) -> bytes:
        """The whole object."""
        with _translated(key):
            return obstore.get(self._store, key).bytes().to_bytes()

    async def get_async(self, key: str) -> bytes:
        """The whole object."""
        with _translated(key):
            return (await (await obstore.get_async(self._store, key)).bytes_async()).to_bytes()

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer where the object ends."""
        if length == 0:
            return b""
        with _translated(key):
            return obstore.get_range(self._store, key, start=offset, length=length).to_bytes()

    async def get_range_async(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer where the object ends."""
        if length == 0:
            return b""
        with _translated(key):
            return (await obstore.get_range_async(self._store, key, start=offset, length=length)).to_bytes()

    async def stream_async(
        self, key: str, offset: int, length: int, chunk_bytes: int
    ) -> AsyncGenerator[bytes, None]:
        """`length` bytes from `offset` on, which have to be there, in pieces of about `chunk_bytes`."""
        if length == 0:
            return
        with _translated(key):
            found = await obstore.get_async(self._store, key, options={"range": (offset, offset + length)})
            async for piece in found.stream(min_chunk_size=chunk_bytes):
                yield piece

    def put(self, key: str, data: bytes) -> None:
        """Writes the object, over one that is there."""
        with _translated(key):
            obstore.put(self._store, key, data)
            self._sync(key)

    async def put_async(self, key: str, data: bytes | IO[bytes]) -> None:
        """Writes the object, over one that is there; a file is read from where it stands."""
        with _translated(key):
            await obstore.put_async(self._store, key, data)
            if self._root is not None:
                await asyncio.to_thread(self._sync, key)

    async def size_async(self, key: str) -> int | None:
        """The object's size in bytes; None when there is none."""
        try:
            with _translated(key):
                return (await obstore.head_async(self._store, key))["size"]
        except ObjectNotFound:
            return None

    async def delete_async(self, key: str) -> None:
        """Removes the object; ObjectNotFound when there is none."""
        with _translated(key):
            await obstore.head_async(self._store, key)  # stores answer alike for one that was not there
            await obstore.delete_async(self._store, key)
            if self._root is not None:
                await asyncio.to_thread(_synced, (self._root / key).parent)

    async def list_async(self, prefix: str) -> list[str]:
        """Every key in the folder `prefix` and below, sorted."""
        keys: list[str] = []
        with _translated(prefix):
            async for page in obstore.list(self._store, prefix):
                keys += [item["path"] for item in page]
        return sorted(keys)

    def open_to_fd(self, key: str) -> int:
        """The object as an anonymous read-only file at offset 0, which the caller closes; for keys that never
        change.

        Up to 32 MiB it is sealed memory, kept for the next call; above, a private file on disk.
        """
        descriptor = self._feeds.open(key)
        if descriptor is not None:
            return descriptor
        with _translated(key):
            found = obstore.get(self._store, key)
            if found.meta["size"] <= _IN_MEMORY_BYTES_MOST:
                return self._feeds.add(key, found.bytes().to_bytes())
            with tempfile.TemporaryFile(dir=self._spool_folder) as file:
                for chunk in found.stream():
                    file.write(chunk)
                file.flush()
                return reopened(file.fileno())

    def close(self) -> None:
        """Gives the memory of `open_to_fd` back."""
        self._feeds.close()

    def _opened(self, url: str) -> ObjectStore:
        parts = urlsplit(url)
        if parts.scheme == "file":
            self._root = Path(unquote(parts.path))
            return LocalStore(self._root, mkdir=True)
        return from_url(
            url,
            client_options={"timeout": "30s", "connect_timeout": "3s"},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        )

    def _sync(self, key: str) -> None:
        if self._root is None:
            return
        path = self._root / key
        for each in (path, path.parent):
            _synced(each)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectNotFound(key) from error
    except (BaseError, OSError, TimeoutError) as error:
        raise StorageUnavailable from error
