import datetime

from gavel.submission.v1 import submission_pb2 as _submission_pb2
from gavel.submission.v1 import submission_service_pb2 as _submission_service_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubmissionRecord(_message.Message):
    __slots__ = ("submission_id", "tenant", "judgement", "language", "inline", "pack", "entry_point", "argv", "problem", "tests", "limits", "run_policy", "lane", "labels", "reproduce_count", "effective_limits")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SUBMISSION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    INLINE_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_FIELD_NUMBER: _ClassVar[int]
    ARGV_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    TESTS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    RUN_POLICY_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REPRODUCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_LIMITS_FIELD_NUMBER: _ClassVar[int]
    submission_id: str
    tenant: str
    judgement: int
    language: str
    inline: SourceFiles
    pack: PackReference
    entry_point: str
    argv: _containers.RepeatedScalarFieldContainer[str]
    problem: ProblemReference
    tests: _submission_pb2.InlineTests
    limits: _submission_pb2.Limits
    run_policy: _submission_service_pb2.RunPolicy
    lane: _submission_pb2.Lane
    labels: _containers.ScalarMap[str, str]
    reproduce_count: int
    effective_limits: _submission_pb2.Limits
    def __init__(self, submission_id: _Optional[str] = ..., tenant: _Optional[str] = ..., judgement: _Optional[int] = ..., language: _Optional[str] = ..., inline: _Optional[_Union[SourceFiles, _Mapping]] = ..., pack: _Optional[_Union[PackReference, _Mapping]] = ..., entry_point: _Optional[str] = ..., argv: _Optional[_Iterable[str]] = ..., problem: _Optional[_Union[ProblemReference, _Mapping]] = ..., tests: _Optional[_Union[_submission_pb2.InlineTests, _Mapping]] = ..., limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., run_policy: _Optional[_Union[_submission_service_pb2.RunPolicy, str]] = ..., lane: _Optional[_Union[_submission_pb2.Lane, str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., reproduce_count: _Optional[int] = ..., effective_limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ...) -> None: ...

class SourceFiles(_message.Message):
    __slots__ = ("files",)
    FILES_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[_submission_pb2.SourceFile]
    def __init__(self, files: _Optional[_Iterable[_Union[_submission_pb2.SourceFile, _Mapping]]] = ...) -> None: ...

class PackReference(_message.Message):
    __slots__ = ("key", "offset_bytes", "length_bytes")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    LENGTH_BYTES_FIELD_NUMBER: _ClassVar[int]
    key: str
    offset_bytes: int
    length_bytes: int
    def __init__(self, key: _Optional[str] = ..., offset_bytes: _Optional[int] = ..., length_bytes: _Optional[int] = ...) -> None: ...

class ProblemReference(_message.Message):
    __slots__ = ("problem", "manifest_digest")
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    problem: str
    manifest_digest: str
    def __init__(self, problem: _Optional[str] = ..., manifest_digest: _Optional[str] = ...) -> None: ...

class ControlRecord(_message.Message):
    __slots__ = ("cancel", "drain")
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    cancel: CancelJudgement
    drain: DrainWorker
    def __init__(self, cancel: _Optional[_Union[CancelJudgement, _Mapping]] = ..., drain: _Optional[_Union[DrainWorker, _Mapping]] = ...) -> None: ...

class CancelJudgement(_message.Message):
    __slots__ = ("submission_id", "judgement")
    SUBMISSION_ID_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    submission_id: str
    judgement: int
    def __init__(self, submission_id: _Optional[str] = ..., judgement: _Optional[int] = ...) -> None: ...

class DrainWorker(_message.Message):
    __slots__ = ("worker_id", "start_time")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    start_time: _timestamp_pb2.Timestamp
    def __init__(self, worker_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
