"""The validators and the grader of a problem package: one program each, found in the folder that the format
gives it.
"""

import re
from collections.abc import Mapping

from gavel.judging.languages import LANGUAGES, Language, language_of
from gavel.judging.package_metadata import CONFIGURATION_BYTES_MOST, PROBLEM, Configuration, Metadata
from gavel.submission.v1 import problem_pb2
from gavel.submission.v1.problem_pb2 import FileReference, Validator, ValidatorProtocol

_FOLDERS = ("output_validator", "output_validators")
_INTERACTORS = "interactors"
_SCRIPTS = {"build", "run"}
_OF_SCRIPTS = "bash"
"""The language in whose box `build` and `run` live, whatever they are written in."""
_DOMJUDGE = "domjudge-problem.ini"
_SPECIAL = re.compile(r"(?m)^[^\S\n]*special_(run|compare)\s*=")
_IDLE = re.compile(r"(readme|license|copying)(\..*)?|.*\.(md|txt)", re.IGNORECASE)
_HEADER = re.compile(r".*\.(h|hh|hpp|hxx)", re.IGNORECASE)
_EXIT_CODE_OF_RIGHT = re.compile(r"#\s*define\s+OK_EXIT_CODE\s+(\S+)")


def output_validators(config: Configuration, metadata: Metadata) -> list[Validator]:
    """The package's own validator, in an interactive problem the program that talks with submissions; none
    where the default one judges, several where a legacy package has several that all have to accept.
    """
    findings = config.findings
    if _SPECIAL.search(config.text(_DOMJUDGE) or ""):
        findings.warn(
            f"{_DOMJUDGE}: special_run and special_compare name programs that are not in the package."
        )
    order = _FOLDERS if metadata.modern else _FOLDERS[::-1]
    folders = [*order, _INTERACTORS] if metadata.interactive else list(order)
    found = [folder for folder in folders if _below(config.files, folder)]
    if not metadata.interactive and _below(config.files, _INTERACTORS):
        findings.warn(f"{_INTERACTORS}/ was passed over, since the problem is not interactive.")
    if not metadata.modern and not metadata.custom_validator:
        if found:
            findings.warn(
                f"{found[0]}/ was passed over, since problem.yaml does not say `validation: custom`."
            )
        return []
    if not found:
        if metadata.interactive or metadata.multi_pass or metadata.custom_validator:
            key = "type" if metadata.modern else "validation"
            findings.error(f"{PROBLEM}:{key}", f"needs a validator, but there is no program in {order[0]}/")
        return []
    for folder in found[1:]:
        findings.warn(f"{folder}/ was passed over, since there is {found[0]}/ as well.")
    parts = [] if metadata.modern else _parts(_below(config.files, found[0]))
    if len(parts) < 2:
        one = _program(found[0], _below(config.files, found[0]), config, metadata.validator_protocol)
        return [] if one is None else [one]
    if metadata.interactive or metadata.multi_pass or metadata.custom_score:
        several = ", ".join(sorted(name or "files" for name, _ in parts))
        findings.error(
            found[0],
            f"holds several programs ({several}); only where each does nothing but check the output of one "
            "run they can be",
        )
        return []
    programs = [
        _program(f"{found[0]}/{name}".rstrip("/"), files, config, metadata.validator_protocol)
        for name, files in parts
    ]
    return [program for program in programs if program is not None]


def static_validator(config: Configuration, metadata: Metadata, *, wanted: bool) -> Validator | None:
    """The program that looks at the sources of submissions; `wanted` says whether any test asks for it."""
    folder = "static_validator"
    there = metadata.modern and bool(_below(config.files, folder))
    if wanted and metadata.submit_answer:
        config.findings.error(
            folder, "has nothing to look at where answers are submitted instead of programs"
        )
    elif wanted and not there:
        config.findings.error(folder, "is missing, although there is a static_validation_score")
    elif there and not wanted:
        config.findings.warn(
            f"{folder}/ was passed over, since no test_group.yaml has a static_validation_score."
        )
    elif there:
        return _program(folder, _below(config.files, folder), config, problem_pb2.VALIDATOR_PROTOCOL_KATTIS)
    return None


def grader(config: Configuration, *, wanted: bool) -> Validator | None:
    """The package's own grader; `wanted` says whether any group asks for it."""
    folder = "graders"
    there = bool(_below(config.files, folder))
    if wanted and not there:
        config.findings.error(folder, "holds no grader, although there is `grading: custom`")
    elif there and not wanted:
        config.findings.warn(f"{folder}/ was passed over, since no testdata.yaml says `grading: custom`.")
    elif there:
        return _program(folder, _below(config.files, folder), config, problem_pb2.VALIDATOR_PROTOCOL_KATTIS)
    return None


