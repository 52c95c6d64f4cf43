"""Problems: a name is an object that points at an immutable manifest, which is an object too.

The objects are the truth: accepts, judging and GetProblem need nothing else. PostgreSQL's table `problems`
is a view of them for lists (listing.py).

- `problems/<tenant>/<name>` holds a serialized Problem, whose `manifest_digest` names the manifest
- `blobs/<tenant>/sha256/<digest>` holds the manifest, and each file that it names
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from gavel.judging.package import InvalidPackage, build_manifest
from gavel.rpc import names
from gavel.rpc.errors import GavelError, Violation
from gavel.rpc.findings import Findings
from gavel.storage import digests, keys
from gavel.storage.objects import ObjectNotFound, Objects, StorageUnavailable
from gavel.submission.files import Files
from gavel.submission.v1 import error_reason_pb2, problem_pb2

CACHE_AGE_S = 5.0
"""How old what an accept knows of a name may be: a name pointed elsewhere counts everywhere after this."""
LOOK_UP_TIMEOUT_S = 3.0
"""How long an accept waits for the object storage."""
NAMES_CACHED = 10_000
RULES_CACHED = 2_000
MANIFEST_BYTES = 3 * 1024 * 1024
"""The largest manifest: GetProblem answers with it in one message of at most 4 MiB."""
BUILDS_AT_ONCE = 2
"""How many packages are read at a time: a hostile one may take half a minute of CPU time, and all threads of
the interpreter share one core with the accepts.
"""
VIOLATIONS_SHOWN = 100
"""Most field violations of one answer; a package may have 20,000 files."""


@dataclass(frozen=True, slots=True)
class ProblemFacts:
    """What an accept needs of a problem."""

    manifest_digest: str
    rules: problem_pb2.Manifest
    """The manifest without its tests, files and constants: limits, factors, languages, size of the code."""


class NameCache:
    """Remembers what names point at, for a bounded time and a bounded number of names."""

    def __init__(
        self,
        look_up: Callable[[str, str], Awaitable[ProblemFacts]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._held: OrderedDict[tuple[str, str], tuple[float, asyncio.Task[ProblemFacts]]] = OrderedDict()

    async def get(self, tenant: str, name: str) -> ProblemFacts:
        """What the name points at, at most 5 s ago; all who ask meanwhile share one look. Failures are not
        kept.
        """
        key = (tenant, name)
        held = self._held.get(key)
        if held is None or self._clock() - held[0] > CACHE_AGE_S or _failed(held[1]):
            task = asyncio.ensure_future(self._look_up(tenant, name))
            held = self._held[key] = (self._clock(), task)
            self._held.move_to_end(key)
            if len(self._held) > NAMES_CACHED:
                self._held.popitem(last=False)
        task = held[1]
        # A caller that leaves must not cancel the look of the others.
        return task.result() if task.done() else await asyncio.shield(task)

    def forget(self, tenant: str, name: str) -> None:
        """The name was pointed elsewhere by this process."""
        self._held.pop((tenant, name), None)


class Problems:
    """The problems of all tenants; belongs to one event loop."""

    def __init__(self, objects: Objects, files: Files) -> None:
        self._objects = objects
        self._files = files
        self._names = NameCache(self._look_up)
        self._builders = ThreadPoolExecutor(BUILDS_AT_ONCE, "package")
        self._rules: OrderedDict[tuple[str, str], problem_pb2.Manifest] = OrderedDict()

    async def resolve(self, tenant: str, name: str) -> ProblemFacts:
        """What an accept needs of a problem, at most 5 s old.

        Raises GavelError PROBLEM_NOT_FOUND, STORAGE_UNAVAILABLE, OBJECT_DAMAGED.
        """
        return await self._names.get(tenant, name)

    async def get(self, tenant: str, name: str) -> tuple[problem_pb2.Problem, problem_pb2.Manifest]:
        """A problem and its manifest, as they stand now. Errors as resolve()."""
        problem = await self.pointer(tenant, name)
        return problem, await self._manifest(tenant, problem.manifest_digest)

    async def pointer(self, tenant: str, name: str) -> problem_pb2.Problem:
        """What the name's object says now. Errors as resolve()."""
        key = keys.problem_key(tenant, name)
        try:
            content = await self._objects.get_async(key)
        except ObjectNotFound:
            raise _not_found(name) from None
        try:
            return problem_pb2.Problem.FromString(content)
        except DecodeError:
            raise _damaged(key) from None

    async def create(
        self, tenant: str, name: str, references: Sequence[problem_pb2.FileReference]
    ) -> tuple[problem_pb2.Problem, list[str]]:
        """Makes the manifest of a package whose files are stored, and points the name at it. Returns
        warnings too.

        Raises GavelError MISSING_FILES, INVALID_FIELD (a size that is not the file's), INVALID_PROBLEM,
        STORAGE_UNAVAILABLE; then the name is as it was.
        """
        await self._check_stored(tenant, references)
        manifest, warnings = await asyncio.get_running_loop().run_in_executor(
            self._builders, self._build, tenant, references
        )
        content = manifest.SerializeToString(deterministic=True)
        if len(content) > MANIFEST_BYTES:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
                f"the manifest of the package holds {len(content)} bytes, more than {MANIFEST_BYTES}",
                size_bytes=str(len(content)),
                limit_bytes=str(MANIFEST_BYTES),
            )
        digest = digests.sha256_hex(content)
        await self._objects.put_async(keys.blob_key(tenant, digest), content)
        problem = problem_pb2.Problem(
            name=names.problem_name(name),
            display_name=manifest.display_name,
            manifest_digest=digest,
            limits=manifest.limits,
            test_count=len(manifest.tests),
        )
        problem.update_time.GetCurrentTime()
        await self._objects.put_async(keys.problem_key(tenant, name), problem.SerializeToString())
        self._names.forget(tenant, name)
        return problem, warnings

    async def delete(self, tenant: str, name: str) -> None:
        """Removes the name; its manifest and files stay for what was accepted.

        Accepts of other processes may still know the name for 5 s. Raises GavelError PROBLEM_NOT_FOUND,
        STORAGE_UNAVAILABLE.
        """
        try:
            await self._objects.delete_async(keys.problem_key(tenant, name))
        except ObjectNotFound:
            raise _not_found(name) from None
        self._names.forget(tenant, name)

    async def _check_stored(self, tenant: str, references: Sequence[problem_pb2.FileReference]) -> None:
        """Refuses files that are not stored, and sizes that are not those of what is."""
        sizes = await self._files.sizes(tenant, [reference.sha256 for reference in references])
        missing = {sha256 for sha256, size_bytes in sizes.items() if size_bytes is None}
        if not missing:
            _check_sizes(references, sizes)
            return
        violations = [
            Violation(f"files[{index}]", f"{reference.path} has not been uploaded: sha256:{reference.sha256}")
            for index, reference in enumerate(references)
            if reference.sha256 in missing
        ]
        raise GavelError(
            error_reason_pb2.ERROR_REASON_MISSING_FILES,
            f"{len(missing)} files have not been uploaded, the first sha256:{min(missing)}",
            violations=violations[:VIOLATIONS_SHOWN],
            digest=f"sha256:{min(missing)}",
            count=str(len(missing)),
        )

    def _build(
        self, tenant: str, references: Sequence[problem_pb2.FileReference]
    ) -> tuple[problem_pb2.Manifest, list[str]]:
        """Blocks: the package's yaml files are read one after the other."""
        by_path = {reference.path: reference.sha256 for reference in references}

        def read(path: str) -> bytes:
            return self._objects.get(keys.blob_key(tenant, by_path[path]))

        try:
            manifest, warnings = build_manifest(references, read)
        except InvalidPackage as error:
            violations = [Violation(path, description) for path, description in error.violations]
            first = violations[0]
            raise GavelError(
                error_reason_pb2.ERROR_REASON_INVALID_PROBLEM,
                f"{first.field}: {first.description}",
                violations=violations[:VIOLATIONS_SHOWN],
                path=first.field,
            ) from None
        return manifest, list(warnings)

    async def _look_up(self, tenant: str, name: str) -> ProblemFacts:
        try:
            async with asyncio.timeout(LOOK_UP_TIMEOUT_S):
                return await self._read_facts(tenant, name)
        except TimeoutError:
            raise StorageUnavailable from None

    async def _read_facts(self, tenant: str, name: str) -> ProblemFacts:
        problem = await self.pointer(tenant, name)
        key = (tenant, problem.manifest_digest)
        rules = self._rules.get(key)
        if rules is None:
            rules = rules_of(await self._manifest(tenant, problem.manifest_digest))
            self._rules[key] = rules
            if len(self._rules) > RULES_CACHED:
                self._rules.popitem(last=False)
        return ProblemFacts(problem.manifest_digest, rules)

    async def _manifest(self, tenant: str, digest: str) -> problem_pb2.Manifest:
        key = keys.blob_key(tenant, digest)
        try:
            content = await self._objects.get_async(key)
            if digests.sha256_hex(content) != digest:
                raise _damaged(key)
            return problem_pb2.Manifest.FromString(content)
        except (ObjectNotFound, DecodeError):
            raise _damaged(key) from None


