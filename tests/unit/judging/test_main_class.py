"""The class that a program starts with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.main_class import READERS, main_class, read_java, read_kotlin, renamed

MAIN = "public static void main(String[] a) {}"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"main.kt": "fun main() {}"}, "MainKt"),
        ({"my-solution.kt": "package a.b\nfun main(args: Array<String>) {}"}, "a.b.My_solutionKt"),
        ({"a.kt": "object Start { @JvmStatic fun main(args: Array<String>) { } }"}, "Start"),
        ({"a.kt": "class X { companion object { @JvmStatic fun main(a: Array<String>) {} } }"}, "X"),
        ({"a.kt": '@file:JvmName("Foo")\npackage p\nfun main() {}'}, "p.Foo"),
        ({"a.kt": '/* fun main( */ val s = "fun main("', "b.kt": "class B { }\nfun main() { }"}, "BKt"),
        ({"a.kt": "class A(val x: Int)\n\nfun f() = '{'\nfun main() = println(1)"}, "AKt"),
        ({"a.kt": "fun f() { }"}, "AKt"),
        ({"a.kt": 'val s = """a "{""""\nfun main() { }'}, "AKt"),
        ({"a.kt": '@file:[Suppress("x") JvmName("Foo")]\nfun main() { }'}, "Foo"),
        ({"a.kt": "val s = \"${'{'}\"\nfun main() { }"}, "AKt"),
    ],
)
def test_kotlins_main_class(files: dict[str, str], wanted: str) -> None:
    """Of the file, of an object, of a companion; named as the file says."""
    read = {path: read_kotlin(path, text.encode()) for path, text in files.items()}

    assert main_class(read, next(iter(files)), named=False) == wanted


@pytest.mark.parametrize(
    ("files", "entry", "named", "wanted"),
    [
        ({"A.java": f"class A {{ {MAIN} }}", "B.java": f"class Main {{ {MAIN} }}"}, "A.java", False, "Main"),
        ({"A.java": f"class A {{ {MAIN} }}", "B.java": f"class Main {{ {MAIN} }}"}, "A.java", True, "A"),
        ({"A.java": f"class A {{ {MAIN} }} class B {{ {MAIN} }}"}, "A.java", True, "A"),
        ({"Small.java": 'void main() { IO.println("x"); }'}, "Small.java", False, "Small"),
        ({"A.java": f"package\n  x . y;\nclass A {{ {MAIN} }}"}, "A.java", False, "x.y.A"),
        ({"A.java": f"@Deprecated public sealed interface I {{ {MAIN} }}"}, "A.java", False, "I"),
        ({"A.java": f"class A {{ Class<?> c = A.class; enum E {{ X }} {MAIN} }}"}, "A.java", False, "A"),
        ({"A.java": f"class Größe {{ {MAIN} }}"}, "A.java", False, "Größe"),
        ({"A.java": f"// it's\nclass A {{ char q = '\\u0027', r = '\"'; {MAIN} }}"}, "A.java", False, "A"),
        (
            {"A.java": f'/* of *\n*/  package p;\nclass A {{ String s = "\'{{"; {MAIN} }}'},
            "A.java",
            False,
            "p.A",
        ),
    ],
)
def test_javas_main_class(files: dict[str, str], entry: str, named: bool, wanted: str) -> None:
    """`Main` first, unless a file was named."""
    read = {path: read_java(path, text.encode()) for path, text in files.items()}

    assert main_class(read, entry, named=named) == wanted


@pytest.mark.timeout(30)
@pytest.mark.parametrize("language", READERS)
@pytest.mark.parametrize(
    "part",
    [
        "\n",
        " ",
        "/*a",
        '"',
        '"\\',
        "'\\",
        '\n"""',
        "class ",
        "package\n",
        "void main ",
        "fun main\n",
        "companion ",
        "@file:[",
        "@file : ",
        "@file:JvmName(",
        "class A{void main(}",
    ],
)
def test_what_never_ends_is_read_once(language: str, part: str) -> None:
    """A megabyte of beginnings: one that goes back to each of them takes an hour, and holds all up."""
    READERS[language]("Main.java", part.encode() * (2**20 // len(part)))


def test_as_many_mains_as_a_file_has_room_for() -> None:
    """Each is looked up, none is compared with all before it."""
    text = "".join(f"class A{number}{{void main(}}" for number in range(40_000))

    assert len(read_java("Main.java", text.encode()).mains) == 40_000


def test_a_file_gets_the_name_of_its_public_type() -> None:
    """Unless that name is taken, or cannot be read."""
    texts = {
        "x/a.java": b"public record P(int x) {}",
        "b.java": b"public class Q {}",
        "Q.java": b"",
        "c.java": b"public class \xe4 {}",
    }
    read = {path: read_java(path, text) for path, text in texts.items()}

    assert renamed(read) == {"x/a.java": "x/P.java"}


@given(
    st.sampled_from(sorted(READERS)),
    st.binary(max_size=200) | st.text("class{}fun objet main(\"'/*\\\n ", max_size=200).map(str.encode),
)
def test_any_bytes_can_be_looked_at(kind: str, source: bytes) -> None:
    """The compiler complains of nonsense; here it is a file like any other."""
    read = {"x.y": READERS[kind]("x.y", source)}

    assert main_class(read, "x.y", named=False)
