import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATE_UNSPECIFIED: _ClassVar[State]
    STATE_QUEUED: _ClassVar[State]
    STATE_RUNNING: _ClassVar[State]
    STATE_FINISHED: _ClassVar[State]
    STATE_CANCELLED: _ClassVar[State]
    STATE_FAILED: _ClassVar[State]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_ACCEPTED: _ClassVar[Verdict]
    VERDICT_WRONG_ANSWER: _ClassVar[Verdict]
    VERDICT_PRESENTATION_ERROR: _ClassVar[Verdict]
    VERDICT_TIME_LIMIT_EXCEEDED: _ClassVar[Verdict]
    VERDICT_WALL_TIME_LIMIT_EXCEEDED: _ClassVar[Verdict]
    VERDICT_MEMORY_LIMIT_EXCEEDED: _ClassVar[Verdict]
    VERDICT_OUTPUT_LIMIT_EXCEEDED: _ClassVar[Verdict]
    VERDICT_RUN_TIME_ERROR: _ClassVar[Verdict]
    VERDICT_COMPILE_ERROR: _ClassVar[Verdict]
    VERDICT_SECURITY_VIOLATION: _ClassVar[Verdict]
    VERDICT_SKIPPED: _ClassVar[Verdict]
    VERDICT_JUDGE_ERROR: _ClassVar[Verdict]
    VERDICT_PARTIAL: _ClassVar[Verdict]

