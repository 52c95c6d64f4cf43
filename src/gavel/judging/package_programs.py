"""The programs of a problem package, built in boxes of their own: its validators and its grader."""

from gavel.judging import allowances
from gavel.judging.boxes import Boxes
from gavel.judging.building import Program, Workshop
from gavel.judging.outcome import BrokenProblem, EngineError
from gavel.judging.task import content_of, with_constants
from gavel.sandbox import Box
from gavel.submission.v1.problem_pb2 import Manifest, Validator


def opened(
    workshop: Workshop,
    boxes: Boxes,
    tenant: str,
    manifest: Manifest,
    own: Validator,
    *,
    files_bytes: int,
    called: str,
) -> tuple[Box, Program]:
    """Builds one of the manifest's programs.

    `files_bytes`: the most that its runs may put and leave. `called`: its name for people, `output
    validator`. Raises BrokenProblem, EngineError, Cancelled.
    """
    try:
        builder = workshop.builder(own.language, tenant)
    except EngineError as error:
        raise EngineError(f"this worker cannot run the problem's {called}: no {own.language}") from error
    files = {
        file.path: with_constants(workshop.store.read(tenant, content_of(file)), manifest.constants)
        for file in own.files
    }
    limits = allowances.of_compilation(manifest.compile_limits)
    box = boxes.open(builder.toolchain.spec, max(limits.files_bytes, files_bytes), limits.files_count)
    if own.scripts:
        program, result = builder.build_by_scripts(box, files, limits)
    else:
        program, result = builder.build(box, files, own.entry_point, limits)
    boxes.check()
    if program is None:
        raise BrokenProblem(f"the problem's {called} does not compile", result.output)
    return box, program
