from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FilePurpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILE_PURPOSE_UNSPECIFIED: _ClassVar[FilePurpose]
    FILE_PURPOSE_PACKAGE: _ClassVar[FilePurpose]
    FILE_PURPOSE_SOURCE: _ClassVar[FilePurpose]
FILE_PURPOSE_UNSPECIFIED: FilePurpose
FILE_PURPOSE_PACKAGE: FilePurpose
FILE_PURPOSE_SOURCE: FilePurpose

class FindMissingFilesRequest(_message.Message):
    __slots__ = ("digests", "purpose")
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    digests: _containers.RepeatedScalarFieldContainer[str]
    purpose: FilePurpose
    def __init__(self, digests: _Optional[_Iterable[str]] = ..., purpose: _Optional[_Union[FilePurpose, str]] = ...) -> None: ...

class FindMissingFilesResponse(_message.Message):
    __slots__ = ("digests",)
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    digests: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, digests: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateUploadRequest(_message.Message):
    __slots__ = ("digest", "size_bytes", "purpose")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    digest: str
    size_bytes: int
    purpose: FilePurpose
    def __init__(self, digest: _Optional[str] = ..., size_bytes: _Optional[int] = ..., purpose: _Optional[_Union[FilePurpose, str]] = ...) -> None: ...

class CreateUploadResponse(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class UploadFileRequest(_message.Message):
    __slots__ = ("digest", "size_bytes", "data", "purpose")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    digest: str
    size_bytes: int
    data: bytes
    purpose: FilePurpose
    def __init__(self, digest: _Optional[str] = ..., size_bytes: _Optional[int] = ..., data: _Optional[bytes] = ..., purpose: _Optional[_Union[FilePurpose, str]] = ...) -> None: ...

class UploadFileResponse(_message.Message):
    __slots__ = ("digest", "size_bytes")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    digest: str
    size_bytes: int
    def __init__(self, digest: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class ReadFileRequest(_message.Message):
    __slots__ = ("digest", "offset_bytes", "length_bytes", "judgement", "test_number", "source_path")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    LENGTH_BYTES_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENT_FIELD_NUMBER: _ClassVar[int]
    TEST_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_PATH_FIELD_NUMBER: _ClassVar[int]
    digest: str
    offset_bytes: int
    length_bytes: int
    judgement: str
    test_number: int
    source_path: str
    def __init__(self, digest: _Optional[str] = ..., offset_bytes: _Optional[int] = ..., length_bytes: _Optional[int] = ..., judgement: _Optional[str] = ..., test_number: _Optional[int] = ..., source_path: _Optional[str] = ...) -> None: ...

class ReadFileResponse(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...
