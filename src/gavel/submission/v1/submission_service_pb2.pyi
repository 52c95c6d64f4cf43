import datetime

from gavel.submission.v1 import submission_pb2 as _submission_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_POLICY_UNSPECIFIED: _ClassVar[RunPolicy]
    RUN_POLICY_STOP_AT_FIRST_FAILURE: _ClassVar[RunPolicy]
    RUN_POLICY_RUN_ALL: _ClassVar[RunPolicy]

class View(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIEW_UNSPECIFIED: _ClassVar[View]
    VIEW_BASIC: _ClassVar[View]
    VIEW_FULL: _ClassVar[View]
RUN_POLICY_UNSPECIFIED: RunPolicy
RUN_POLICY_STOP_AT_FIRST_FAILURE: RunPolicy
RUN_POLICY_RUN_ALL: RunPolicy
VIEW_UNSPECIFIED: View
VIEW_BASIC: View
VIEW_FULL: View

class CreateSubmissionRequest(_message.Message):
    __slots__ = ("request_id", "language", "sources", "entry_point", "argv", "problem", "tests", "limits", "run_policy", "lane", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_FIELD_NUMBER: _ClassVar[int]
    ARGV_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    TESTS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    RUN_POLICY_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    language: str
    sources: _containers.RepeatedCompositeFieldContainer[_submission_pb2.SourceFile]
    entry_point: str
    argv: _containers.RepeatedScalarFieldContainer[str]
    problem: str
    tests: _submission_pb2.InlineTests
    limits: _submission_pb2.Limits
    run_policy: RunPolicy
    lane: _submission_pb2.Lane
    labels: _containers.ScalarMap[str, str]
    def __init__(self, request_id: _Optional[str] = ..., language: _Optional[str] = ..., sources: _Optional[_Iterable[_Union[_submission_pb2.SourceFile, _Mapping]]] = ..., entry_point: _Optional[str] = ..., argv: _Optional[_Iterable[str]] = ..., problem: _Optional[str] = ..., tests: _Optional[_Union[_submission_pb2.InlineTests, _Mapping]] = ..., limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., run_policy: _Optional[_Union[RunPolicy, str]] = ..., lane: _Optional[_Union[_submission_pb2.Lane, str]] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CreateSubmissionResponse(_message.Message):
    __slots__ = ("submission", "read_token")
    SUBMISSION_FIELD_NUMBER: _ClassVar[int]
    READ_TOKEN_FIELD_NUMBER: _ClassVar[int]
    submission: _submission_pb2.Submission
    read_token: bytes
    def __init__(self, submission: _Optional[_Union[_submission_pb2.Submission, _Mapping]] = ..., read_token: _Optional[bytes] = ...) -> None: ...

class BatchCreateSubmissionsRequest(_message.Message):
    __slots__ = ("requests",)
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[CreateSubmissionRequest]
    def __init__(self, requests: _Optional[_Iterable[_Union[CreateSubmissionRequest, _Mapping]]] = ...) -> None: ...

class BatchCreateSubmissionsResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchCreateSubmissionsResult]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchCreateSubmissionsResult, _Mapping]]] = ...) -> None: ...

class BatchCreateSubmissionsResult(_message.Message):
    __slots__ = ("accepted", "refused_status")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_STATUS_FIELD_NUMBER: _ClassVar[int]
    accepted: CreateSubmissionResponse
    refused_status: bytes
    def __init__(self, accepted: _Optional[_Union[CreateSubmissionResponse, _Mapping]] = ..., refused_status: _Optional[bytes] = ...) -> None: ...

class WatchQueuesRequest(_message.Message):
    __slots__ = ("languages",)
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    languages: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, languages: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchQueuesResponse(_message.Message):
    __slots__ = ("queues",)
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    queues: _containers.RepeatedCompositeFieldContainer[Queue]
    def __init__(self, queues: _Optional[_Iterable[_Union[Queue, _Mapping]]] = ...) -> None: ...

