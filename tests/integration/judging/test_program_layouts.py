"""Programs of several files, odd names, encodings and line ends, on the real sandbox."""

from __future__ import annotations

import codecs

import pytest

from conftest import Judge  # type: ignore[attr-defined]
from gavel.judging.languages import LANGUAGES
from gavel.submission.v1 import submission_pb2 as s

Files = dict[str, str | bytes]
EXPECTED = "right\n"

C_PARTS = {
    "words.h": "#pragma once\nvoid say(void);\n",
    "words.c": '#include "words.h"\n#include <stdio.h>\nvoid say(void) { puts("right"); }\n',
}
JAVA_RIGHT = '{ public static void main(String[] a) { System.out.println("right"); } }'
JAVA_WRONG = '{ public static void main(String[] a) { System.out.println("wrong"); } }'
LAYOUTS: list[tuple[str, str, str, Files]] = [
    ("c-header", "c", "", {**C_PARTS, "main.c": '#include "words.h"\nint main(void) { say(); }\n'}),
    (
        "c-folders",
        "c",
        "",
        {
            "src/main.c": '#include "lib/words.h"\nint main(void) { say(); }\n',
            "lib/words.h": C_PARTS["words.h"],
            "lib/words.c": C_PARTS["words.c"],
        },
    ),
    (
        "c-math",
        "c@11",
        "",
        {
            "a.c": "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
            'int main(int n, char **x) { puts(sqrt(n * 4.0) == 2 && pow(n + 1, 3) == 8 ? "right" : *x); }'
        },
    ),
    (
        "cpp-headers",
        "cpp",
        "",
        {
            "solve.hpp": "#pragma once\n#include <string>\nstd::string word();\n",
            "part.h": 'inline const char *letters() { return "right"; }\n',
            "solve.cc": '#include "solve.hpp"\n#include "part.h"\nstd::string word() { return letters(); }\n',
            "main.cpp": '#include "solve.hpp"\n#include <iostream>\nint main() { std::cout << word(); }',
        },
    ),
    (
        "cpp-suffixes",
        "cpp",
        "",
        {
            "a.cxx": "int n() { return 3; }",
            "b.C": '#include <cstdio>\nint n();\nint main() { std::puts(n() == 3 ? "right" : "wrong"); }',
        },
    ),
    (
        "python-package",
        "python3",
        "",
        {
            "__init__.py": "",
            "__main__.py": "from parts.word import word\nimport helper\nprint(helper.same(word()))\n",
            "helper.py": "def same(x):\n    return x\n",
            "parts/__init__.py": "",
            "parts/word.py": "from . import letters\ndef word():\n    return ''.join(letters.ALL)\n",
            "parts/letters.py": "ALL = 'right'\n",
        },
    ),
    (
        "python-main",
        "python3",
        "",
        {
            "helper.py": "def word():\n    return 'right'\n",
            "main.py": "import helper\nif __name__ == '__main__':\n    print(helper.word())\n",
        },
    ),
    (
        "python-data",
        "python3",
        "",
        {"a.py": "print(open('word.txt').read().strip())", "word.txt": "right\r\n"},
    ),
    (
        "java-packages",
        "java",
        "",
        {
            "org/example/Word.java": "package org.example;\npublic class Word { public static String w() { "
            'return "right"; } }\n',
            "org/example/app/Start.java": "package org.example.app;\nimport org.example.*;\n"
            "public class Start { public static void main(String[] a) { System.out.println(Word.w()); } }\n",
        },
    ),
    (
        "java-deep-package",
        "java",
        "",
        {
            "S.java": "package a.b.c.d.e.f.g.h.i.j.k.l;\n"
            "public class S { interface P { } static class Q implements P { } public static void main("
            'final String[] a) { System.out.println("right"); } }'
        },
    ),
    (
        "java-other-name",
        "java",
        "",
        {
            "solution_42.java": "import java.util.*;\n/** class Main { void main( */\n"
            f"public final class Zwölf {JAVA_RIGHT}"
        },
    ),
    (
        "java-main-wins",
        "java",
        "",
        {
            "Helper.java": f"class Helper {JAVA_WRONG}",
            "Solution.java": f"class Main {JAVA_RIGHT}",
        },
    ),
    (
        "java-inherited",
        "java",
        "Solution",
        {
            "Solution.java": "public class Solution extends Base { }",
            "Base.java": f"class Base {JAVA_RIGHT}",
        },
    ),
    (
        "java-class-named",
        "java",
        "p.Second",
        {"First.java": f"package p; public class First {JAVA_WRONG}\nclass Second {JAVA_RIGHT}"},
    ),
    (
        "javascript-modules",
        "javascript",
        "",
        {
            "lib/word.mjs": "export const word = 'right';\n",
            "main.mjs": "import { word } from './lib/word.mjs';\nconsole.log(word);\n",
        },
    ),
    (
        "javascript-require",
        "javascript",
        "",
        {
            "a-part.cjs": "exports.word = () => 'right';\n",
            "main.js": "const { word } = require('./a-part.cjs');\nconsole.log(word());\n",
        },
    ),
    (
        "javascript-esm-in-js",
        "javascript",
        "",
        {
            "a.js": "import fs from 'fs';\nconst word = await 'right';\n"
            "console.log(word, fs.readFileSync(0).toString());\n"
        },
    ),
    (
        "go-files",
        "go",
        "",
        {
            "word.go": 'package main\n\nfunc word() string { return "right" }\n',
            "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(word()) }\n',
        },
    ),
    (
        "rust-modules",
        "rust",
        "",
        {
            "parts/letters.rs": 'pub fn all() -> String { "right".into() }\n',
            "parts/mod.rs": "pub mod letters;\n",
            "helper.rs": "pub fn same<T>(x: T) -> T { x }\n",
            "solution.rs": 'mod helper;\nmod parts;\nfn main() { println!("{}", '
            "helper::same(parts::letters::all())); }\n",
        },
    ),
    (
        "rust-src",
        "rust",
        "",
        {
            "src/word.rs": 'pub const WORD: &str = "right";\n',
            "src/main.rs": 'mod word;\nfn main() { println!("{}", word::WORD); }\n',
        },
    ),
    (
        "kotlin-files",
        "kotlin",
        "",
        {
            "word.kt": 'package parts\n\nfun word() = "right"\n',
            "my-solution.kt": "import parts.word\n\nfun main(args: Array<String>) { println(word()) }\n",
        },
    ),
    (
        "kotlin-object",
        "kotlin",
        "",
        {
            "a.kt": "package org.x\n\nobject Start { @JvmStatic fun main(args: Array<String>)"
            ' { println("right") } }\n'
        },
    ),
    (
        "typescript-files",
        "typescript",
        "",
        {
            "lib/word.ts": "export const word: string = 'right';\n",
            "main.ts": "import { word } from './lib/word';\nconsole.log(word);\n",
        },
    ),
    (
        "typescript-names",
        "typescript",
        "",
        {  # names of a browser's global objects, and of Node.js'
            "main.ts": "declare const process: any;\nconst name = 'right', status = 0;\n"
            "function print(text: string): void { console.log(text); }\nif (process) print(name);\n"
        },
    ),
    (
        "csharp-files",
        "csharp",
        "",
        {
            "word.cs": 'static class Word { public static string W => "right"; }\n',
            "program.cs": "class P { static void Main() { System.Console.WriteLine(Word.W); } }\n",
        },
    ),
    (
        "ruby-files",
        "ruby",
        "",
        {"lib/word.rb": "def word = 'right'\n", "main.rb": "require_relative 'lib/word'\nputs word\n"},
    ),
    (
        "haskell-modules",
        "haskell",
        "",
        {
            "Word.hs": 'module Word where\n\nword :: String\nword = "right"\n',
            "solution.hs": "import Word (word)\n\nmain :: IO ()\nmain = putStrLn word\n",
        },
    ),
    (
        "pascal-units",
        "pascal",
        "",
        {
            "words.pas": "unit words;\ninterface\nfunction word: string;\nimplementation\n"
            "function word: string;\nbegin\n  word := 'right';\nend;\nend.\n",
            "solution.pas": "program solution;\nuses words;\nbegin\n  writeln(word);\nend.\n",
        },
    ),
    (
        "bash-files",
        "bash",
        "",
        {"main.sh": '. "$(dirname "$0")/word.sh"\nword\n', "word.sh": "word() { echo right; }\n"},
    ),
]
HELLO = {
    "c": '#include <stdio.h>\n// räksmörgås\nint main(void) {\n  puts("right"); return 0;\n}\n',
    "cpp": '#include <iostream>\n/* räksmörgås */\nint main() {\n  std::cout << "right\\n";\n}\n',
    "python3": "import sys\nif True:\n    x = ('''right''' + \\\n      '')\n    print(x)\n",
    "java": "public class Main {\n  // räksmörgås\n  public static void main(String[] a) {\n"
    '    System.out.println("right");\n  }\n}\n',
    "javascript": "// räksmörgås\nconst x = `right`\nconsole.log(x)\n",
    "go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("right")\n}\n',
    "rust": 'fn main() {\n    println!("right");\n}\n',
    "pypy3": "if True:\n    x = ('''right''' + \\\n      '')\n    print(x)\n",
    "typescript": "// räksmörgås\nconst x: string = `right`\nconsole.log(x)\n",
    "kotlin": 'fun main() {\n    println("right")\n}\n',
    "csharp": 'class P {\n  // räksmörgås\n  static void Main() { System.Console.WriteLine("right"); }\n}\n',
    "ruby": "if true\n  x = <<~END\n    right\n  END\n  puts x.strip\nend\n",
    "haskell": 'main :: IO ()\nmain = do\n  let x = "right"\n  putStrLn x\n',
    "pascal": "program hello;\nbegin\n  writeln('right');\nend.\n",
    "bash": "if true; then\n  x=right\nfi\ncase $x in\n  right) echo $x ;;\nesac\n",
}


