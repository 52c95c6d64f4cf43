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
    PROBLEM_TYPE_SCORING: _ClassVar[ProblemType]

class Shown(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHOWN_UNSPECIFIED: _ClassVar[Shown]
    SHOWN_VERDICT_ONLY: _ClassVar[Shown]
    SHOWN_FIRST_FAILING: _ClassVar[Shown]
    SHOWN_SAMPLES: _ClassVar[Shown]
    SHOWN_EVERYTHING: _ClassVar[Shown]

class VerdictAggregation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_AGGREGATION_UNSPECIFIED: _ClassVar[VerdictAggregation]
    VERDICT_AGGREGATION_WORST_ERROR: _ClassVar[VerdictAggregation]
    VERDICT_AGGREGATION_FIRST_ERROR: _ClassVar[VerdictAggregation]
    VERDICT_AGGREGATION_ALWAYS_ACCEPT: _ClassVar[VerdictAggregation]
    VERDICT_AGGREGATION_BY_SCORE: _ClassVar[VerdictAggregation]

class ScoreAggregation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCORE_AGGREGATION_UNSPECIFIED: _ClassVar[ScoreAggregation]
    SCORE_AGGREGATION_SUM: _ClassVar[ScoreAggregation]
    SCORE_AGGREGATION_MIN: _ClassVar[ScoreAggregation]
    SCORE_AGGREGATION_MAX: _ClassVar[ScoreAggregation]
    SCORE_AGGREGATION_AVERAGE: _ClassVar[ScoreAggregation]
    SCORE_AGGREGATION_ALL_OR_NOTHING: _ClassVar[ScoreAggregation]

class TestScores(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TEST_SCORES_UNSPECIFIED: _ClassVar[TestScores]
    TEST_SCORES_FORBIDDEN: _ClassVar[TestScores]
    TEST_SCORES_OPTIONAL: _ClassVar[TestScores]
    TEST_SCORES_REQUIRED: _ClassVar[TestScores]
    TEST_SCORES_BOUNDED: _ClassVar[TestScores]
    TEST_SCORES_UNBOUNDED: _ClassVar[TestScores]
    TEST_SCORES_FACTOR: _ClassVar[TestScores]
    TEST_SCORES_TOLERATED: _ClassVar[TestScores]

class ValidatorProtocol(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VALIDATOR_PROTOCOL_UNSPECIFIED: _ClassVar[ValidatorProtocol]
    VALIDATOR_PROTOCOL_KATTIS: _ClassVar[ValidatorProtocol]
    VALIDATOR_PROTOCOL_TESTLIB: _ClassVar[ValidatorProtocol]
PROBLEM_TYPE_UNSPECIFIED: ProblemType
PROBLEM_TYPE_PASS_FAIL: ProblemType
PROBLEM_TYPE_SCORING: ProblemType
SHOWN_UNSPECIFIED: Shown
SHOWN_VERDICT_ONLY: Shown
SHOWN_FIRST_FAILING: Shown
SHOWN_SAMPLES: Shown
SHOWN_EVERYTHING: Shown
VERDICT_AGGREGATION_UNSPECIFIED: VerdictAggregation
VERDICT_AGGREGATION_WORST_ERROR: VerdictAggregation
VERDICT_AGGREGATION_FIRST_ERROR: VerdictAggregation
VERDICT_AGGREGATION_ALWAYS_ACCEPT: VerdictAggregation
VERDICT_AGGREGATION_BY_SCORE: VerdictAggregation
SCORE_AGGREGATION_UNSPECIFIED: ScoreAggregation
SCORE_AGGREGATION_SUM: ScoreAggregation
SCORE_AGGREGATION_MIN: ScoreAggregation
SCORE_AGGREGATION_MAX: ScoreAggregation
SCORE_AGGREGATION_AVERAGE: ScoreAggregation
SCORE_AGGREGATION_ALL_OR_NOTHING: ScoreAggregation
TEST_SCORES_UNSPECIFIED: TestScores
TEST_SCORES_FORBIDDEN: TestScores
TEST_SCORES_OPTIONAL: TestScores
TEST_SCORES_REQUIRED: TestScores
TEST_SCORES_BOUNDED: TestScores
TEST_SCORES_UNBOUNDED: TestScores
TEST_SCORES_FACTOR: TestScores
TEST_SCORES_TOLERATED: TestScores
VALIDATOR_PROTOCOL_UNSPECIFIED: ValidatorProtocol
VALIDATOR_PROTOCOL_KATTIS: ValidatorProtocol
VALIDATOR_PROTOCOL_TESTLIB: ValidatorProtocol

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
    __slots__ = ("display_name", "limits", "tests", "validator", "validator_arguments", "type", "time_factors", "compile_limits", "validation_limits", "code_bytes", "languages", "include", "constants", "interactive", "pass_count_most", "submit_answer", "groups", "static_validator", "shown", "lower_score_is_better", "grader", "tests_at_once", "further_validators")
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
    INTERACTIVE_FIELD_NUMBER: _ClassVar[int]
    PASS_COUNT_MOST_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_ANSWER_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    STATIC_VALIDATOR_FIELD_NUMBER: _ClassVar[int]
    SHOWN_FIELD_NUMBER: _ClassVar[int]
    LOWER_SCORE_IS_BETTER_FIELD_NUMBER: _ClassVar[int]
    GRADER_FIELD_NUMBER: _ClassVar[int]
    TESTS_AT_ONCE_FIELD_NUMBER: _ClassVar[int]
    FURTHER_VALIDATORS_FIELD_NUMBER: _ClassVar[int]
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
    interactive: bool
    pass_count_most: int
    submit_answer: bool
    groups: _containers.RepeatedCompositeFieldContainer[TestGroup]
    static_validator: Validator
    shown: Shown
    lower_score_is_better: bool
    grader: Validator
    tests_at_once: int
    further_validators: _containers.RepeatedCompositeFieldContainer[Validator]
    def __init__(self, display_name: _Optional[str] = ..., limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., tests: _Optional[_Iterable[_Union[ManifestTest, _Mapping]]] = ..., validator: _Optional[_Union[Validator, _Mapping]] = ..., validator_arguments: _Optional[_Iterable[str]] = ..., type: _Optional[_Union[ProblemType, str]] = ..., time_factors: _Optional[_Mapping[str, float]] = ..., compile_limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., validation_limits: _Optional[_Union[_submission_pb2.Limits, _Mapping]] = ..., code_bytes: _Optional[int] = ..., languages: _Optional[_Iterable[str]] = ..., include: _Optional[_Iterable[_Union[FileReference, _Mapping]]] = ..., constants: _Optional[_Mapping[str, str]] = ..., interactive: _Optional[bool] = ..., pass_count_most: _Optional[int] = ..., submit_answer: _Optional[bool] = ..., groups: _Optional[_Iterable[_Union[TestGroup, _Mapping]]] = ..., static_validator: _Optional[_Union[Validator, _Mapping]] = ..., shown: _Optional[_Union[Shown, str]] = ..., lower_score_is_better: _Optional[bool] = ..., grader: _Optional[_Union[Validator, _Mapping]] = ..., tests_at_once: _Optional[int] = ..., further_validators: _Optional[_Iterable[_Union[Validator, _Mapping]]] = ...) -> None: ...

class TestGroup(_message.Message):
    __slots__ = ("name", "parent", "break_on_reject", "verdict_aggregation", "accept_if_any_accepted", "score_aggregation", "accept_score", "reject_score", "test_scores", "least_score", "most_score", "full_score", "ignored", "required_groups", "custom_grader", "grader_arguments")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    BREAK_ON_REJECT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_IF_ANY_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    SCORE_AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_SCORE_FIELD_NUMBER: _ClassVar[int]
    REJECT_SCORE_FIELD_NUMBER: _ClassVar[int]
    TEST_SCORES_FIELD_NUMBER: _ClassVar[int]
    LEAST_SCORE_FIELD_NUMBER: _ClassVar[int]
    MOST_SCORE_FIELD_NUMBER: _ClassVar[int]
    FULL_SCORE_FIELD_NUMBER: _ClassVar[int]
    IGNORED_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_GROUPS_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_GRADER_FIELD_NUMBER: _ClassVar[int]
    GRADER_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    parent: int
    break_on_reject: bool
    verdict_aggregation: VerdictAggregation
    accept_if_any_accepted: bool
    score_aggregation: ScoreAggregation
    accept_score: float
    reject_score: float
    test_scores: TestScores
    least_score: float
    most_score: float
    full_score: float
    ignored: bool
    required_groups: _containers.RepeatedScalarFieldContainer[int]
    custom_grader: bool
    grader_arguments: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., parent: _Optional[int] = ..., break_on_reject: _Optional[bool] = ..., verdict_aggregation: _Optional[_Union[VerdictAggregation, str]] = ..., accept_if_any_accepted: _Optional[bool] = ..., score_aggregation: _Optional[_Union[ScoreAggregation, str]] = ..., accept_score: _Optional[float] = ..., reject_score: _Optional[float] = ..., test_scores: _Optional[_Union[TestScores, str]] = ..., least_score: _Optional[float] = ..., most_score: _Optional[float] = ..., full_score: _Optional[float] = ..., ignored: _Optional[bool] = ..., required_groups: _Optional[_Iterable[int]] = ..., custom_grader: _Optional[bool] = ..., grader_arguments: _Optional[_Iterable[str]] = ...) -> None: ...

class ManifestTest(_message.Message):
    __slots__ = ("name", "input", "answer", "sample", "validator_arguments", "argv", "has_validator_arguments", "files", "group", "static_validation", "accept_score")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    VALIDATOR_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    ARGV_FIELD_NUMBER: _ClassVar[int]
    HAS_VALIDATOR_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    STATIC_VALIDATION_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_SCORE_FIELD_NUMBER: _ClassVar[int]
    name: str
    input: FileReference
    answer: FileReference
    sample: bool
    validator_arguments: _containers.RepeatedScalarFieldContainer[str]
    argv: _containers.RepeatedScalarFieldContainer[str]
    has_validator_arguments: bool
    files: _containers.RepeatedCompositeFieldContainer[FileReference]
    group: int
    static_validation: bool
    accept_score: float
    def __init__(self, name: _Optional[str] = ..., input: _Optional[_Union[FileReference, _Mapping]] = ..., answer: _Optional[_Union[FileReference, _Mapping]] = ..., sample: _Optional[bool] = ..., validator_arguments: _Optional[_Iterable[str]] = ..., argv: _Optional[_Iterable[str]] = ..., has_validator_arguments: _Optional[bool] = ..., files: _Optional[_Iterable[_Union[FileReference, _Mapping]]] = ..., group: _Optional[int] = ..., static_validation: _Optional[bool] = ..., accept_score: _Optional[float] = ...) -> None: ...

class Validator(_message.Message):
    __slots__ = ("language", "files", "entry_point", "protocol", "scripts")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SCRIPTS_FIELD_NUMBER: _ClassVar[int]
    language: str
    files: _containers.RepeatedCompositeFieldContainer[FileReference]
    entry_point: str
    protocol: ValidatorProtocol
    scripts: bool
    def __init__(self, language: _Optional[str] = ..., files: _Optional[_Iterable[_Union[FileReference, _Mapping]]] = ..., entry_point: _Optional[str] = ..., protocol: _Optional[_Union[ValidatorProtocol, str]] = ..., scripts: _Optional[bool] = ...) -> None: ...

class FileReference(_message.Message):
    __slots__ = ("path", "sha256", "size_bytes")
    PATH_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    path: str
    sha256: str
    size_bytes: int
    def __init__(self, path: _Optional[str] = ..., sha256: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...
