"""Languages that a deployment adds, root filesystems of its own, and the cache of what was compiled."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Judge  # type: ignore[attr-defined]
from gavel.judging.deployment import Deployment, Toolchains
from gavel.judging.engine import Engine, selftest
from gavel.judging.languages import LANGUAGES, use_languages
from gavel.judging.toolchains import detect
from gavel.submission.v1 import submission_pb2 as s
from gavel.worker.engine import WorkerEngine

DOCUMENT = Path(__file__).parents[3] / "docs" / "operating" / "languages.md"
HOSTILE = """
[script]
suffixes = [".build"]
programs = { bash = ["bash"] }
version = ["{bash}", "--version"]
compile = ["{bash}", "{entry}"]
artefact = "out"
run = ["{bash}", "/work/out/program"]
selftest = '''
mkdir out
echo 'echo hello' > out/program
'''

[cached]
suffixes = [".cached"]
programs = { bash = ["bash"] }
version = ["{bash}", "--version"]
run = ["{bash}", "/work/{entry}"]
warm = { argv = ["{bash}", "-c", "echo hello > $WORDS/word"], variable = "WORDS" }
selftest = 'read -r word < $WORDS/word; echo $word'
"""
"""`script` runs what is handed in as its compiler: nothing can do more harm while compiling."""


@pytest.fixture
def languages(tmp_path: Path) -> Iterator[Path]:
    """A languages file for a deployment; Gavel's own languages are back afterwards."""
    yield tmp_path / "languages.toml"
    use_languages("")
    detect.cache_clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The smallest image: bash, the libraries that it needs, and a file that this machine does not have."""
    folder = tmp_path / "image"
    for path in re.findall(r"(/\S+)", subprocess.check_output(["ldd", "/usr/bin/bash"], text=True)):
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        place.chmod(0o755)
    (folder / "usr" / "share").mkdir(parents=True)
    (folder / "usr" / "share" / "image").write_text("ours\n")
    (folder / "opt" / "bash").mkdir(parents=True)
    shutil.copyfile("/usr/bin/bash", folder / "opt" / "bash" / "bash")
    (folder / "opt" / "bash" / "bash").chmod(0o755)
    (folder / "bin").mkdir()
    (folder / "bin" / "bash").symlink_to("/opt/bash/bash")
    folder.chmod(0o755)
    tmp_path.chmod(0o755)
    return folder


def engine_with(judge: Judge, folder: Path, code: str, toolchains: Toolchains) -> Engine:
    """An engine that serves one language, on the tests' sandbox."""
    engine = Engine(judge.engine.sandbox, judge.objects, {}, str(folder / "cache"))
    found = toolchains.detect(code, judge.engine.sandbox)
    engine.toolchains[code] = toolchains.warm(found, str(folder / "languages"), judge.engine.sandbox)
    return engine