def rules_of(manifest: problem_pb2.Manifest) -> problem_pb2.Manifest:
    """What an accept needs of a manifest, in a few hundred bytes."""
    return problem_pb2.Manifest(
        limits=manifest.limits,
        time_factors=manifest.time_factors,
        code_bytes=manifest.code_bytes,
        # Answers are in no language: the one they name only says in whose queue they wait.
        languages=() if manifest.submit_answer else manifest.languages,
    )


def _check_sizes(references: Sequence[problem_pb2.FileReference], sizes: Mapping[str, int | None]) -> None:
    findings = Findings()
    for index, reference in enumerate(references):
        size_bytes = sizes[reference.sha256]
        if size_bytes != reference.size_bytes and len(findings) < VIOLATIONS_SHOWN:
            findings.add(
                f"files[{index}].size_bytes",
                f"{reference.path} holds {size_bytes} bytes, not {reference.size_bytes}",
            )
    if findings:
        raise findings.error()


def _not_found(name: str) -> GavelError:
    return GavelError(
        error_reason_pb2.ERROR_REASON_PROBLEM_NOT_FOUND,
        f"there is no problem {name}",
        problem=names.problem_name(name),
    )


def _failed(task: asyncio.Task[ProblemFacts]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _damaged(key: str) -> GavelError:
    return GavelError(error_reason_pb2.ERROR_REASON_OBJECT_DAMAGED, f"{key} is gone or damaged", object=key)