class Queue(_message.Message):
    __slots__ = ("language", "lane", "waiting_count", "oldest_age_ms", "running_count", "slot_count")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    WAITING_COUNT_FIELD_NUMBER: _ClassVar[int]
    OLDEST_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_COUNT_FIELD_NUMBER: _ClassVar[int]
    SLOT_COUNT_FIELD_NUMBER: _ClassVar[int]
    language: str
    lane: _submission_pb2.Lane
    waiting_count: int
    oldest_age_ms: int
    running_count: int
    slot_count: int
    def __init__(self, language: _Optional[str] = ..., lane: _Optional[_Union[_submission_pb2.Lane, str]] = ..., waiting_count: _Optional[int] = ..., oldest_age_ms: _Optional[int] = ..., running_count: _Optional[int] = ..., slot_count: _Optional[int] = ...) -> None: ...

class GetSubmissionRequest(_message.Message):
    __slots__ = ("name", "read_token", "view")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    read_token: bytes
    view: View
    def __init__(self, name: _Optional[str] = ..., read_token: _Optional[bytes] = ..., view: _Optional[_Union[View, str]] = ...) -> None: ...

class GetSubmissionResponse(_message.Message):
    __slots__ = ("submission",)
    SUBMISSION_FIELD_NUMBER: _ClassVar[int]
    submission: _submission_pb2.Submission
    def __init__(self, submission: _Optional[_Union[_submission_pb2.Submission, _Mapping]] = ...) -> None: ...

class ListSubmissionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "problem", "language", "labels", "state", "verdict", "create_time_min")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_MIN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    problem: str
    language: str
    labels: _containers.ScalarMap[str, str]
    state: _submission_pb2.State
    verdict: _submission_pb2.Verdict
    create_time_min: _timestamp_pb2.Timestamp
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., problem: _Optional[str] = ..., language: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., state: _Optional[_Union[_submission_pb2.State, str]] = ..., verdict: _Optional[_Union[_submission_pb2.Verdict, str]] = ..., create_time_min: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListSubmissionsResponse(_message.Message):
    __slots__ = ("submissions", "next_page_token")
    SUBMISSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    submissions: _containers.RepeatedCompositeFieldContainer[_submission_pb2.Submission]
    next_page_token: str
    def __init__(self, submissions: _Optional[_Iterable[_Union[_submission_pb2.Submission, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelSubmissionRequest(_message.Message):
    __slots__ = ("name", "judgement", "read_token")
    NAME_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    READ_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    judgement: int
    read_token: bytes
    def __init__(self, name: _Optional[str] = ..., judgement: _Optional[int] = ..., read_token: _Optional[bytes] = ...) -> None: ...

class CancelSubmissionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RejudgeSubmissionsRequest(_message.Message):
    __slots__ = ("submissions", "apply")
    SUBMISSIONS_FIELD_NUMBER: _ClassVar[int]
    APPLY_FIELD_NUMBER: _ClassVar[int]
    submissions: _containers.RepeatedScalarFieldContainer[str]
    apply: bool
    def __init__(self, submissions: _Optional[_Iterable[str]] = ..., apply: _Optional[bool] = ...) -> None: ...

class RejudgeSubmissionsResponse(_message.Message):
    __slots__ = ("rejudge",)
    REJUDGE_FIELD_NUMBER: _ClassVar[int]
    rejudge: str
    def __init__(self, rejudge: _Optional[str] = ...) -> None: ...

class ListLanguagesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListLanguagesResponse(_message.Message):
    __slots__ = ("languages",)
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    languages: _containers.RepeatedCompositeFieldContainer[Language]
    def __init__(self, languages: _Optional[_Iterable[_Union[Language, _Mapping]]] = ...) -> None: ...

class Language(_message.Message):
    __slots__ = ("code", "display_name", "available", "version", "reason", "suffixes", "slot_count", "compiled", "testing")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SUFFIXES_FIELD_NUMBER: _ClassVar[int]
    SLOT_COUNT_FIELD_NUMBER: _ClassVar[int]
    COMPILED_FIELD_NUMBER: _ClassVar[int]
    TESTING_FIELD_NUMBER: _ClassVar[int]
    code: str
    display_name: str
    available: bool
    version: str
    reason: str
    suffixes: _containers.RepeatedScalarFieldContainer[str]
    slot_count: int
    compiled: bool
    testing: bool
    def __init__(self, code: _Optional[str] = ..., display_name: _Optional[str] = ..., available: _Optional[bool] = ..., version: _Optional[str] = ..., reason: _Optional[str] = ..., suffixes: _Optional[_Iterable[str]] = ..., slot_count: _Optional[int] = ..., compiled: _Optional[bool] = ..., testing: _Optional[bool] = ...) -> None: ...