def _judged(judge: Judge, language: str, files: Files, entry_point: str = "") -> None:
    """Asserts that the program is accepted, also when what was compiled is taken from the cache."""
    code = language.partition("@")[0]
    if not judge.engine.toolchains[code].available:
        pytest.skip(judge.engine.toolchains[code].reason)
    for cached in (False, True) if LANGUAGES[code].compiled else (False,):
        judged = judge.judge(
            language,
            files,
            tests=[s.InlineTest(expected=EXPECTED.encode())],
            entry_point=entry_point,
            limits=s.Limits(cpu_time_ms=4_000),
        )
        assert judged.verdict == s.VERDICT_ACCEPTED, (judged.compile, judged.tests)
        assert not cached or (judged.compile is not None and judged.compile.cached)


@pytest.mark.parametrize(
    ("language", "entry_point", "files"), [one[1:] for one in LAYOUTS], ids=[one[0] for one in LAYOUTS]
)
def test_a_program_of_several_files_is_accepted(
    judge: Judge, language: str, entry_point: str, files: Files
) -> None:
    """Nobody says which file is the first, or a class is named."""
    _judged(judge, language, files, entry_point)


@pytest.mark.parametrize("code", HELLO)
def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(judge: Judge, code: str) -> None:
    """Both at once, as some editors leave them."""
    path = LANGUAGES[code].default_path
    _judged(judge, code, {path: codecs.BOM_UTF8 + HELLO[code].replace("\n", "\r\n").encode()})


