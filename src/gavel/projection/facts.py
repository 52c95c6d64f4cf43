"""Whole judgements, in messages that a client takes.

Facts of tests that were too large for their event are read from the object that the verdict names.
"""

from typing import Final, Literal, TypeAlias

from google.protobuf.message import DecodeError

from gavel.projection.shown import to_judgement
from gavel.projection.state import JudgementState
from gavel.rpc.errors import GavelError
from gavel.storage.digests import sha256_hex
from gavel.storage.objects import ObjectNotFound, Objects
from gavel.submission.v1 import error_reason_pb2, submission_pb2
from gavel.worker.v1.judgement_event_pb2 import TestResults, TestResultsObject

_Text: TypeAlias = Literal["input", "expected", "output", "stdout", "stderr", "feedback", "message"]
MESSAGE_BYTES_MOST: Final = 3_500_000
"""What a judgement may take in a message; a client's own limit is 4 MiB by default."""
_TEXTS: Final[tuple[tuple[_Text, ...], ...]] = (
    ("input", "expected"),
    ("output",),
    ("stdout",),
    ("stderr",),
    ("feedback",),
    ("message",),
)
_OBJECT_BYTES_MOST: Final = 256 * 1024 * 1024


class Facts:
    """Makes whole judgements."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def judgement(self, state: JudgementState) -> submission_pb2.Judgement:
        """The judgement with its tests, as far as they fit into a message: see `fitted`.

        GavelError OBJECT_DAMAGED (DATA_LOSS) when the object is gone or another; STORAGE_UNAVAILABLE.
        """
        return fitted(await self.whole(state))

    async def whole(self, state: JudgementState) -> submission_pb2.Judgement:
        """The judgement with all of its tests, of whatever size. Errors as judgement()."""
        link = None if state.end is None else state.end.tests_object
        return to_judgement(state, None if link is None else await self._tests(link))

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
    """Makes the message small enough: clears texts of tests, the least needed first, and only then leaves out
    the last tests, whose number it tells. Changes the judgement itself.
    """
    for texts in _TEXTS:
        if judgement.ByteSize() <= MESSAGE_BYTES_MOST:
            return judgement
        for test in judgement.tests:
            for text in texts:
                test.ClearField(text)
    excess = judgement.ByteSize() - MESSAGE_BYTES_MOST
    left_out = 0
    while excess > 0 and left_out < len(judgement.tests):
        left_out += 1
        excess -= judgement.tests[-left_out].ByteSize()
    if left_out:
        del judgement.tests[-left_out:]
        judgement.left_out_test_count += left_out
    return judgement


def without_tests(state: JudgementState) -> submission_pb2.Judgement:
    """The judgement where the facts of its tests are lost: the verdict stands; it tells how many it lacks."""
    judgement = to_judgement(state, [])
    judgement.left_out_test_count = judgement.test_count
    return judgement


def _damaged(link: TestResultsObject, how: str) -> GavelError:
    return GavelError(
        error_reason_pb2.ERROR_REASON_OBJECT_DAMAGED,
        f"the verdict stands, but the facts of its tests are {how}: {link.key}",
        object=link.key,
    )
