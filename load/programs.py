"""What the sandbox's rows run: programs, their input, and what they must answer."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HELLO: Final = b"hello\n"
TESTS: Final = 50
LINES: Final = 10_000
PYTHON: Final = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or "/usr/bin/python3"
PATH: Final = "/usr/local/bin:/usr/bin:/bin"

_SOURCES: Final = {
    "hello.c": '#include <stdio.h>\nint main(void) { return puts("hello") == EOF; }\n',
    "hello.py": 'print("hello")\n',
    "double.py": "print(2 * int(input()))\n",
    # Answers every line with the double of its number.
    "program.c": """#include <stdio.h>
int main(void) {
    long n;
    while (scanf("%ld", &n) == 1) { printf("%ld\\n", 2 * n); fflush(stdout); }
    return 0;
}
""",
    # Asks for as many numbers as its argument says, one after the other; status 0 if all were right.
    "interactor.c": """#include <stdio.h>
#include <stdlib.h>
int main(int count, char **words) {
    long most = atol(words[1]), answer;
    for (long n = 1; n <= most; n++) {
        printf("%ld\\n", n);
        fflush(stdout);
        if (scanf("%ld", &answer) != 1 || answer != 2 * n) return 1;
    }
    return 0;
}
""",
}


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder of them, readable by everyone, that no one writes to any more."""

    folder: Path

    @classmethod
    def build(cls, folder: Path) -> "Programs":
        """Writes and compiles them. RuntimeError without a C compiler."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise RuntimeError("the sandbox's rows need a C compiler")
        for name, source in _SOURCES.items():
            (folder / name).write_text(source)
            if name.endswith(".c"):
                program = folder / name.removesuffix(".c")
                subprocess.run([compiler, "-O2", "-o", program, folder / name], check=True)
        for number in range(TESTS):
            (folder / f"{number}.in").write_text(f"{number}\n")
        folder.chmod(0o755)
        return cls(folder)

    def path(self, name: str) -> Path:
        return self.folder / name

    def test(self, number: int) -> tuple[Path, bytes]:
        """The input of a test and its answer."""
        return self.folder / f"{number}.in", b"%d\n" % (2 * number)
