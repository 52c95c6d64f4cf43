"""The list of problems: PostgreSQL's view of the objects that names are.

A problem is made without the database. When the database does not answer then, its row is owed: this process
writes it as soon as it can, and every process compares all objects with the rows once when it starts, so
that a row owed by one that died is written too.
"""

import asyncio
from datetime import UTC, datetime

from google.protobuf import json_format
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from gavel.db import sql
from gavel.db.pool import AsyncPool, async_session
from gavel.rpc import names
from gavel.rpc.errors import GavelError
from gavel.storage import keys
from gavel.storage.objects import Objects
from gavel.submission.problems import Problems
from gavel.submission.v1 import error_reason_pb2, problem_pb2, submission_pb2
from gavel.telemetry import log
from gavel.telemetry.metrics import SUBMISSION_ROWS_OWED

WRITE_TIMEOUT_S = 2.0
"""Most that CreateProblem waits for the database."""
READ_TIMEOUT_S = 2.5
"""Most that ListProblems waits for it."""
RETRY_S = 5.0
"""How long a row that is owed waits for the next try."""
OWED_MOST = 10_000
"""Rows that this process owes; more are left to the comparison at a start."""

_QUERIES = sql.load("gavel.submission")


class Listing:
    """Writes and reads the rows; belongs to one event loop."""

    def __init__(self, pool: AsyncPool, problems: Problems, objects: Objects) -> None:
        self._pool = pool
        self._problems = problems
        self._objects = objects
        self._owed: set[tuple[str, str]] = set()
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._log = log.logger("gavel.submission.listing")

    def start(self) -> None:
        """Begins to write what is owed, on the running loop."""
        self._task = asyncio.create_task(self._run(), name="listing")

    async def stop(self) -> None:
        """Ends it; what is owed then is written by the comparison at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def add(self, tenant: str, problem: problem_pb2.Problem) -> bool:
        """Lists a problem; False when the database does not answer, and the row is owed."""
        try:
            await self._write(tenant, problem)
        except Exception as error:  # the problem itself is made: its object says so
            self._log.warning("problem_not_listed", tenant=tenant, problem=problem.name, error=str(error))
            self._owe(tenant, names.parse_problem(problem.name))
            return False
        return True

    async def remove(self, tenant: str, name: str) -> None:
        """Takes a name that was removed out of the lists, later when the database does not answer."""
        try:
            await self._list(tenant, name)
        except Exception as error:  # the name itself is gone: there is no object
            self._log.warning("problem_still_listed", tenant=tenant, problem=name, error=str(error))
            self._owe(tenant, name)

    async def page(self, tenant: str, after: str, size: int) -> list[problem_pb2.Problem]:
        """Up to `size` problems of a tenant, by name, behind the bare name `after`. GavelError
        DATABASE_UNAVAILABLE.
        """
        async with async_session(self._pool, READ_TIMEOUT_S) as connection:
            cursor = await connection.execute(
                _QUERIES["problems_after"], {"tenant": tenant, "after": after, "size": size}
            )
            return [_problem(row) for row in await cursor.fetchall()]

    async def _run(self) -> None:
        compared = False
        while True:
            try:
                if not compared:
                    await self._compare()
                    compared = True
                await self._pay()
            except Exception as error:  # whatever it is, the rows stay owed
                self._log.warning("listing_waits", error=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                await self._more.wait()
                self._more.clear()

    def _owe(self, tenant: str, name: str) -> None:
        if len(self._owed) < OWED_MOST:
            self._owed.add((tenant, name))
            SUBMISSION_ROWS_OWED.set(len(self._owed))
            self._more.set()

    async def _pay(self) -> None:
        while self._owed:
            tenant, name = next(iter(self._owed))
            await self._list(tenant, name)
            self._owed.discard((tenant, name))
            SUBMISSION_ROWS_OWED.set(len(self._owed))

    async def _compare(self) -> None:
        """Writes the row of every object again: an upsert that changes nothing where it is right."""
        for key in await self._objects.list_async(keys.PROBLEMS):
            tenant, name = key.removeprefix(keys.PROBLEMS).split("/", 1)
            await self._list(tenant, name)

    async def _list(self, tenant: str, name: str) -> None:
        """Makes the row what the object says, be it that there is none."""
        asked = datetime.now(UTC)
        try:
            problem = await self._problems.pointer(tenant, name)
        except GavelError as error:
            if error.reason == error_reason_pb2.ERROR_REASON_PROBLEM_NOT_FOUND:
                row = {"tenant": tenant, "name": name, "asked": asked}
                async with async_session(self._pool, WRITE_TIMEOUT_S) as connection:
                    await connection.execute(_QUERIES["delete_problem"], row)
                return
            if error.reason != error_reason_pb2.ERROR_REASON_OBJECT_DAMAGED:
                raise
            self._log.warning("problem_unreadable", tenant=tenant, problem=name, error=str(error))
            return
        await self._write(tenant, problem)

    async def _write(self, tenant: str, problem: problem_pb2.Problem) -> None:
        row = {
            "tenant": tenant,
            "name": names.parse_problem(problem.name),
            "display_name": problem.display_name.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            "manifest_digest": problem.manifest_digest,
            "limits": Jsonb(json_format.MessageToDict(problem.limits, preserving_proto_field_name=True)),
            "test_count": problem.test_count,
            "update_time": problem.update_time.ToDatetime(tzinfo=UTC),
        }
        async with async_session(self._pool, WRITE_TIMEOUT_S) as connection:
            await connection.execute(_QUERIES["upsert_problem"], row)


def _problem(row: TupleRow) -> problem_pb2.Problem:
    name, display_name, manifest_digest, limits, test_count, update_time = row
    problem = problem_pb2.Problem(
        name=names.problem_name(name),
        display_name=display_name,
        manifest_digest=manifest_digest,
        limits=json_format.ParseDict(limits, submission_pb2.Limits()),
        test_count=test_count,
    )
    problem.update_time.FromDatetime(update_time)
    return problem
