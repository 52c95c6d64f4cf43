"""Facts of tests that were too large for their event: read from the object that the verdict names."""

from typing import Final

from google.protobuf.message import DecodeError

from gavel.projection.shown import to_judgement
from gavel.projection.state import JudgementState
from gavel.rpc.errors import GavelError
from gavel.storage.digests import sha256_hex
from gavel.storage.objects import ObjectNotFound, Objects
from gavel.submission.v1 import error_reason_pb2, submission_pb2
from gavel.worker.v1.judgement_event_pb2 import TestResults, TestResultsObject

MESSAGE_BYTES_MOST: Final = 3_500_000
"""What a judgement may take in a message; a client's own limit is 4 MiB by default."""
_OBJECT_BYTES_MOST: Final = 256 * 1024 * 1024


class Facts:
    """Makes whole judgements."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def judgement(self, state: JudgementState) -> submission_pb2.Judgement:
        """The judgement with all of its tests, long texts of theirs left out where the message would be too
        large.

        GavelError OBJECT_DAMAGED (DATA_LOSS) when the object is gone or another; STORAGE_UNAVAILABLE.
        """
        link = None if state.end is None else state.end.tests_object
        return fitted(to_judgement(state, None if link is None else await self._tests(link)))

    async def _tests(self, link: TestResultsObject) -> list[submission_pb2.TestResult]:
        if link.size_bytes > _OBJECT_BYTES_MOST:
            raise _damaged(link, "too large")
        try:
            content = await self._objects.get_async(link.key)
        except ObjectNotFound as error:
            raise _damaged(link, "gone") from error
        if sha256_hex(content) != link.sha256:
            raise _damaged(link, "damaged")
        try:
            return list(TestResults.FromString(content).tests)
        except DecodeError as error:
            raise _damaged(link, "damaged") from error


def fitted(judgement: submission_pb2.Judgement) -> submission_pb2.Judgement:
    """Clears texts of tests, the least needed first, until the message fits."""
    for texts in (("input", "expected"), ("stdout",), ("stderr",), ("feedback",), ("message", "test")):
        if judgement.ByteSize() <= MESSAGE_BYTES_MOST:
            break
        for test in judgement.tests:
            for text in texts:
                test.ClearField(text)
    return judgement


def _damaged(link: TestResultsObject, how: str) -> GavelError:
    return GavelError(
        error_reason_pb2.ERROR_REASON_OBJECT_DAMAGED,
        f"the verdict stands, but the facts of its tests are {how}: {link.key}",
        object=link.key,
    )
