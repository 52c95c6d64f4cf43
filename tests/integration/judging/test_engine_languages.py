"""Every language on the real sandbox: right, wrong, slow, failing and refused programs."""

from __future__ import annotations

import pytest

from conftest import Judge  # type: ignore[attr-defined]
from gavel.judging.engine import selftest
from gavel.judging.languages import LANGUAGES
from gavel.submission.v1 import submission_pb2 as s

SUM = {
    "c": '#include <stdio.h>\nint main(void) { int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b); }',
    "cpp": "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b << '\\n'; }",
    "python3": "print(sum(map(int, input().split())))",
    "java": "import java.util.Scanner;\npublic class Sum { public static void main(String[] x) {"
    " Scanner in = new Scanner(System.in); System.out.println(in.nextInt() + in.nextInt()); } }",
    "javascript": "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);\n"
    "console.log(a + b);",
    "go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tvar a, b int\n'
    "\tfmt.Scan(&a, &b)\n\tfmt.Println(a + b)\n}\n",
    "rust": "use std::io::*;\nfn main() { let mut s = String::new(); stdin().read_to_string(&mut s).unwrap();"
    ' println!("{}", s.split_whitespace().map(|x| x.parse::<i64>().unwrap()).sum::<i64>()); }',
    "pypy3": "print(sum(map(int, input().split())))",
    "typescript": "import * as fs from 'fs';\n"
    "const [a, b]: number[] = fs.readFileSync(0, 'utf8').split(' ').map(Number);\nconsole.log(a + b);",
    "kotlin": "fun main() { println(readLine()!!.split(' ').sumOf { it.toInt() }) }",
    "csharp": "using System;\nusing System.Linq;\nclass Sum { static void Main() {"
    " Console.WriteLine(Console.ReadLine().Split(' ').Select(int.Parse).Sum()); } }",
    "ruby": "puts gets.split.map(&:to_i).sum",
    "haskell": 'main :: IO ()\nmain = interact (\\s -> show (sum (map read (words s) :: [Int])) ++ "\\n")',
    "pascal": "program sum;\nvar a, b: longint;\nbegin\n  readln(a, b);\n  writeln(a + b);\nend.",
    "bash": "read a b; echo $((a + b))",
}
LOOP = {
    "c": "int main(void) { for (volatile int i = 0;; i++); }",
    "cpp": "int main() { for (volatile int i = 0;; i = i + 1); }",
    "python3": "while True: pass",
    "java": "class Main { public static void main(String[] x) { long i = 0; while (true) i++; } }",
    "javascript": "for (;;);",
    "go": "package main\n\nfunc main() {\n\tfor {\n\t}\n}\n",
    "rust": "fn main() { loop { std::hint::black_box(1); } }",
    "pypy3": "while True: pass",
    "typescript": "for (;;);",
    "kotlin": "fun main() { var i = 0L; while (true) i++ }",
    "csharp": "class Loop { static void Main() { for (;;) ; } }",
    "ruby": "loop {}",
    "haskell": "main :: IO ()\nmain = print (length (filter (< 0) (iterate (`mod` 7) (1 :: Int))))",
    "pascal": "program spin;\nbegin\n  while true do;\nend.",
    "bash": "while :; do :; done",
}
HOG = {
    "c": "#include <stdlib.h>\n#include <string.h>\n"
    "int main(void) { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }",
    "cpp": "#include <vector>\nint main() { std::vector<int> v; for (;;) v.push_back(1); }",
    "python3": "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "java": "import java.util.*;\nclass Main { public static void main(String[] x) {"
    " List<long[]> a = new ArrayList<>(); while (true) a.add(new long[1 << 17]); } }",
    "javascript": "const a = []; for (;;) a.push(new Array(1 << 17).fill(1.5));",
    "go": "package main\n\nfunc main() {\n\tvar a [][]byte\n\tfor {\n\t\tb := make([]byte, 1<<20)\n"
    "\t\tfor i := range b {\n\t\t\tb[i] = 1\n\t\t}\n\t\ta = append(a, b)\n\t}\n}\n",
    "rust": "fn main() { let mut v = Vec::new(); loop { v.push(vec![1u8; 1 << 20]); } }",
    "pypy3": "x = []\nwhile True: x.append(bytearray(b'x' * (1 << 20)))",
    "typescript": "const a: number[][] = []; for (;;) a.push(new Array(1 << 17).fill(1.5));",
    "kotlin": "fun main() { val a = ArrayList<LongArray>(); while (true) a.add(LongArray(1 shl 17)) }",
    "csharp": "class Hog { static void Main() { var a = new System.Collections.Generic.List<byte[]>();"
    " for (;;) { var b = new byte[1 << 20]; for (int i = 0; i < 1 << 20; i += 512) b[i] = 1; a.Add(b); } } }",
    "ruby": "a = []\nloop { a << 'x' * (1 << 20) }",
    "haskell": "main :: IO ()\nmain = let xs = [1 ..] :: [Integer] in print (sum xs + toInteger (length xs))",
    "pascal": "program hog;\nvar p: pointer;\nbegin\n  while true do begin getmem(p, 1048576);"
    " fillchar(p^, 1048576, 1); end;\nend.",
    "bash": "a=x; while :; do a=$a$a; done",
}
CRASH = {
    "c": "int main(void) { volatile int *p = 0; return *p; }",
    "cpp": '#include <stdexcept>\nint main() { throw std::runtime_error("no"); }',
    "python3": "raise ValueError('no')",
    "java": 'class Main { public static void main(String[] x) { throw new RuntimeException("no"); } }',
    "javascript": "throw new Error('no');",
    "go": 'package main\n\nfunc main() { panic("no") }\n',
    "rust": 'fn main() { panic!("no"); }',
    "pypy3": "raise ValueError('no')",
    "typescript": "throw new Error('no');",
    "kotlin": 'fun main() { throw RuntimeException("no") }',
    "csharp": 'class Crash { static void Main() { throw new System.Exception("no"); } }',
    "ruby": "raise 'no'",
    "haskell": 'main :: IO ()\nmain = error "no"',
    "pascal": "program crash;\nvar a: array of longint;\nbegin\n  writeln(stderr, 'no');"
    " a := nil; a[5] := 1;\nend.",
    "bash": "echo no >&2; exit 3",
}
NO_PROGRAM = "this is { no program ("
DEEP = {
    "c": "int f(int n) { volatile char a[64]; a[0] = n; return n ? f(n - 1) + a[0] * 0 + 1 : 0; }\n"
    '#include <stdio.h>\nint main(void) { printf("%d\\n", f(500000)); }',
    "python3": "import sys\nsys.setrecursionlimit(100000)\n"
    "def f(n): return f(n - 1) + 1 if n else 0\nprint(f(50000))",
    "java": "class Main { static int f(int n) { return n == 0 ? 0 : f(n - 1) + 1; }"
    " public static void main(String[] x) { System.out.println(f(500000)); } }",
    "javascript": "const f = n => n ? f(n - 1) + 1 : 0;\nconsole.log(f(500000));",
    "cpp": "int f(int n) { volatile char a[64]; a[0] = 1; return n ? f(n - 1) + a[0] : 0; }\n"
    '#include <iostream>\nint main() { std::cout << f(1000000) << "\\n"; }',
    "go": 'package main\n\nimport "fmt"\n\nfunc f(n int) int {\n\tif n == 0 {\n\t\treturn 0\n\t}\n'
    '\treturn f(n-1) + 1\n}\n\nfunc main() { fmt.Println(f(1000000)) }\n',
    "rust": "fn f(n: u64) -> u64 { if std::hint::black_box(n) == 0 { 0 } else { f(n - 1) + 1 } }\n"
    'fn main() { println!("{}", f(1_000_000)); }',
    "pypy3": "import sys\nsys.setrecursionlimit(10**6)\n"
    "def f(n): return f(n - 1) + 1 if n else 0\nprint(f(100000))",
    "typescript": "const f = (n: number): number => n ? f(n - 1) + 1 : 0;\nconsole.log(f(500000));",
    "kotlin": "fun f(n: Int): Int = if (n == 0) 0 else f(n - 1) + 1\nfun main() { println(f(500000)) }",
    "csharp": "class Deep { static int f(int n) { return n == 0 ? 0 : f(n - 1) + 1; }"
    " static void Main() { System.Console.WriteLine(f(500000)); } }",
    "ruby": "def f(n) = n.zero? ? 0 : f(n - 1) + 1\nputs f(100000)",
    "haskell": "f :: Int -> Int\nf 0 = 0\nf n = 1 + f (n - 1)\nmain :: IO ()\nmain = print (f 1000000)",
    "pascal": "program deep;\nfunction f(n: longint): longint;\nbegin\n"
    "  if n = 0 then f := 0 else f := f(n - 1) + 1;\nend;\nbegin\n  writeln(f(1000000));\nend.",
    "bash": "f() { (($1 == 0)) || f $(($1 - 1)); }; f 2000",
}  # fmt: skip
ENDLESS = {
    "java": "class Main { static int f(int n) { return f(n + 1) + 1; }"
    " public static void main(String[] x) { f(0); } }",
    "kotlin": "fun f(n: Int): Int = f(n + 1) + 1\nfun main() { println(f(0)) }",
}


@pytest.fixture(params=list(LANGUAGES))
def code(request: pytest.FixtureRequest, judge: Judge) -> str:
    """Each language that this machine has a toolchain for."""
    code = str(request.param)
    if not judge.engine.toolchains[code].available:
        pytest.skip(judge.engine.toolchains[code].reason)
    return code


def test_the_self_test_passes(judge: Judge, code: str) -> None:
    """What a worker does before it serves a language."""
    assert selftest(judge.engine, code) is None


def test_a_right_program_is_accepted(judge: Judge, code: str) -> None:
    """With the facts of its run, and of its compilation where there is one."""
    judged = judge.judge(code, SUM[code], tests=[s.InlineTest(input=b"2 3", expected=b"5\n")])

    (test,) = judged.tests
    assert (judged.verdict, test.verdict, test.message) == (s.VERDICT_ACCEPTED, s.VERDICT_ACCEPTED, "")
    assert (test.number, test.test, test.exit_code, test.stdout) == (1, "1", 0, "5\n")
    assert 0 < test.cpu_time_ms <= judged.cpu_time_ms
    assert 0 < test.memory_bytes <= judged.memory_bytes
    assert (judged.compile is not None) == LANGUAGES[code].compiled
    assert judged.language_version


def test_a_wrong_program_is_told_so(judge: Judge, code: str) -> None:
    """The feedback quotes both sides, since the test is the submitter's own."""
    judged = judge.judge(code, SUM[code], tests=[s.InlineTest(input=b"2 3", expected=b"6")])

    assert judged.verdict == s.VERDICT_WRONG_ANSWER
    assert judged.tests[0].feedback == "line 1: '6' expected, not '5'"


def test_an_endless_loop_is_over_the_time_limit(judge: Judge, code: str) -> None:
    """Killed soon behind its CPU time."""
    judged = judge.judge(code, LOOP[code], limits=s.Limits(cpu_time_ms=400))

    assert judged.verdict == s.VERDICT_TIME_LIMIT_EXCEEDED
    assert 400 <= judged.cpu_time_ms < 1_000


def test_a_memory_hog_is_over_the_memory_limit(judge: Judge, code: str) -> None:
    """Whether the sandbox ends it, or its runtime gives up first."""
    judged = judge.judge(code, HOG[code], limits=s.Limits(cpu_time_ms=5_000, memory_bytes=64 << 20))

    assert judged.verdict == s.VERDICT_MEMORY_LIMIT_EXCEEDED, judged.tests
    assert "memory limit" in judged.tests[0].message


def test_a_crash_is_a_run_time_error(judge: Judge, code: str) -> None:
    """With what it said on standard error, where there is something."""
    judged = judge.judge(code, CRASH[code])

    (test,) = judged.tests
    assert judged.verdict == s.VERDICT_RUN_TIME_ERROR
    assert code == "c" or "no" in test.stderr
    assert test.HasField("exit_code") != test.HasField("signal")


def test_no_program_is_a_compile_error(judge: Judge, code: str) -> None:
    """The compiler's words are handed on, nothing is run."""
    judged = judge.judge(code, NO_PROGRAM, tests=[s.InlineTest(), s.InlineTest()])

    assert judged.verdict == s.VERDICT_COMPILE_ERROR
    assert judged.compile is not None
    assert judged.compile.verdict == s.VERDICT_COMPILE_ERROR
    assert judged.compile.output
    assert (judged.tests, judged.test_count) == ([], 2)


def test_a_go_package_without_a_program_is_a_compile_error(judge: Judge) -> None:
    """`go build` would make an archive of it, which cannot be run."""
    judged = judge.judge("go", 'package solution\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n')

    assert judged.verdict == s.VERDICT_COMPILE_ERROR
    assert judged.compile is not None
    assert "main package" in judged.compile.output


def test_recursion_may_be_as_deep_as_the_memory_allows(judge: Judge, code: str) -> None:
    """The stack limit is the memory limit, and reaches runtimes that have one of their own."""
    if code not in DEEP:
        pytest.skip("no deep program for this language")
    judged = judge.judge(code, DEEP[code], limits=s.Limits(cpu_time_ms=5_000))

    assert judged.verdict == s.VERDICT_ACCEPTED, judged.tests


def test_recursion_without_end_is_no_want_of_memory(judge: Judge, code: str) -> None:
    """Where a runtime tells it, at the end of a stack as large as the memory limit."""
    if code not in ENDLESS:
        pytest.skip("it tells no end of the stack")
    judged = judge.judge(code, ENDLESS[code], limits=s.Limits(cpu_time_ms=5_000))

    assert judged.verdict == s.VERDICT_RUN_TIME_ERROR, judged.tests
    assert "StackOverflowError" in judged.tests[0].stderr


def test_compiling_again_takes_what_was_compiled_before(judge: Judge, code: str) -> None:
    """The same sources, toolchain and tenant; another tenant compiles for itself."""
    if not LANGUAGES[code].compiled:
        pytest.skip("not compiled")
    comment = "// once more" + chr(10)
    first = judge.judge(code, comment + SUM[code], tests=[s.InlineTest(input=b"1 1", expected=b"2")])
    second = judge.judge(code, comment + SUM[code], tests=[s.InlineTest(input=b"2 2", expected=b"4")])
    other = Judge(judge.engine, judge.objects, "other").judge(
        code, comment + SUM[code], tests=[s.InlineTest(input=b"3 3", expected=b"6")]
    )

    assert {judged.verdict for judged in (first, second, other)} == {s.VERDICT_ACCEPTED}
    assert [judged.compile.cached for judged in (first, second, other) if judged.compile] == [
        False,
        True,
        False,
    ]
