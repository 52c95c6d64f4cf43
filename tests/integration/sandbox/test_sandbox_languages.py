"""Compilers and run-time systems of the machine, each with a program of some threads."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gavel.sandbox import BoxSpec, Command, Kill, Limits, Mount, Sandbox, SandboxError

pytestmark = pytest.mark.integration

COMPILE = Limits(
    cpu_time_ms=60_000, wall_time_ms=110_000, memory_bytes=2 << 30, stack_bytes=0, processes=256,
    output_bytes=8 << 20, files_bytes=512 << 20, files_count=16_384,
)  # fmt: skip
RUN = Limits(
    cpu_time_ms=10_000,
    wall_time_ms=30_000,
    memory_bytes=512 << 20,
    stack_bytes=0,
    processes=128,
    output_bytes=1 << 20,
)
PATH = "/usr/bin:/bin"
SELF = "import os; print(os.readlink('/proc/self/exe'))"


def judged(
    sandbox: Sandbox, spec: BoxSpec, source: tuple[str, str], commands: list[str], env: dict[str, str]
) -> bytes:
    """Compiles with all commands but the last, freezes, runs the last; its output."""
    environment = {"PATH": PATH, "HOME": "/tmp", "LANG": "C.UTF-8"} | env
    with sandbox.box(spec, files_bytes=512 << 20, files_count=16_384) as box:
        box.put(source[0], source[1].encode())
        for line in commands[:-1]:
            with box.run(Command(tuple(line.split()), environment), COMPILE) as outcome:
                assert (outcome.exit_code, outcome.kill) == (0, Kill.NONE), (
                    outcome,
                    os.read(outcome.stdout, 2000),
                )
        box.freeze()
        for _ in range(2):
            with box.run(Command(tuple(commands[-1].split()), environment, stdin=b"7\n"), RUN) as outcome:
                assert (outcome.exit_code, outcome.kill) == (0, Kill.NONE), outcome
                data = os.read(outcome.stdout, 1 << 16)
    return data


def test_c(sandbox: Sandbox) -> None:
    """gcc, and a program that was compiled in the box runs in later runs."""
    source = '#include <stdio.h>\nint main(void) { int n; scanf("%d", &n); printf("%d\\n", n * n); }\n'

    assert judged(sandbox, BoxSpec(), ("a.c", source), ["gcc -O2 a.c -o a", "./a"], {}) == b"49\n"


def test_cpp_threads(sandbox: Sandbox) -> None:
    """g++ with threads."""
    source = (
        "#include <iostream>\n#include <thread>\n#include <vector>\n"
        "int main() { int n; std::cin >> n; std::vector<std::thread> t; std::vector<int> r(n);\n"
        " for (int i = 0; i < n; i++) t.emplace_back([&, i] { r[i] = i; }); int s = 0;\n"
        " for (auto &x : t) x.join(); for (int x : r) s += x; std::cout << s << std::endl; }\n"
    )
    commands = ["g++ -std=c++20 -O1 -pthread a.cpp -o a", "./a"]

    assert judged(sandbox, BoxSpec(), ("a.cpp", source), commands, {}) == b"21\n"


def test_python_processes(sandbox: Sandbox) -> None:
    """multiprocessing: semaphores on /dev/shm, pipes, forks."""
    source = (
        "from multiprocessing import Pool\ndef f(x): return x * x\n"
        "if __name__ == '__main__':\n  n = int(input())\n"
        "  with Pool(3) as p: print(sum(p.map(f, range(n))))\n"
    )
    commands = ["/usr/bin/python3 -m py_compile a.py", "/usr/bin/python3 a.py"]

    assert judged(sandbox, BoxSpec(), ("a.py", source), commands, {}) == b"91\n"


def test_java(sandbox: Sandbox) -> None:
    """A JVM reserves gigabytes of address space and starts dozens of threads."""
    source = (
        "import java.util.*; import java.util.stream.*;\n"
        "public class Main {\n"
        "public static void main(String[] a) { int n = new Scanner(System.in).nextInt();\n"
        " System.out.println(IntStream.range(0, n).parallel().map(x -> x * x).sum()); } }\n"
    )
    commands = ["javac Main.java", "java -Xmx128m -Xss64m -cp . Main"]

    assert judged(sandbox, BoxSpec(), ("Main.java", source), commands, {}) == b"91\n"


def test_node(sandbox: Sandbox) -> None:
    """Node.js with a worker thread."""
    source = (
        "const {Worker, isMainThread, parentPort} = require('worker_threads');\n"
        "if (isMainThread) { const n = +require('fs').readFileSync(0); const w = new Worker(__filename);\n"
        " w.on('message', v => { console.log(v); process.exit(0); }); w.postMessage(n); }\n"
        "else parentPort.on('message', n => parentPort.postMessage(n * n));\n"
    )
    assert judged(sandbox, BoxSpec(), ("a.js", source), ["node --check a.js", "node a.js"], {}) == b"49\n"


@pytest.mark.skipif(shutil.which("go") is None, reason="no go on this machine")
def test_go(sandbox: Sandbox) -> None:
    """A toolchain outside the system's folders, by a mount; its temporary executables lie in /tmp."""
    prefix = Path(shutil.which("go") or "").resolve().parent.parent
    source = (
        'package main\nimport "fmt"\nfunc main() { var n int; fmt.Scan(&n); c := make(chan int)\n'
        "go func() { c <- n * n }(); fmt.Println(<-c) }\n"
    )
    env = {
        "PATH": f"/opt/go/bin:{PATH}",
        "GOCACHE": "/tmp/go",
        "GO111MODULE": "off",
        "GOFLAGS": "-p=2",
        "CGO_ENABLED": "0",
    }
    spec = BoxSpec((Mount(str(prefix), "/opt/go"),))

    assert judged(sandbox, spec, ("a.go", source), ["go build -o a a.go", "./a"], env) == b"49\n"


