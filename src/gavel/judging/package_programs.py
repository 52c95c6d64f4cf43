"""The programs of a problem package, built in boxes of their own: its validators and its grader."""

import dataclasses

from gavel.judging import allowances
from gavel.judging.boxes import Boxes
from gavel.judging.building import Made, Program, Workshop
from gavel.judging.outcome import BrokenProblem, EngineError
from gavel.judging.task import check_size, content_of, with_constants
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
    made: Made | None = None,
) -> tuple[Box, Program]:
    """Builds one of the manifest's programs.

    `files_bytes`: the most that its runs may put and leave. `called`: its name for people, `output
    validator`. `made`: what compiling it made, if that was done; it is kept only where tests may run side by
    side. Raises BrokenProblem, EngineError, Cancelled.
    """
    try:
        builder = workshop.builder(own.language, tenant)
    except EngineError as error:
        raise EngineError(f"this worker cannot run the problem's {called}: no {own.language}") from error
    check_size(own.files, f"the problem's {called}")
    files = {
        file.path: with_constants(workshop.store.read(tenant, content_of(file)), manifest.constants)
        for file in own.files
    }
    limits = allowances.of_compilation(manifest.compile_limits)
    box = boxes.open(builder.toolchain.spec, max(limits.files_bytes, files_bytes), limits.files_count)
    if own.scripts:
        program, result = builder.build_by_scripts(box, files, limits, made=made)
    else:
        program, result = builder.build(box, files, own.entry_point, limits, made=made)
    boxes.check()
    if program is None:
        raise BrokenProblem(f"the problem's {called} does not compile", result.output)
    return box, program if manifest.tests_at_once > 1 else dataclasses.replace(program, made=None)