def _below(files: Mapping[str, FileReference], folder: str) -> dict[str, FileReference]:
    return {
        path.removeprefix(f"{folder}/"): file for path, file in files.items() if path.startswith(f"{folder}/")
    }


def _parts(files: Mapping[str, FileReference]) -> list[tuple[str, dict[str, FileReference]]]:
    """What a legacy package may have several of, with its files: each folder that is a program, and under ""
    the files that are in none.
    """
    flat: dict[str, FileReference] = {}
    folders: dict[str, dict[str, FileReference]] = {}
    for path, file in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = file
        else:
            flat[path] = file
    parts = [("", flat), *sorted(folders.items())]
    return [(name, inner) for name, inner in parts if _is_program(inner)]


def _is_program(files: Mapping[str, FileReference]) -> bool:
    """False of what another program includes: headers, or a package of Python's."""
    if "__init__.py" in files:
        return False
    return bool(_SCRIPTS & files.keys()) or language_of(files) is not None


def _program(
    folder: str, files: Mapping[str, FileReference], config: Configuration, stated: ValidatorProtocol
) -> Validator | None:
    """The one program of these files of the folder: a folder of its own, or the files that lie there."""
    findings = config.findings
    names = {path.split("/")[0] for path in files if "/" in path}
    flat = {path for path in files if "/" not in path and not _IDLE.fullmatch(path)}
    if len(names) > 1 and all(_HEADER.fullmatch(path) for path in flat):
        findings.error(folder, f"holds several programs ({', '.join(sorted(names))}); one is supported")
        return None
    if len(names) == 1 and not flat:
        folder = f"{folder}/{names.pop()}"
        files = _below(config.files, folder)
    if _SCRIPTS & files.keys():
        # A testlib.h beside them says nothing: `run` may well translate its exit codes.
        protocol = stated or problem_pb2.VALIDATOR_PROTOCOL_KATTIS
        return _validator(files, _OF_SCRIPTS, protocol, scripts=True)
    language = language_of(files)
    if language is None:
        known = ", ".join(one.display_name for one in LANGUAGES.values() if one.inferred)
        findings.error(folder, f"must hold source files of one language, out of {known}")
        return None
    entry_point = _entry_point(folder, language, files, config)
    protocol = stated or _protocol(folder, files, config)
    return _validator(files, language.code, protocol, entry_point=entry_point)


def _validator(
    files: Mapping[str, FileReference],
    language: str,
    protocol: ValidatorProtocol,
    *,
    entry_point: str = "",
    scripts: bool = False,
) -> Validator:
    return Validator(
        language=language,
        entry_point=entry_point,
        protocol=protocol,
        scripts=scripts,
        files=[
            FileReference(path=path, sha256=file.sha256, size_bytes=file.size_bytes)
            for path, file in sorted(files.items())
        ],
    )


def _entry_point(
    folder: str, language: Language, files: Mapping[str, FileReference], config: Configuration
) -> str:
    """The file that is run, by the names that its language has for it; of a compiled one, else the first."""
    sources = sorted(
        (path for path in files if language.owns(path)), key=lambda path: (path.count("/"), path)
    )
    if len(sources) == 1:
        return sources[0]
    named = [path for path in sources if path.rpartition("/")[2] in ("__main__.py", *language.entry_points)]
    named += [path for path in sources if path.rpartition("/")[2].partition(".")[0].lower() == "main"]
    if named:
        return named[0]
    if language.compiled:
        return "" if language.main_class else sources[0]
    outermost = [path for path in sources if "/" not in path]
    if len(outermost) == 1:
        return outermost[0]
    wanted = language.default_path
    findings = config.findings
    findings.error(folder, f"holds several {language.display_name} files: one of them must be named {wanted}")
    return ""


def _protocol(folder: str, files: Mapping[str, FileReference], config: Configuration) -> ValidatorProtocol:
    """That of testlib where the validator brings a testlib.h with its own exit codes, else the format's."""
    headers = (
        path
        for path, file in sorted(files.items())
        if path.rpartition("/")[2] == "testlib.h" and file.size_bytes <= CONFIGURATION_BYTES_MOST
    )
    path = next(headers, None)
    if path is not None:
        codes = set(_EXIT_CODE_OF_RIGHT.findall(config.read(f"{folder}/{path}").decode("utf-8", "replace")))
        if "0" in codes and "42" not in codes:
            return problem_pb2.VALIDATOR_PROTOCOL_TESTLIB
    return problem_pb2.VALIDATOR_PROTOCOL_KATTIS
