"""Problems that a test makes by hand: a few tests and a validator's source."""

from __future__ import annotations

from conftest import Judge  # type: ignore[attr-defined]
from gavel.submission.v1 import problem_pb2
from gavel.submission.v1.problem_pb2 import FileReference, Manifest, ManifestTest, Validator
from gavel.submission.v1.submission_record_pb2 import ProblemReference
from package_folder import stored

TESTLIB = problem_pb2.VALIDATOR_PROTOCOL_TESTLIB


def file(judge: Judge, data: bytes, path: str = "") -> FileReference:
    """A stored blob."""
    return FileReference(path=path, sha256=stored(judge.objects, judge.tenant, data), size_bytes=len(data))


def problem(judge: Judge, manifest: Manifest) -> ProblemReference:
    """Stores a manifest."""
    digest = stored(judge.objects, judge.tenant, manifest.SerializeToString(deterministic=True))
    return ProblemReference(problem="problems/made", manifest_digest=digest)


def made(
    judge: Judge,
    tests: dict[str, tuple[str, str]],
    validator: str = "",
    *,
    path: str = "v.py",
    protocol: problem_pb2.ValidatorProtocol = problem_pb2.VALIDATOR_PROTOCOL_KATTIS,
    **manifest: object,
) -> ProblemReference:
    """A problem of tests (input and answer by name; those below `sample/` are samples)."""
    own = None
    if validator:
        own = Validator(
            language="python3" if path.endswith(".py") else "cpp",
            files=[file(judge, validator.encode(), path)],
            entry_point=path,
            protocol=protocol,
        )
    return made_with(judge, tests, own, **manifest)


def made_with(
    judge: Judge, tests: dict[str, tuple[str, str]], validator: Validator | None, **manifest: object
) -> ProblemReference:
    """As `made`, with a validator as it is."""
    whole = Manifest(
        tests=[
            ManifestTest(
                name=name,
                input=file(judge, text.encode()),
                answer=file(judge, answer.encode()),
                sample=name.startswith("sample/"),
            )
            for name, (text, answer) in tests.items()
        ],
        **manifest,  # type: ignore[arg-type]
    )
    if validator is not None:
        whole.validator.CopyFrom(validator)
    return problem(judge, whole)
