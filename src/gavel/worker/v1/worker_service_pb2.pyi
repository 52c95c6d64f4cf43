from gavel.submission.v1 import submission_pb2 as _submission_pb2
from gavel.worker.v1 import worker_pb2 as _worker_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunProgramRequest(_message.Message):
    __slots__ = ("start", "stdin", "stdin_end")
    START_FIELD_NUMBER: _ClassVar[int]
    STDIN_FIELD_NUMBER: _ClassVar[int]
    STDIN_END_FIELD_NUMBER: _ClassVar[int]
    start: RunProgramStart
    stdin: bytes
    stdin_end: bool
    def __init__(self, start: _Optional[_Union[RunProgramStart, _Mapping]] = ..., stdin: _Optional[bytes] = ..., stdin_end: _Optional[bool] = ...) -> None: ...

class RunProgramStart(_message.Message):
    __slots__ = ("language", "sources", "argv", "limits", "entry_point")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    ARGV_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_FIELD_NUMBER: _ClassVar[int]
    language: str
    sources: _containers.RepeatedCompositeFieldContainer[_submission_pb2.SourceFile]
    argv: _containers.RepeatedScalarFieldContainer[str]
    limits: _submission_pb2.Limits
    entry_point: str
    def __init__(self, language: _Optional[str] = ..., sources: _Optional[_Iterable[_Union[_submission_pb2.SourceFile, _Mapping]]] = ..., argv: _Optional[_Iterable[str]] = ..., limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., entry_point: _Optional[str] = ...) -> None: ...

class RunProgramResponse(_message.Message):
    __slots__ = ("compiled", "stdout", "stderr", "result")
    COMPILED_FIELD_NUMBER: _ClassVar[int]
    STDOUT_FIELD_NUMBER: _ClassVar[int]
    STDERR_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    compiled: _submission_pb2.CompileResult
    stdout: bytes
    stderr: bytes
    result: _submission_pb2.TestResult
    def __init__(self, compiled: _Optional[_Union[_submission_pb2.CompileResult, _Mapping]] = ..., stdout: _Optional[bytes] = ..., stderr: _Optional[bytes] = ..., result: _Optional[_Union[_submission_pb2.TestResult, _Mapping]] = ...) -> None: ...

class ListWorkersRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListWorkersResponse(_message.Message):
    __slots__ = ("workers", "next_page_token")
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedCompositeFieldContainer[_worker_pb2.Worker]
    next_page_token: str
    def __init__(self, workers: _Optional[_Iterable[_Union[_worker_pb2.Worker, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetWorkerRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetWorkerResponse(_message.Message):
    __slots__ = ("worker",)
    WORKER_FIELD_NUMBER: _ClassVar[int]
    worker: _worker_pb2.Worker
    def __init__(self, worker: _Optional[_Union[_worker_pb2.Worker, _Mapping]] = ...) -> None: ...

class DrainWorkerRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DrainWorkerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
