import datetime

from gavel.submission.v1 import submission_pb2 as _submission_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchSubmissionRequest(_message.Message):
    __slots__ = ("name", "judgement", "read_token", "resume_token")
    NAME_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    READ_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    judgement: int
    read_token: bytes
    resume_token: bytes
    def __init__(self, name: _Optional[str] = ..., judgement: _Optional[int] = ..., read_token: _Optional[bytes] = ..., resume_token: _Optional[bytes] = ...) -> None: ...

class WatchSubmissionResponse(_message.Message):
    __slots__ = ("resume_token", "event_time", "queued", "running", "restarted", "compiled", "test", "ended", "heartbeat")
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    RESTARTED_FIELD_NUMBER: _ClassVar[int]
    COMPILED_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    resume_token: bytes
    event_time: _timestamp_pb2.Timestamp
    queued: Queued
    running: Running
    restarted: Running
    compiled: _submission_pb2.CompileResult
    test: _submission_pb2.TestResult
    ended: _submission_pb2.Judgement
    heartbeat: Heartbeat
    def __init__(self, resume_token: _Optional[bytes] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., queued: _Optional[_Union[Queued, _Mapping]] = ..., running: _Optional[_Union[Running, _Mapping]] = ..., restarted: _Optional[_Union[Running, _Mapping]] = ..., compiled: _Optional[_Union[_submission_pb2.CompileResult, _Mapping]] = ..., test: _Optional[_Union[_submission_pb2.TestResult, _Mapping]] = ..., ended: _Optional[_Union[_submission_pb2.Judgement, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ...) -> None: ...

class Queued(_message.Message):
    __slots__ = ("ahead_count",)
    AHEAD_COUNT_FIELD_NUMBER: _ClassVar[int]
    ahead_count: int
    def __init__(self, ahead_count: _Optional[int] = ...) -> None: ...

class Running(_message.Message):
    __slots__ = ("attempt", "worker", "test_count", "language_version")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    TEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    attempt: str
    worker: str
    test_count: int
    language_version: str
    def __init__(self, attempt: _Optional[str] = ..., worker: _Optional[str] = ..., test_count: _Optional[int] = ..., language_version: _Optional[str] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchSubmissionsRequest(_message.Message):
    __slots__ = ("names", "problem", "resume_token")
    NAMES_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    problem: str
    resume_token: bytes
    def __init__(self, names: _Optional[_Iterable[str]] = ..., problem: _Optional[str] = ..., resume_token: _Optional[bytes] = ...) -> None: ...

class WatchSubmissionsResponse(_message.Message):
    __slots__ = ("name", "response")
    NAME_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    name: str
    response: WatchSubmissionResponse
    def __init__(self, name: _Optional[str] = ..., response: _Optional[_Union[WatchSubmissionResponse, _Mapping]] = ...) -> None: ...

class GetResultRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetResultResponse(_message.Message):
    __slots__ = ("judgement",)
    JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    judgement: _submission_pb2.Judgement
    def __init__(self, judgement: _Optional[_Union[_submission_pb2.Judgement, _Mapping]] = ...) -> None: ...

class ListResultsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListResultsResponse(_message.Message):
    __slots__ = ("judgements", "next_page_token")
    JUDGEMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    judgements: _containers.RepeatedCompositeFieldContainer[_submission_pb2.Judgement]
    next_page_token: str
    def __init__(self, judgements: _Optional[_Iterable[_Union[_submission_pb2.Judgement, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
