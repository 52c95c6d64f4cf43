"""Hundreds of programs at once: each gets its verdict, and its own."""

from __future__ import annotations

import asyncio

import pytest
from generated_programs import Program, generate

from gavel.client import AsyncClient, Judgement
from gavel.embedded import Mesh

pytestmark = pytest.mark.acceptance

COUNT = 200
SEED = 20251
STORED_S = 30.0


async def test_judges_hundreds_at_once(mesh: Mesh) -> None:
    """Right and wrong programs, handed in together and each watched, get the verdict they were made for."""
    programs = [generate(SEED, number) for number in range(COUNT)]
    async with AsyncClient(mesh.address) as client:

        async def judged(program: Program) -> Judgement:
            accepted = await client.submit(
                {"main.py": program.source}, language="python3", tests=program.tests, run_all=True
            )
            return await client.wait(accepted)

        judgements = await asyncio.gather(*map(judged, programs))
        assert len({judgement.name for judgement in judgements}) == COUNT
        for program, judgement in zip(programs, judgements, strict=True):
            _check(program, judgement)
            await _check_stored(client, judgement)


def _check(program: Program, judgement: Judgement) -> None:
    assert (program.mark, judgement.verdict) == (program.mark, program.verdict)
    if program.verdict != "COMPILE_ERROR":
        assert {test.stdout.split("\n")[0] for test in judgement.tests} == {program.mark}
        failed = [test.number for test in judgement.tests if test.verdict != "ACCEPTED"]
        assert failed == ([program.failing] if program.failing else [])


async def _check_stored(client: AsyncClient, streamed: Judgement) -> None:
    """What is stored becomes what was streamed."""
    async with asyncio.timeout(STORED_S):
        while (stored := await client.result(streamed.name)).end_time is None:
            await asyncio.sleep(0.02)
    assert stored == streamed
