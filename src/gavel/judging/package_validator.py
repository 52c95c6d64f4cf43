"""The output validator of a problem package: one program, found in the folder that the format gives it."""

from collections.abc import Mapping

from gavel.judging.languages import language_of
from gavel.judging.package_findings import Findings
from gavel.judging.package_metadata import Metadata
from gavel.submission.v1.problem_pb2 import FileReference, Validator

LANGUAGES = ("c", "cpp", "python3")
"""What a validator may be written in, as the format has it."""

_FOLDERS = ("output_validator", "output_validators")


def validator(files: Mapping[str, FileReference], metadata: Metadata, findings: Findings) -> Validator | None:
    """The package's own validator; None where the default one judges."""
    programs = {folder: _below(files, folder) for folder in _FOLDERS}
    folder = next(
        (name for name in (_FOLDERS if metadata.modern else _FOLDERS[::-1]) if programs[name]), None
    )
    if not metadata.modern and not metadata.custom_validator:
        if folder is not None:
            findings.warn(f"{folder}/ was passed over, since problem.yaml does not say `validation: custom`.")
        return None
    if folder is None:
        if metadata.custom_validator:
            findings.error(
                "problem.yaml:validation", "is custom, but there is no program in output_validators/"
            )
        return None
    return _program(folder, programs[folder], findings)


def _below(files: Mapping[str, FileReference], folder: str) -> dict[str, FileReference]:
    return {
        path.removeprefix(f"{folder}/"): file for path, file in files.items() if path.startswith(f"{folder}/")
    }


def _program(folder: str, files: Mapping[str, FileReference], findings: Findings) -> Validator | None:
    """The one program of the folder: a folder of its own, or the files that lie there."""
    names = {path.split("/")[0] for path in files if "/" in path}
    flat = {path for path in files if "/" not in path and not path.lower().startswith(("readme", "license"))}
    if len(names) > 1 and not flat:
        findings.error(folder, f"holds several programs ({', '.join(sorted(names))}); one is supported")
        return None
    if len(names) == 1 and not flat:
        folder = f"{folder}/{names.pop()}"
        files = {path.split("/", 1)[1]: file for path, file in files.items() if "/" in path}
    if {"build", "run"} & files.keys():
        findings.error(folder, "build and run scripts are not supported: give the validator's source files")
        return None
    language = language_of(files, LANGUAGES)
    if language is None:
        findings.error(folder, "must hold source files of one language out of C, C++ and Python 3")
        return None
    sources = sorted(path for path in files if language.owns(path))
    entries = [path for path in sources if path.split("/")[-1] == "__main__.py"] or sources
    if language.code == "python3" and len(entries) > 1:
        findings.error(folder, "holds several Python files: one of them must be named __main__.py")
        return None
    return Validator(
        language=language.code,
        entry_point=entries[0],
        files=[
            FileReference(path=path, sha256=file.sha256, size_bytes=file.size_bytes)
            for path, file in sorted(files.items())
        ],
    )
