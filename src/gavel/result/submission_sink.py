"""Stores submissions: archives what came inline in pack objects, and links it from the rows."""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from uuid import UUID

from google.protobuf.message import DecodeError

from gavel.db.pool import Pool, session
from gavel.projection import writes
from gavel.projection.rows import Slice, StoredSubmission
from gavel.result.batch import BadRecordError, Fetched, first_of_each, progress
from gavel.result.sink import STORE_S
from gavel.result.spans import stored_span
from gavel.storage.keys import day_of, source_pack_key
from gavel.storage.objects import Objects
from gavel.storage.packs import build_pack
from gavel.submission.v1.submission_record_pb2 import SubmissionRecord


class SubmissionSink:
    """See the module; one writer's."""

    def __init__(self, pool: Pool, objects: Objects) -> None:
        self._pool = pool
        self._objects = objects

    def store(self, batch: Sequence[Fetched]) -> None:
        """As in Sink. The packs are there before the rows: a crash between leaves an orphan of that day."""
        rows = self._archived([(fetched, *_parse(fetched)) for fetched in batch])
        with ExitStack() as spans:
            for fetched in batch:
                spans.enter_context(stored_span("store submission", fetched.record))
            with session(self._pool, STORE_S) as connection:
                writes.store_submissions(connection, first_of_each(rows), progress(batch))

    def skip(self, batch: Sequence[Fetched]) -> None:
        """As in Sink."""
        with session(self._pool, STORE_S) as connection:
            writes.store_submissions(connection, [], progress(batch))

    def forget(self, topic_id: str, partition: int) -> None:
        """As in Sink: nothing is remembered."""

    def _archived(self, records: Sequence[tuple[Fetched, SubmissionRecord, UUID]]) -> list[StoredSubmission]:
        """The rows of some records; their sources and inline tests go into one pack for each day of
        their ids.
        """
        items: dict[date, list[bytes]] = defaultdict(list)
        places: list[tuple[date, int]] = []
        for _, record, submission_id in records:
            day = _day(submission_id)
            places.append((day, len(items[day])))
            if record.WhichOneof("source") == "inline":
                tests = record.tests.SerializeToString() if record.HasField("tests") else b""
                items[day] += [record.inline.SerializeToString(), tests]
        packs: dict[date, tuple[str, list[tuple[int, int]]]] = {}
        for day, contents in items.items():
            if contents:
                pack, slices = build_pack(contents)
                key = source_pack_key(day, secrets.token_hex(16))
                self._objects.put(key, pack)
                packs[day] = key, slices
        return [
            _row(fetched, record, submission_id, packs.get(day), first)
            for (fetched, record, submission_id), (day, first) in zip(records, places, strict=True)
        ]


def _parse(fetched: Fetched) -> tuple[SubmissionRecord, UUID]:
    try:
        record = SubmissionRecord.FromString(fetched.record.value or b"")
        return record, UUID(record.submission_id)
    except (DecodeError, ValueError) as error:
        raise BadRecordError(f"not a submission: {error}") from error


def _day(submission_id: UUID) -> date:
    try:
        return day_of(submission_id)
    except OverflowError as error:
        raise BadRecordError(f"{submission_id} lies beyond all days") from error


def _row(
    fetched: Fetched,
    record: SubmissionRecord,
    submission_id: UUID,
    pack: tuple[str, list[tuple[int, int]]] | None,
    first: int,
) -> StoredSubmission:
    source, tests = Slice(), Slice()
    if record.WhichOneof("source") == "pack":
        source = Slice(record.pack.key, record.pack.offset_bytes, record.pack.length_bytes)
    elif record.WhichOneof("source") == "inline" and pack is not None:
        key, slices = pack
        source = Slice(key, *slices[first])
        if slices[first + 1][1]:
            tests = Slice(key, *slices[first + 1])
    kept = SubmissionRecord()
    kept.CopyFrom(record)
    kept.ClearField("source")
    if kept.HasField("tests"):
        kept.ClearField("tests")
    return StoredSubmission(
        submission_id,
        record.tenant,
        fetched.record.timestamp_ms * 1000,
        kept,
        source,
        tests,
        fetched.record.topic,
        fetched.record.partition,
        fetched.position,
    )
