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

class ProblemType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROBLEM_TYPE_UNSPECIFIED: _ClassVar[ProblemType]
    PROBLEM_TYPE_PASS_FAIL: _ClassVar[ProblemType]
PROBLEM_TYPE_UNSPECIFIED: ProblemType
PROBLEM_TYPE_PASS_FAIL: ProblemType

class Problem(_message.Message):
    __slots__ = ("name", "display_name", "manifest_digest", "limits", "test_count", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    TEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    manifest_digest: str
    limits: _submission_pb2.Limits
    test_count: int
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., manifest_digest: _Optional[str] = ..., limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., test_count: _Optional[int] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Manifest(_message.Message):
    __slots__ = ("display_name", "limits", "tests", "validator", "validator_arguments", "type", "time_factors", "compile_limits", "validation_limits", "code_bytes", "languages", "include", "constants")
    class TimeFactorsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ConstantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    TESTS_FIELD_NUMBER: _ClassVar[int]
    VALIDATOR_FIELD_NUMBER: _ClassVar[int]
    VALIDATOR_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIME_FACTORS_FIELD_NUMBER: _ClassVar[int]
    COMPILE_LIMITS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_LIMITS_FIELD_NUMBER: _ClassVar[int]
    CODE_BYTES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_FIELD_NUMBER: _ClassVar[int]
    CONSTANTS_FIELD_NUMBER: _ClassVar[int]
    display_name: str
    limits: _submission_pb2.Limits
    tests: _containers.RepeatedCompositeFieldContainer[ManifestTest]
    validator: Validator
    validator_arguments: _containers.RepeatedScalarFieldContainer[str]
    type: ProblemType
    time_factors: _containers.ScalarMap[str, float]
    compile_limits: _submission_pb2.Limits
    validation_limits: _submission_pb2.Limits
    code_bytes: int
    languages: _containers.RepeatedScalarFieldContainer[str]
    include: _containers.RepeatedCompositeFieldContainer[FileReference]
    constants: _containers.ScalarMap[str, str]
    def __init__(self, display_name: _Optional[str] = ..., limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., tests: _Optional[_Iterable[_Union[ManifestTest, _Mapping]]] = ..., validator: _Optional[_Union[Validator, _Mapping]] = ..., validator_arguments: _Optional[_Iterable[str]] = ..., type: _Optional[_Union[ProblemType, str]] = ..., time_factors: _Optional[_Mapping[str, float]] = ..., compile_limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., validation_limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., code_bytes: _Optional[int] = ..., languages: _Optional[_Iterable[str]] = ..., include: _Optional[_Iterable[_Union[FileReference, _Mapping]]] = ..., constants: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ManifestTest(_message.Message):
    __slots__ = ("name", "input", "answer", "sample", "validator_arguments", "argv", "has_validator_arguments", "files")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    VALIDATOR_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    ARGV_FIELD_NUMBER: _ClassVar[int]
    HAS_VALIDATOR_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    name: str
    input: FileReference
    answer: FileReference
    sample: bool
    validator_arguments: _containers.RepeatedScalarFieldContainer[str]
    argv: _containers.RepeatedScalarFieldContainer[str]
    has_validator_arguments: bool
    files: _containers.RepeatedCompositeFieldContainer[FileReference]
    def __init__(self, name: _Optional[str] = ..., input: _Optional[_Union[FileReference, _Mapping]] = ..., answer: _Optional[_Union[FileReference, _Mapping]] = ..., sample: _Optional[bool] = ..., validator_arguments: _Optional[_Iterable[str]] = ..., argv: _Optional[_Iterable[str]] = ..., has_validator_arguments: _Optional[bool] = ..., files: _Optional[_Iterable[_Union[FileReference, _Mapping]]] = ...) -> None: ...

class Validator(_message.Message):
    __slots__ = ("language", "files", "entry_point")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_FIELD_NUMBER: _ClassVar[int]
    language: str
    files: _containers.RepeatedCompositeFieldContainer[FileReference]
    entry_point: str
    def __init__(self, language: _Optional[str] = ..., files: _Optional[_Iterable[_Union[FileReference, _Mapping]]] = ..., entry_point: _Optional[str] = ...) -> None: ...

class FileReference(_message.Message):
    __slots__ = ("path", "sha256", "size_bytes")
    PATH_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    path: str
    sha256: str
    size_bytes: int
    def __init__(self, path: _Optional[str] = ..., sha256: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...
