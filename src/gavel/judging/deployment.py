"""What a deployment says of languages: its own languages file, and root filesystems per language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from gavel import settings
from gavel.judging import roots, toolchains
from gavel.judging.language_tables import LanguagesFileError
from gavel.judging.languages import LANGUAGES, use_languages
from gavel.judging.toolchains import Toolchain
from gavel.sandbox import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The settings that all who look at languages share. Each field is the variable `GAVEL_<FIELD>`."""

    languages_file: str = ""
    """A file of the form of languages.toml, over Gavel's own languages; empty: none."""
    roots: tuple[str, ...] = ()
    """`LANGUAGE=/folder`, separated by commas: unpacked images in place of this machine's system folders."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Reads the variables; SettingsError names the one that is wrong."""
        return settings.read(cls, environ)

    def open(self) -> "Toolchains":
        """Takes the languages file in and looks at the roots. SettingsError names the one that is wrong."""
        try:
            use_languages(self.languages_file)
        except LanguagesFileError as error:
            raise settings.SettingsError(f"{settings.PREFIX}LANGUAGES_FILE: {error}") from error
        try:
            return Toolchains(roots.parse_roots(self.roots))
        except roots.RootsError as error:
            raise settings.SettingsError(f"{settings.PREFIX}ROOTS: {error}") from error


class Toolchains:
    """The toolchains of this machine and of its root filesystems."""

    def __init__(self, folders: Mapping[str, str] = MappingProxyType({})) -> None:
        """`folders`: root filesystems by language."""
        self.folders = folders

    def look(self, code: str) -> Toolchain:
        """What is there; of a root filesystem by its files alone, without a version."""
        if code in self.folders:
            return roots.look(code, self.folders[code])
        return toolchains.detect(code)

    def detect(self, code: str, sandbox: Sandbox) -> Toolchain:
        """What is there, with its version; what lies in a root filesystem is asked in a box."""
        found = self.look(code)
        return roots.probe(found, sandbox) if code in self.folders else found

    def warm(self, toolchain: Toolchain, cache_dir: str, sandbox: Sandbox) -> Toolchain:
        """As `toolchains.warm`; for a root filesystem in a box."""
        fill = roots.filler(sandbox) if toolchain.root != "/" else None
        return toolchains.warm(toolchain, cache_dir, fill)

    def available(self) -> Sequence[str]:
        """The codes of the languages that there are toolchains for."""
        return [code for code in LANGUAGES if self.look(code).available]