def test_the_documents_language_is_judged(judge: Judge, languages: Path, tmp_path: Path) -> None:
    """The example as it stands there, on this machine."""
    example = re.search(r"```toml\n(\[perl\].*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert example is not None
    languages.write_text(example[1])
    engine = engine_with(judge, tmp_path, "perl", Deployment(languages_file=str(languages)).open())
    if not engine.toolchains["perl"].available:
        pytest.skip(engine.toolchains["perl"].reason)

    assert selftest(engine, "perl") is None
    judged = Judge(engine, judge.objects).judge(
        "perl", "print <STDIN> + 1", tests=[s.InlineTest(input=b"41", expected=b"42")]
    )
    assert judged.verdict == s.VERDICT_ACCEPTED


def test_a_language_lives_in_its_image(judge: Judge, root: Path, tmp_path: Path) -> None:
    """Its programs see the image in place of the machine, and cannot write to it."""
    toolchains = Deployment(roots=(f"bash={root}",)).open()
    worker = WorkerEngine(judge.engine.sandbox, judge.objects, tmp_path / "worker", toolchains)
    engine = engine_with(judge, tmp_path, "bash", toolchains)
    program = (
        "read -r word < /usr/share/image; echo $word\n[ -e /usr/bin/python3 ] || echo no python\n"
        "echo x 2>/dev/null > /usr/share/image || echo read-only\n"
        "echo x 2>/dev/null > /opt/bash/x || echo read-only"
    )

    found = worker.test("bash")
    assert (found.reason, found.version[:9]) == ("", "GNU bash,")
    judged = Judge(engine, judge.objects).judge(
        "bash", program, tests=[s.InlineTest(expected=b"ours\nno python\nread-only\nread-only\n")]
    )
    assert judged.verdict == s.VERDICT_ACCEPTED, judged.tests
    assert (root / "usr" / "share" / "image").read_text() == "ours\n"


def test_links_of_an_image_never_lead_to_the_machine(judge: Judge, root: Path, tmp_path: Path) -> None:
    """Those of its /etc mean places in it, as Debian's alternatives do; one to nowhere is left out."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "word").write_text("the machine's\n")
    etc = root / "etc"
    (etc / "alternatives").mkdir(parents=True)
    (etc / "fpc-3.2.2.cfg").write_text("ours\n")
    (etc / "alternatives" / "fpc.cfg").symlink_to("/etc/fpc-3.2.2.cfg")
    (etc / "fpc.cfg").symlink_to("/etc/alternatives/fpc.cfg")
    (etc / "localtime").symlink_to(tmp_path / "secret" / "word")
    (etc / "php").symlink_to(tmp_path / "secret")
    (etc / "perl").symlink_to("/../../../usr/share")
    os.mkfifo(etc / "mono")
    toolchains = Deployment(roots=(f"bash={root}",)).open()
    engine = engine_with(judge, tmp_path, "bash", toolchains)
    program = (
        "read -r word < /etc/fpc.cfg; echo $word\nread -r word < /etc/perl/image; echo $word\n"
        "for name in localtime php mono; do [ -e /etc/$name ] && echo $name; done; echo none"
    )

    judged = Judge(engine, judge.objects).judge(
        "bash", program, tests=[s.InlineTest(expected=b"ours\nours\nnone\n")]
    )

    assert judged.verdict == s.VERDICT_ACCEPTED, judged.tests


def test_an_image_that_does_not_work_harms_no_other_language(
    judge: Judge, root: Path, tmp_path: Path
) -> None:
    """The reason tells the image and what happened; the machine's own languages are served."""
    (root / "lib64" / "ld-linux-x86-64.so.2").write_text("nonsense")
    toolchains = Deployment(roots=(f"bash={root}", f"java={root}")).open()
    worker = WorkerEngine(judge.engine.sandbox, judge.objects, tmp_path / "worker", toolchains)

    assert worker.test("bash").reason.startswith(f"{root}: ")
    assert worker.test("java").reason.startswith(f"{root}: javac was not found")
    assert worker.test("python3").reason == ""
    assert "bash" in toolchains.available()  # by its files alone, as `gavel up` looks
    assert "java" not in toolchains.available()


def test_a_cache_of_an_image_is_filled_in_its_box(
    judge: Judge, root: Path, languages: Path, tmp_path: Path
) -> None:
    """The command never runs on the machine; what it left is seen in every box."""
    languages.write_text(HOSTILE)
    for roots in ((), (f"cached={root}",)):
        toolchains = Deployment(languages_file=str(languages), roots=roots).open()
        detect.cache_clear()
        engine = engine_with(judge, tmp_path, "cached", toolchains)

        assert selftest(engine, "cached") is None
    assert len(list((tmp_path / "languages").iterdir())) == 2


def test_what_was_compiled_outlives_the_worker_until_the_compiler_changes(
    judge: Judge, languages: Path, tmp_path: Path
) -> None:
    """Another engine on the same folder takes it; another version, environment or tenant does not."""
    languages.write_text(HOSTILE)
    toolchains = Deployment(languages_file=str(languages)).open()
    source = "mkdir out\necho 'echo right' > out/program"

    def cached(tenant: str = "local", **changes: object) -> bool:
        engine = engine_with(judge, tmp_path, "script", toolchains)
        engine.toolchains["script"] = dataclasses.replace(engine.toolchains["script"], **changes)  # type: ignore[arg-type]
        judged = Judge(engine, judge.objects, tenant).judge(
            "script", source, tests=[s.InlineTest(expected=b"right\n")]
        )
        assert judged.verdict == s.VERDICT_ACCEPTED
        assert judged.compile is not None
        return judged.compile.cached

    assert [cached(), cached()] == [False, True]
    assert [cached(version="6.0"), cached(version="6.0")] == [False, True]
    assert [cached(identity="new"), cached(environment={"X": "1"}), cached("other")] == [False, False, False]
    assert [cached(), cached("other")] == [True, True]


@pytest.mark.parametrize(
    "leaves",
    [
        r"> out/$'\xff\xfe'",
        r"mkdir -p out/a/b/c/d/e/f/g/h/i/j/k; > out/a/b/c/d/e/f/g/h/i/j/k/$'\n'",
        "ln -s / out/root; ln -s ../../../etc/passwd out/passwd; mkfifo out/pipe",
        r"n=$(printf '\1%.0s' {1..250}); for i in {1..900}; do > out/$i$n || break; done",
        "head -c 70000000 /dev/zero > out/large",
    ],
    ids=["no text", "deep", "links", "many names", "large"],
)
def test_nothing_that_compiling_leaves_gets_out(
    judge: Judge, languages: Path, tmp_path: Path, leaves: str
) -> None:
    """Whether it can be kept or not, the program is judged right, now and again."""
    source = f"mkdir out\necho 'echo right' > out/program\n{leaves}\n:"
    languages.write_text(HOSTILE)
    engine = engine_with(judge, tmp_path, "script", Deployment(languages_file=str(languages)).open())

    for _ in range(2):
        judged = Judge(engine, judge.objects).judge(
            "script", source, tests=[s.InlineTest(expected=b"right\n")]
        )
        assert judged.verdict == s.VERDICT_ACCEPTED, judged
    kept = [
        path
        for path in (tmp_path / "cache").rglob("*")
        if path.is_symlink() or not path.is_relative_to(tmp_path)
    ]
    assert kept == []


def test_a_program_cannot_change_what_is_kept(judge: Judge, languages: Path, tmp_path: Path) -> None:
    """What a run writes over its own program is gone for the next, and was never in the cache."""
    languages.write_text(HOSTILE)
    engine = engine_with(judge, tmp_path, "script", Deployment(languages_file=str(languages)).open())
    source = (
        "mkdir -m 777 out\ncat > out/program <<'END'\necho right\nrm -f /work/out/program\n"
        "echo 'echo wrong' > /work/out/program\n:\nEND\nchmod 777 out/program"
    )

    for _ in range(2):
        judged = Judge(engine, judge.objects).judge(
            "script", source, tests=[s.InlineTest(expected=b"right\n")] * 2
        )
        assert judged.verdict == s.VERDICT_ACCEPTED, judged
    assert judged.compile is not None
    assert judged.compile.cached


def test_every_language_of_the_deployment_is_known_by_then(languages: Path) -> None:
    """And Gavel's own are back when a test has ended."""
    languages.write_text(HOSTILE)
    Deployment(languages_file=str(languages)).open()

    assert {"script", "cached", "cpp"} <= LANGUAGES.keys()