class Lane(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANE_UNSPECIFIED: _ClassVar[Lane]
    LANE_INTERACTIVE: _ClassVar[Lane]
    LANE_BATCH: _ClassVar[Lane]
STATE_UNSPECIFIED: State
STATE_QUEUED: State
STATE_RUNNING: State
STATE_FINISHED: State
STATE_CANCELLED: State
STATE_FAILED: State
VERDICT_UNSPECIFIED: Verdict
VERDICT_ACCEPTED: Verdict
VERDICT_WRONG_ANSWER: Verdict
VERDICT_PRESENTATION_ERROR: Verdict
VERDICT_TIME_LIMIT_EXCEEDED: Verdict
VERDICT_WALL_TIME_LIMIT_EXCEEDED: Verdict
VERDICT_MEMORY_LIMIT_EXCEEDED: Verdict
VERDICT_OUTPUT_LIMIT_EXCEEDED: Verdict
VERDICT_RUN_TIME_ERROR: Verdict
VERDICT_COMPILE_ERROR: Verdict
VERDICT_SECURITY_VIOLATION: Verdict
VERDICT_SKIPPED: Verdict
VERDICT_JUDGE_ERROR: Verdict
VERDICT_PARTIAL: Verdict
LANE_UNSPECIFIED: Lane
LANE_INTERACTIVE: Lane
LANE_BATCH: Lane

class Submission(_message.Message):
    __slots__ = ("name", "language", "problem", "state", "verdict", "current_judgement", "create_time", "lane", "labels", "limits", "judgement", "sources", "score")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    problem: str
    state: State
    verdict: Verdict
    current_judgement: int
    create_time: _timestamp_pb2.Timestamp
    lane: Lane
    labels: _containers.ScalarMap[str, str]
    limits: Limits
    judgement: Judgement
    sources: _containers.RepeatedCompositeFieldContainer[SourceFile]
    score: float
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., problem: _Optional[str] = ..., state: _Optional[_Union[State, str]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., current_judgement: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lane: _Optional[_Union[Lane, str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., judgement: _Optional[_Union[Judgement, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[SourceFile, _Mapping]]] = ..., score: _Optional[float] = ...) -> None: ...

class Judgement(_message.Message):
    __slots__ = ("name", "state", "verdict", "score", "cpu_time_ms", "wall_time_ms", "memory_bytes", "compile", "tests", "test_count", "manifest_digest", "attempt", "worker", "language_version", "start_time", "end_time", "failure", "groups", "first_failed_test", "left_out_test_count")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    CPU_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    COMPILE_FIELD_NUMBER: _ClassVar[int]
    TESTS_FIELD_NUMBER: _ClassVar[int]
    TEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    FIRST_FAILED_TEST_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_TEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: State
    verdict: Verdict
    score: float
    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    compile: CompileResult
    tests: _containers.RepeatedCompositeFieldContainer[TestResult]
    test_count: int
    manifest_digest: str
    attempt: str
    worker: str
    language_version: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    failure: str
    groups: _containers.RepeatedCompositeFieldContainer[GroupResult]
    first_failed_test: int
    left_out_test_count: int
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[State, str]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., score: _Optional[float] = ..., cpu_time_ms: _Optional[int] = ..., wall_time_ms: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., compile: _Optional[_Union[CompileResult, _Mapping]] = ..., tests: _Optional[_Iterable[_Union[TestResult, _Mapping]]] = ..., test_count: _Optional[int] = ..., manifest_digest: _Optional[str] = ..., attempt: _Optional[str] = ..., worker: _Optional[str] = ..., language_version: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., failure: _Optional[str] = ..., groups: _Optional[_Iterable[_Union[GroupResult, _Mapping]]] = ..., first_failed_test: _Optional[int] = ..., left_out_test_count: _Optional[int] = ...) -> None: ...

class CompileResult(_message.Message):
    __slots__ = ("verdict", "output", "cpu_time_ms", "wall_time_ms", "memory_bytes", "cached")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    CPU_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    CACHED_FIELD_NUMBER: _ClassVar[int]
    verdict: Verdict
    output: str
    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    cached: bool
    def __init__(self, verdict: _Optional[_Union[Verdict, str]] = ..., output: _Optional[str] = ..., cpu_time_ms: _Optional[int] = ..., wall_time_ms: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., cached: _Optional[bool] = ...) -> None: ...

class TestResult(_message.Message):
    __slots__ = ("number", "test", "verdict", "exit_code", "signal", "cpu_time_ms", "wall_time_ms", "memory_bytes", "output_bytes", "score", "message", "feedback", "stderr", "stdout", "input", "expected", "output", "pass_count")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    CPU_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    STDERR_FIELD_NUMBER: _ClassVar[int]
    STDOUT_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    PASS_COUNT_FIELD_NUMBER: _ClassVar[int]
    number: int
    test: str
    verdict: Verdict
    exit_code: int
    signal: int
    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    output_bytes: int
    score: float
    message: str
    feedback: str
    stderr: str
    stdout: str
    input: str
    expected: str
    output: OutputObject
    pass_count: int
    def __init__(self, number: _Optional[int] = ..., test: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., exit_code: _Optional[int] = ..., signal: _Optional[int] = ..., cpu_time_ms: _Optional[int] = ..., wall_time_ms: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., output_bytes: _Optional[int] = ..., score: _Optional[float] = ..., message: _Optional[str] = ..., feedback: _Optional[str] = ..., stderr: _Optional[str] = ..., stdout: _Optional[str] = ..., input: _Optional[str] = ..., expected: _Optional[str] = ..., output: _Optional[_Union[OutputObject, _Mapping]] = ..., pass_count: _Optional[int] = ...) -> None: ...

class OutputObject(_message.Message):
    __slots__ = ("key", "sha256", "size_bytes")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    key: str
    sha256: str
    size_bytes: int
    def __init__(self, key: _Optional[str] = ..., sha256: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class GroupResult(_message.Message):
    __slots__ = ("name", "verdict", "score")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    name: str
    verdict: Verdict
    score: float
    def __init__(self, name: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., score: _Optional[float] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("cpu_time_ms", "wall_time_ms", "memory_bytes", "stack_bytes", "processes", "output_bytes", "files_bytes")
    CPU_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    STACK_BYTES_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_BYTES_FIELD_NUMBER: _ClassVar[int]
    FILES_BYTES_FIELD_NUMBER: _ClassVar[int]
    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    stack_bytes: int
    processes: int
    output_bytes: int
    files_bytes: int
    def __init__(self, cpu_time_ms: _Optional[int] = ..., wall_time_ms: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., stack_bytes: _Optional[int] = ..., processes: _Optional[int] = ..., output_bytes: _Optional[int] = ..., files_bytes: _Optional[int] = ...) -> None: ...

class SourceFile(_message.Message):
    __slots__ = ("path", "data", "digest")
    PATH_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    path: str
    data: bytes
    digest: str
    def __init__(self, path: _Optional[str] = ..., data: _Optional[bytes] = ..., digest: _Optional[str] = ...) -> None: ...

class InlineTests(_message.Message):
    __slots__ = ("tests", "validator_arguments")
    TESTS_FIELD_NUMBER: _ClassVar[int]
    VALIDATOR_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    tests: _containers.RepeatedCompositeFieldContainer[InlineTest]
    validator_arguments: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tests: _Optional[_Iterable[_Union[InlineTest, _Mapping]]] = ..., validator_arguments: _Optional[_Iterable[str]] = ...) -> None: ...

class InlineTest(_message.Message):
    __slots__ = ("name", "input", "expected")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    name: str
    input: bytes
    expected: bytes
    def __init__(self, name: _Optional[str] = ..., input: _Optional[bytes] = ..., expected: _Optional[bytes] = ...) -> None: ...
