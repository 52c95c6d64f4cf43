import datetime

from gavel.submission.v1 import submission_pb2 as _submission_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class JudgementEvent(_message.Message):
    __slots__ = ("submission_id", "tenant", "judgement", "attempt", "event_time", "started", "compiled", "test", "finished", "failed", "cancelled", "applied")
    SUBMISSION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    COMPILED_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    submission_id: str
    tenant: str
    judgement: int
    attempt: str
    event_time: _timestamp_pb2.Timestamp
    started: Started
    compiled: _submission_pb2.CompileResult
    test: _submission_pb2.TestResult
    finished: Finished
    failed: Failed
    cancelled: Cancelled
    applied: Applied
    def __init__(self, submission_id: _Optional[str] = ..., tenant: _Optional[str] = ..., judgement: _Optional[int] = ..., attempt: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started: _Optional[_Union[Started, _Mapping]] = ..., compiled: _Optional[_Union[_submission_pb2.CompileResult, _Mapping]] = ..., test: _Optional[_Union[_submission_pb2.TestResult, _Mapping]] = ..., finished: _Optional[_Union[Finished, _Mapping]] = ..., failed: _Optional[_Union[Failed, _Mapping]] = ..., cancelled: _Optional[_Union[Cancelled, _Mapping]] = ..., applied: _Optional[_Union[Applied, _Mapping]] = ...) -> None: ...

class Started(_message.Message):
    __slots__ = ("worker_id", "accept_time", "test_count", "language_version")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_TIME_FIELD_NUMBER: _ClassVar[int]
    TEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    accept_time: _timestamp_pb2.Timestamp
    test_count: int
    language_version: str
    def __init__(self, worker_id: _Optional[str] = ..., accept_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., test_count: _Optional[int] = ..., language_version: _Optional[str] = ...) -> None: ...

class Finished(_message.Message):
    __slots__ = ("verdict", "score", "cpu_time_ms", "wall_time_ms", "memory_bytes", "compile", "inline", "object", "manifest_digest", "worker_id", "language_version", "test_count", "start_time", "groups", "accept_time")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    CPU_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    COMPILE_FIELD_NUMBER: _ClassVar[int]
    INLINE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    TEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_TIME_FIELD_NUMBER: _ClassVar[int]
    verdict: _submission_pb2.Verdict
    score: float
    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    compile: _submission_pb2.CompileResult
    inline: TestResults
    object: TestResultsObject
    manifest_digest: str
    worker_id: str
    language_version: str
    test_count: int
    start_time: _timestamp_pb2.Timestamp
    groups: _containers.RepeatedCompositeFieldContainer[_submission_pb2.GroupResult]
    accept_time: _timestamp_pb2.Timestamp
    def __init__(self, verdict: _Optional[_Union[_submission_pb2.Verdict, str]] = ..., score: _Optional[float] = ..., cpu_time_ms: _Optional[int] = ..., wall_time_ms: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., compile: _Optional[_Union[_submission_pb2.CompileResult, _Mapping]] = ..., inline: _Optional[_Union[TestResults, _Mapping]] = ..., object: _Optional[_Union[TestResultsObject, _Mapping]] = ..., manifest_digest: _Optional[str] = ..., worker_id: _Optional[str] = ..., language_version: _Optional[str] = ..., test_count: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., groups: _Optional[_Iterable[_Union[_submission_pb2.GroupResult, _Mapping]]] = ..., accept_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TestResults(_message.Message):
    __slots__ = ("tests",)
    TESTS_FIELD_NUMBER: _ClassVar[int]
    tests: _containers.RepeatedCompositeFieldContainer[_submission_pb2.TestResult]
    def __init__(self, tests: _Optional[_Iterable[_Union[_submission_pb2.TestResult, _Mapping]]] = ...) -> None: ...

class TestResultsObject(_message.Message):
    __slots__ = ("key", "sha256", "size_bytes")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    key: str
    sha256: str
    size_bytes: int
    def __init__(self, key: _Optional[str] = ..., sha256: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class Failed(_message.Message):
    __slots__ = ("message", "worker_id")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    message: str
    worker_id: str
    def __init__(self, message: _Optional[str] = ..., worker_id: _Optional[str] = ...) -> None: ...

class Cancelled(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Applied(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