@pytest.mark.parametrize("code", ["c", "cpp", "java", "javascript", "csharp", "typescript"])
def test_a_comment_in_an_old_encoding_does_no_harm(judge: Judge, code: str) -> None:
    """In languages that do not ask for UTF-8 themselves."""
    _judged(judge, code, {LANGUAGES[code].default_path: HELLO[code].encode("latin-1")})


@pytest.mark.parametrize("code", ["python3", "cpp", "java"])
def test_utf_16_is_read_by_its_mark(judge: Judge, code: str) -> None:
    """As an editor of Windows saves `Unicode`."""
    text = codecs.BOM_UTF16_LE + HELLO[code].replace("\n", "\r\n").encode("utf-16-le")
    _judged(judge, code, {LANGUAGES[code].default_path: text})


def test_python_says_what_it_misses_in_an_old_encoding(judge: Judge) -> None:
    """The language wants a declaration: with one the program is right, without it there is no program."""
    declared = "# -*- coding: latin-1 -*-\n# räksmörgås\nprint('right')\n".encode("latin-1")
    _judged(judge, "python3", {"a.py": declared})
    judged = judge.judge("python3", {"a.py": declared.partition(b"\n")[2]})

    assert judged.verdict == s.VERDICT_COMPILE_ERROR
    assert judged.compile is not None
    assert "encoding" in judged.compile.output or "utf-8" in judged.compile.output


@pytest.mark.parametrize("path", ["my solution.py", "lösung.py", "a\tb.py"])
def test_a_name_with_blanks_is_refused_with_the_rule(judge: Judge, path: str) -> None:
    """The message says which letters may be in a path."""
    judged = judge.judge("python3", {path: "print()"})

    assert judged.verdict == s.VERDICT_COMPILE_ERROR
    assert judged.compile is not None
    assert "without blanks" in judged.compile.output