@pytest.mark.skipif(shutil.which("rustc") is None, reason="no rustc on this machine")
def test_rust(sandbox: Sandbox) -> None:
    """Rust and cargo from a home folder that nobody else may enter."""
    sysroot = subprocess.run(
        ["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True
    ).stdout.strip()
    source = (
        "use std::io; fn main() { let mut s = String::new(); io::stdin().read_line(&mut s).unwrap();\n"
        " let n: i64 = s.trim().parse().unwrap();\n"
        ' println!("{}", std::thread::spawn(move || n * n).join().unwrap()); }\n'
    )
    env = {"PATH": f"{sysroot}/bin:{PATH}"}
    spec = BoxSpec((Mount(sysroot, sysroot),))

    assert judged(sandbox, spec, ("a.rs", source), ["rustc -O a.rs -o a", "./a"], env) == b"49\n"
    with sandbox.box(spec) as box:
        box.put("Cargo.toml", b'[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n')
        box.put("src/main.rs", source.encode())
        command = Command(("cargo", "build", "--offline"), env | {"HOME": "/tmp", "CARGO_HOME": "/tmp/cargo"})
        with box.run(command, COMPILE) as outcome:
            assert outcome.exit_code == 0, outcome.stderr


def test_proc_self_exe(sandbox: Sandbox) -> None:
    """Runtimes find themselves."""
    exe = judged(sandbox, BoxSpec(), ("a.py", SELF), ["/usr/bin/python3 a.py"], {})

    assert exe.strip() == str(Path("/usr/bin/python3").resolve()).encode()


def test_a_missing_mount_is_the_platforms_error(sandbox: Sandbox) -> None:
    """A toolchain that went away fails its boxes and leaves no mount behind; others are made all the same."""
    mounts = Path(f"/proc/{sandbox.spawner_pid}/mountinfo")
    with sandbox.box() as box, box.run(Command(("/bin/true",)), RUN) as outcome:
        assert outcome.exit_code == 0
    before = mounts.read_text()

    for _ in range(3):
        with pytest.raises(SandboxError, match="No such file"):
            sandbox.box(BoxSpec((Mount("/nonexistent", "/opt/x"),)))

    assert mounts.read_text() == before
    with sandbox.box() as box, box.run(Command(("/bin/true",)), RUN) as outcome:
        assert outcome.exit_code == 0
