"""Resource names: `submissions/<uuid>`, `submissions/<uuid>/judgements/<n>`, `problems/<name>`,
`workers/<id>`.

Every parser raises INVALID_ARGUMENT (`errors.invalid`) that names the field it was given.
"""

import re
from typing import Final
from uuid import UUID

from gavel.rpc.errors import invalid

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_SUBMISSION: Final = re.compile(rf"submissions/({_UUID})")
_JUDGEMENT: Final = re.compile(rf"submissions/({_UUID})(?:/judgements/([1-9][0-9]{{0,8}}))?")
_PLAIN: Final = r"[a-z0-9][a-z0-9._-]{0,127}"
_PROBLEM: Final = re.compile(rf"problems/({_PLAIN})")
_WORKER: Final = re.compile(rf"workers/({_PLAIN})")


def submission_name(submission: UUID) -> str:
    """`submissions/<uuid>`."""
    return f"submissions/{submission}"


def parse_submission(name: str, *, field: str = "name") -> UUID:
    """The UUIDv7 of `submissions/<uuid>`."""
    match = _SUBMISSION.fullmatch(name)
    if match is None:
        raise invalid(field, "expected submissions/<uuid>, the uuid of version 7 in lower case")
    return UUID(match[1])


def judgement_name(submission: UUID, judgement: int) -> str:
    """`submissions/<uuid>/judgements/<n>`."""
    return f"submissions/{submission}/judgements/{judgement}"


def parse_judgement(name: str, *, field: str = "name") -> tuple[UUID, int | None]:
    """The UUIDv7 and number of a judgement; None for the current one, named by `submissions/<uuid>` alone."""
    match = _JUDGEMENT.fullmatch(name)
    if match is None:
        raise invalid(field, "expected submissions/<uuid> or submissions/<uuid>/judgements/<n>")
    return UUID(match[1]), int(match[2]) if match[2] else None


def problem_name(problem: str) -> str:
    """`problems/<name>`."""
    return f"problems/{problem}"


def parse_problem(name: str, *, field: str = "name") -> str:
    """The plain name of `problems/<name>`."""
    match = _PROBLEM.fullmatch(name)
    if match is None:
        raise invalid(field, f"expected problems/<name>, the name matching {_PLAIN}")
    return match[1]


def worker_name(worker: str) -> str:
    """`workers/<id>`."""
    return f"workers/{worker}"


def parse_worker(name: str, *, field: str = "name") -> str:
    """The plain id of `workers/<id>`."""
    match = _WORKER.fullmatch(name)
    if match is None:
        raise invalid(field, f"expected workers/<id>, the id matching {_PLAIN}")
    return match[1]
