"""Problems as objects: names, manifests and the cache of names, on a real folder."""

import asyncio
from pathlib import Path

import pytest
from problem_packages import HELLO, references

from gavel.rpc.errors import GavelError
from gavel.storage.digests import sha256_hex
from gavel.storage.keys import blob_key, problem_key
from gavel.storage.objects import Objects
from gavel.submission.files import Files
from gavel.submission.problem_servicer import check_package
from gavel.submission.problems import CACHE_AGE_S, NameCache, ProblemFacts, Problems, rules_of
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import problem_pb2


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """A store that holds the files of HELLO for tenant `local`."""
    store = Objects(f"file://{tmp_path}/objects")
    for content in HELLO.values():
        store.put(blob_key("local", sha256_hex(content)), content)
    return store


def problems_of(objects: Objects) -> Problems:
    """Another process over the same store."""
    files = Files(objects, uploads_most=4, upload_bytes_most=2**20, spool_folder=None)
    return Problems(objects, files)


async def test_create_and_get(objects: Objects) -> None:
    """The manifest is built and stored by its digest; any process finds the problem by its name."""
    problem, warnings = await problems_of(objects).create("local", "hello", references(HELLO))

    found, manifest = await problems_of(objects).get("local", "hello")

    assert warnings == []
    assert found == problem
    assert (problem.name, problem.display_name, problem.test_count) == ("problems/hello", "Hello", 2)
    assert problem.limits.cpu_time_ms == 1_500
    assert [test.name for test in manifest.tests] == ["sample/1", "secret/01-small"]
    content = objects.get(blob_key("local", problem.manifest_digest))
    assert sha256_hex(content) == problem.manifest_digest


async def test_the_same_package_is_the_same_manifest(objects: Objects) -> None:
    """A manifest depends on the package alone, not on the order of its files or the moment."""
    first, _ = await problems_of(objects).create("local", "one", references(HELLO))
    second, _ = await problems_of(objects).create("local", "two", references(HELLO)[::-1])

    assert first.manifest_digest == second.manifest_digest


async def test_resolve(objects: Objects) -> None:
    """An accept learns digest and rules, not the tests."""
    problems = problems_of(objects)
    problem, _ = await problems.create("local", "hello", references(HELLO))

    facts = await problems.resolve("local", "hello")

    assert facts.manifest_digest == problem.manifest_digest
    assert facts.rules.limits.memory_bytes == 128 * 2**20
    assert len(facts.rules.tests) == 0


async def test_names_belong_to_tenants(objects: Objects) -> None:
    """Another tenant has neither the name nor the files."""
    problems = problems_of(objects)
    await problems.create("local", "hello", references(HELLO))

    with pytest.raises(GavelError) as caught:
        await problems.resolve("other", "hello")
    assert caught.value.reason == reasons.ERROR_REASON_PROBLEM_NOT_FOUND
    assert caught.value.metadata["problem"] == "problems/hello"

    with pytest.raises(GavelError) as caught:
        await problems.create("other", "hello", references(HELLO))
    assert caught.value.reason == reasons.ERROR_REASON_MISSING_FILES
    assert len(caught.value.violations) == len(HELLO)


async def test_missing_files_are_named_and_nothing_is_made(objects: Objects) -> None:
    """FAILED_PRECONDITION names each file that has not been uploaded; the name does not exist."""
    package = {**HELLO, "data/secret/02.in": b"never uploaded", "data/secret/02.ans": b"5\n"}
    problems = problems_of(objects)

    with pytest.raises(GavelError) as caught:
        await problems.create("local", "hello", references(package))

    assert caught.value.reason == reasons.ERROR_REASON_MISSING_FILES
    assert [violation.field for violation in caught.value.violations] == ["files[5]", "files[6]"]
    assert await objects.size_async(problem_key("local", "hello")) is None


async def test_invalid_package(objects: Objects) -> None:
    """INVALID_ARGUMENT names the package's files; a name that exists stays where it points."""
    problems = problems_of(objects)
    before, _ = await problems.create("local", "hello", references(HELLO))
    package = {path: content for path, content in HELLO.items() if not path.endswith("01-small.ans")}

    with pytest.raises(GavelError) as caught:
        await problems.create("local", "hello", references(package))

    assert caught.value.reason == reasons.ERROR_REASON_INVALID_PROBLEM
    assert "data/secret/01-small" in caught.value.violations[0].field
    assert await problems.pointer("local", "hello") == before


