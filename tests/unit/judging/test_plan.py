"""Which file is the entry point, and what the commands are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.languages import LANGUAGES
from gavel.judging.plan import Build, UnfitSources, build, fill

PROGRAMS = {name: f"/usr/bin/{name}" for language in LANGUAGES.values() for name in language.programs}


def plan(
    code: str, files: dict[str, bytes], *, standard: str = "", entry: str = "", included: tuple[str, ...] = ()
) -> Build:
    language = LANGUAGES[code]
    return build(
        language,
        standard or language.default_standard,
        PROGRAMS,
        files,
        entry_point=entry,
        included=included,
    )


def test_a_standard_becomes_the_compilers_option() -> None:
    """`cpp@17` compiles as C++17; without one the language's default applies."""
    assert "-std=gnu++17" in plan("cpp", {"a.cpp": b""}, standard="17").compile
    assert "-std=gnu++20" in plan("cpp", {"a.cpp": b""}).compile


@pytest.mark.parametrize(("code", "path"), [("c", "a.c"), ("cpp", "a.cpp")])
def test_programs_can_tell_that_they_are_judged(code: str, path: str) -> None:
    """Many read files of their own where this macro is missing."""
    assert "-DONLINE_JUDGE" in plan(code, {path: b""}).compile


def test_all_sources_are_compiled_and_headers_only_lie_beside_them() -> None:
    """The entry point comes first."""
    found = plan("cpp", {"b.cc": b"", "x.h": b"", "a.cc": b""}, entry="a.cc")

    assert [word for word in found.compile if word.endswith((".cc", ".h"))] == ["a.cc", "b.cc"]
    assert set(found.paths) == {"a.cc", "b.cc", "x.h"}


def test_the_entry_point_is_the_one_named_else_the_first_source() -> None:
    """Data files before it do not matter."""
    files = {"data.txt": b"", "b.py": b"", "a.py": b""}

    assert plan("python3", files).run[-1] == "/work/b.py"
    assert plan("python3", files, entry="a.py").run[-1] == "/work/a.py"
    with pytest.raises(UnfitSources, match=r"c\.py"):
        plan("python3", files, entry="c.py")


def test_an_included_driver_becomes_the_entry_point() -> None:
    """A problem's own `__main__.py` is run, whatever the submission is called; other files are not."""
    files = {"solution.py": b"", "main.py": b"", "__main__.py": b""}

    assert plan("python3", files, entry="main.py", included=("__main__.py",)).run[-1] == "/work/__main__.py"
    files = {"grader.py": b"", "solution.py": b""}
    assert plan("python3", files, included=("grader.py",)).run[-1] == "/work/solution.py"


def test_an_included_file_called_main_is_a_driver_too() -> None:
    """Which Kattis' problemtools run; one with the language's own name comes first, a header is none."""
    files = {"solution.py": b"", "main.py": b"", "__main__.py": b""}
    helpers = {"solution.py": b"", "lib/main.py": b"", "main.h": b""}

    assert plan("python3", files, included=("main.py",)).run[-1] == "/work/main.py"
    assert plan("python3", files, entry="solution.py", included=("main.py",)).run[-1] == "/work/main.py"
    assert plan("python3", files, included=("main.py", "__main__.py")).run[-1] == "/work/__main__.py"
    assert plan("python3", helpers, included=("main.h", "lib/main.py")).run[-1] == "/work/solution.py"


def test_without_a_source_of_the_language_there_is_no_program() -> None:
    """The message names the suffixes."""
    with pytest.raises(UnfitSources, match=r"\.java"):
        plan("java", {"Main.kt": b""})


@pytest.mark.parametrize("path", ["/etc/x.c", "../x.c", "a//x.c", "a/./x.c", "a b.c", "x.c/", "", "\0.c"])
def test_paths_that_leave_the_folder_are_no_source_files(path: str) -> None:
    """Checked here again, although the service that took the submission in checks it as well."""
    with pytest.raises(UnfitSources):
        plan("c", {path: b""})


def test_a_file_cannot_be_a_folder_as_well() -> None:
    """Told to the author instead of failing in the box."""
    with pytest.raises(UnfitSources, match="at once"):
        plan("c", {"a": b"", "a/b.c": b""})


def test_no_path_is_taken_for_an_option() -> None:
    """A file called -fplugin=x.c must not become an argument of the compiler."""
    assert "./-O3.c" in plan("c", {"-O3.c": b""}).compile


@pytest.mark.parametrize(
    ("files", "entry", "wanted", "places"),
    [
        ({"Main.java": b"class Main { public static void main(String[] a) {} }"}, "", "Main", {}),
        (
            {"solution.java": b"public class Foo { static public void main(String... a) {} }"},
            "",
            "Foo",
            {"solution.java": "Foo.java"},
        ),
        (
            {"A.java": b"package x.y; public class A { public static void main (String[] a) {} }"},
            "",
            "x.y.A",
            {},
        ),
        (
            {
                "Helper.java": b"class Helper {}",
                "Start.java": b"class Start { static void main(String[] a) {} }",
            },
            "",
            "Start",
            {},
        ),
        (
            {
                "P.java": b'/* class No { void main( } */ class Q { String s = "class X { void main("; }'
                b"class P { class In { } public static void main(String[] a) { if (true) { } } }"
            },
            "",
            "P",
            {},
        ),
        (
            {"t.java": b"record T(int x) { public static void main(String[] a) { } } // public class Z {}"},
            "",
            "T",
            {},
        ),
        ({"Empty.java": b""}, "", "Empty", {}),
        (
            {
                "a/One.java": b"package a; public class One { public static void main(String[] x) {} }",
                "b.java": b"",
            },
            "a/One.java",
            "a.One",
            {},
        ),
    ],
)
def test_javas_main_class_is_found(
    files: dict[str, bytes], entry: str, wanted: str, places: dict[str, str]
) -> None:
    """By the type that has a main method, packages included; a file gets the name of its public type."""
    found = plan("java", files, entry=entry)

    assert found.run[-1] == wanted
    assert {path: place for path, place in found.paths.items() if path != place} == places


@pytest.mark.parametrize("name", ["A" * 251, "Ä" * 126, "X"])
def test_a_java_file_stays_where_no_file_could_have_its_types_name(name: str) -> None:
    """The name is too long for one, or a folder's: javac complains, and the box is not asked for it."""
    files = {"Main.java": f"public class {name} {{}}".encode(), "X.java/data.txt": b""}

    assert plan("java", files).paths == {path: path for path in files}


@given(
    st.binary(max_size=300)
    | st.text(alphabet="class{}public voidmain(\"'/*\\ ", max_size=300).map(str.encode)
)
def test_any_bytes_can_be_looked_at_as_java(source: bytes) -> None:
    """The compiler complains of nonsense; the plan never does."""
    assert plan("java", {"x.java": source}).run[0] == "/usr/bin/java"


def test_words_in_braces_are_replaced_and_others_stay() -> None:
    """A list takes the place of its word; limits are filled in later."""
    filled = fill(["a{x}", "{list}", "{later}"], {"x": "1"}, {"{list}": ["p", "q"]})

    assert filled == ["a1", "p", "q", "{later}"]
