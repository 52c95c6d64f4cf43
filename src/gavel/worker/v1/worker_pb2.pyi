import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Worker(_message.Message):
    __slots__ = ("name", "languages", "slot_count", "running_count", "start_time", "heartbeat_time", "draining", "enforcements")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    SLOT_COUNT_FIELD_NUMBER: _ClassVar[int]
    RUNNING_COUNT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_TIME_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    ENFORCEMENTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    languages: _containers.RepeatedCompositeFieldContainer[WorkerLanguage]
    slot_count: int
    running_count: int
    start_time: _timestamp_pb2.Timestamp
    heartbeat_time: _timestamp_pb2.Timestamp
    draining: bool
    enforcements: _containers.RepeatedCompositeFieldContainer[Enforcement]
    def __init__(self, name: _Optional[str] = ..., languages: _Optional[_Iterable[_Union[WorkerLanguage, _Mapping]]] = ..., slot_count: _Optional[int] = ..., running_count: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., heartbeat_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., draining: _Optional[bool] = ..., enforcements: _Optional[_Iterable[_Union[Enforcement, _Mapping]]] = ...) -> None: ...

class WorkerLanguage(_message.Message):
    __slots__ = ("code", "available", "version", "reason", "testing")
    CODE_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TESTING_FIELD_NUMBER: _ClassVar[int]
    code: str
    available: bool
    version: str
    reason: str
    testing: bool
    def __init__(self, code: _Optional[str] = ..., available: _Optional[bool] = ..., version: _Optional[str] = ..., reason: _Optional[str] = ..., testing: _Optional[bool] = ...) -> None: ...

class Enforcement(_message.Message):
    __slots__ = ("limit", "enforced", "mechanism")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ENFORCED_FIELD_NUMBER: _ClassVar[int]
    MECHANISM_FIELD_NUMBER: _ClassVar[int]
    limit: str
    enforced: bool
    mechanism: str
    def __init__(self, limit: _Optional[str] = ..., enforced: _Optional[bool] = ..., mechanism: _Optional[str] = ...) -> None: ...

class WorkerHeartbeat(_message.Message):
    __slots__ = ("worker",)
    WORKER_FIELD_NUMBER: _ClassVar[int]
    worker: Worker
    def __init__(self, worker: _Optional[_Union[Worker, _Mapping]] = ...) -> None: ...