def test_answers_are_in_no_language() -> None:
    """The language that they name only says whose queue they wait in: the problem's own are of no account."""
    program = problem_pb2.Manifest(languages=["java"])
    answers = problem_pb2.Manifest(languages=["java"], submit_answer=True)

    assert [list(rules_of(each).languages) for each in (program, answers)] == [["java"], []]


async def test_damaged_manifest_is_data_loss(objects: Objects) -> None:
    """A manifest whose bytes are not those of its digest is never used."""
    problem, _ = await problems_of(objects).create("local", "hello", references(HELLO))
    objects.put(blob_key("local", problem.manifest_digest), b"\x0a\x05other")

    for call in (problems_of(objects).get, problems_of(objects).resolve):
        with pytest.raises(GavelError) as caught:
            await call("local", "hello")
        assert caught.value.reason == reasons.ERROR_REASON_OBJECT_DAMAGED


async def test_a_name_pointed_elsewhere_counts_at_once_where_that_was_done(objects: Objects) -> None:
    """The process that pointed the name elsewhere resolves the new manifest with its next accept."""
    problems = problems_of(objects)
    await problems.create("local", "hello", references(HELLO))
    await problems.resolve("local", "hello")
    smaller = {path: content for path, content in HELLO.items() if "secret" not in path}

    changed, _ = await problems.create("local", "hello", references(smaller))

    assert (await problems.resolve("local", "hello")).manifest_digest == changed.manifest_digest


class Names:
    """What names point at, and who asked; `gate` holds answers back."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.digest = "one"
        self.now_s = 0.0
        self.gate = asyncio.Event()
        self.gate.set()

    async def look_up(self, tenant: str, name: str) -> ProblemFacts:
        self.asked.append((tenant, name))
        await self.gate.wait()
        if self.digest == "":
            raise GavelError(reasons.ERROR_REASON_PROBLEM_NOT_FOUND, "no")
        return ProblemFacts(self.digest, problem_pb2.Manifest())


async def test_cache_has_the_stated_age() -> None:
    """A name is asked for once in 5 s; then the new answer counts."""
    names = Names()
    cache = NameCache(names.look_up, lambda: names.now_s)
    await cache.get("t", "n")
    names.digest = "two"
    names.now_s = CACHE_AGE_S

    assert (await cache.get("t", "n")).manifest_digest == "one"
    names.now_s = CACHE_AGE_S + 0.01
    assert (await cache.get("t", "n")).manifest_digest == "two"
    assert names.asked == [("t", "n")] * 2


async def test_cache_shares_one_look() -> None:
    """Accepts that come together share one look, and one that leaves does not end it for the others."""
    names = Names()
    cache = NameCache(names.look_up, lambda: names.now_s)
    names.gate.clear()
    waiting = [asyncio.create_task(cache.get("t", "n")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    names.gate.set()

    assert (await waiting[1]).manifest_digest == (await waiting[2]).manifest_digest == "one"
    assert names.asked == [("t", "n")]


async def test_cache_does_not_keep_failures() -> None:
    """A problem made right after a refusal is found."""
    names = Names()
    names.digest = ""
    cache = NameCache(names.look_up, lambda: names.now_s)
    with pytest.raises(GavelError):
        await cache.get("t", "n")
    names.digest = "one"

    assert (await cache.get("t", "n")).manifest_digest == "one"


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ({"path": "../x"}, "files[1].path"),
        ({"path": "problem.yaml"}, "files[1].path"),
        ({"sha256": "X"}, "files[1].sha256"),
        ({"size_bytes": -1}, "files[1].size_bytes"),
        ({"size_bytes": 2**30 + 1}, "files[1].size_bytes"),
    ],
)
def test_bad_references(file: dict[str, object], field: str) -> None:
    """Each bad file of a package is named."""
    good = references(HELLO)[0]
    bad = problem_pb2.FileReference(path="x", sha256="0" * 64, size_bytes=1)
    bad.MergeFrom(problem_pb2.FileReference(**file))  # type: ignore[arg-type]

    with pytest.raises(GavelError) as caught:
        check_package([good, bad])

    assert [violation.field for violation in caught.value.violations] == [field]


@pytest.mark.parametrize("count", [0, 20_001])
def test_number_of_files(count: int) -> None:
    """A package has 1 to 20,000 files."""
    with pytest.raises(GavelError) as caught:
        check_package([problem_pb2.FileReference()] * count)

    assert [violation.field for violation in caught.value.violations] == ["files"]
