"""Objects in a local folder: atomic, on disk, and fed to programs without letting them change anything."""

import asyncio
import io
import os
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from gavel.storage.objects import ObjectNotFound, Objects, StorageUnavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def objects(folder: Path) -> Iterator[Objects]:
    store = Objects(f"file://{folder}", feed_cache_bytes=1000, spool_folder=str(folder.parent))
    yield store
    store.close()


def files_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def content(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


async def test_both_kinds_of_methods_see_the_same_objects(objects: Objects) -> None:
    """What one wrote the other reads, whole or in part."""
    objects.put("blobs/local/sha256/a", b"hello")
    await objects.put_async("blobs/local/sha256/b", b"world")

    assert await objects.get_async("blobs/local/sha256/a") == b"hello"
    assert await asyncio.to_thread(objects.get, "blobs/local/sha256/b") == b"world"
    assert objects.get_range("blobs/local/sha256/a", 1, 3) == b"ell"
    assert await objects.get_range_async("blobs/local/sha256/b", 1, 0) == b""
    assert await objects.list_async("blobs/") == ["blobs/local/sha256/a", "blobs/local/sha256/b"]
    assert await objects.size_async("blobs/local/sha256/a") == 5
    assert await objects.size_async("blobs/local/sha256/c") is None


async def test_what_was_removed_is_gone(objects: Objects, folder: Path) -> None:
    """For both kinds of methods; what was not there is told as such."""
    objects.put("problems/local/a", b"hello")
    objects.put("problems/local/b", b"stays")

    await objects.delete_async("problems/local/a")

    assert files_below(folder) == ["b"]
    with pytest.raises(ObjectNotFound):
        await objects.get_async("problems/local/a")
    with pytest.raises(ObjectNotFound):
        await objects.delete_async("problems/local/a")


def test_a_key_may_hold_what_keys_hold(objects: Objects, folder: Path) -> None:
    """A key with an underscore, a dot or a space is a plain path below the folder."""
    for key in ("sources/2026-11-24/_packs/0.x", "problems/local/two words"):
        objects.put(key, b"x")
        assert (folder / key).read_bytes() == b"x"


async def test_a_file_is_read_from_where_it_stands(objects: Objects) -> None:
    """A spooled upload is stored without being in memory as a whole."""
    file = io.BytesIO(b"x" * (11 << 20))
    await objects.put_async("big", file)

    assert len(objects.get("big")) == 11 << 20


async def test_a_write_that_fails_leaves_nothing(objects: Objects, folder: Path) -> None:
    """Half of an object is never seen, nor is the object that was there lost."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 6 << 20:
                raise OSError("the disk is gone")
            return super().read(size)

    objects.put("kept", b"old")
    for key in ("kept", "new"):
        with pytest.raises(StorageUnavailable):
            await objects.put_async(key, Broken(b"x" * (20 << 20)))

    assert objects.get("kept") == b"old"
    assert files_below(folder) == ["kept"]


def test_a_missing_object_is_data_loss_to_a_caller(objects: Objects) -> None:
    """Every way to read says which object is gone."""
    for read in (objects.get, objects.open_to_fd, lambda key: objects.get_range(key, 0, 1)):
        with pytest.raises(ObjectNotFound) as caught:
            read("nowhere")
        assert caught.value.code is grpc.StatusCode.DATA_LOSS
        assert caught.value.metadata == {"object": "nowhere"}


def test_a_key_cannot_leave_the_folder(objects: Objects, folder: Path) -> None:
    """The store itself refuses to climb."""
    (folder.parent / "secret").write_bytes(b"s")
    with pytest.raises(ValueError, match="illegal"):
        objects.get("../secret")


def test_storage_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    """A write that the file system refuses: UNAVAILABLE, with a time to come back."""
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    objects = Objects(f"file://{tmp_path}")
    with pytest.raises(StorageUnavailable) as caught:
        objects.put("file/below", b"x")
    assert (caught.value.code, caught.value.retry_after_ms) == (grpc.StatusCode.UNAVAILABLE, 1000)


@pytest.mark.parametrize("size", [5, 500, 5000], ids=["small", "cached", "larger than the cache"])
def test_a_feed_cannot_be_changed(objects: Objects, size: int) -> None:
    """A program that has one open cannot write to it, not even by opening it anew."""
    objects.put("input", b"x" * size)
    descriptor = objects.open_to_fd("input")

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(descriptor, b"y")
    again = os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR)
    for change in (lambda: os.write(again, b"y"), lambda: os.ftruncate(again, 0)):
        with pytest.raises(PermissionError):
            change()
    os.close(again)
    assert content(descriptor) == b"x" * size
    assert content(objects.open_to_fd("input")) == b"x" * size


def test_each_feed_has_an_offset_of_its_own(objects: Objects) -> None:
    """Two runs of one test read it from its beginning."""
    objects.put("input", b"abc")
    first, second = objects.open_to_fd("input"), objects.open_to_fd("input")

    assert os.read(first, 2) == b"ab"
    assert content(second) == b"abc"
    assert content(first) == b"c"


def test_feeds_are_kept_up_to_a_bound(objects: Objects, folder: Path) -> None:
    """The least recently used goes; what was handed out stays good."""
    for name in "abc":
        objects.put(name, name.encode() * 400)
    held = objects.open_to_fd("a")
    objects.open_to_fd("b")
    objects.open_to_fd("a")
    objects.open_to_fd("c")
    for name in "abc":
        (folder / name).unlink()

    assert content(objects.open_to_fd("a")) == b"a" * 400
    with pytest.raises(ObjectNotFound):
        objects.open_to_fd("b")
    assert content(held) == b"a" * 400


def test_a_large_object_is_fed_from_disk(objects: Objects) -> None:
    """Above 32 MiB it comes from a file without a name."""
    objects.put("large", b"x" * (33 << 20))
    descriptor = objects.open_to_fd("large")

    assert os.fstat(descriptor).st_nlink == 0
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(descriptor, b"y")
    assert len(content(descriptor)) == 33 << 20
