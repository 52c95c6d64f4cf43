"""Hundreds of programs at once: each gets its verdict, and its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from conditions import until
from gavel.client import AsyncClient, Client, Judgement
from gavel.embedded import Mesh
from generated_programs import Program, generate

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

COUNT = 300
SEED = 20251


def test_judges_hundreds_at_once(mesh: Mesh, client: Client) -> None:
    """Right and wrong programs, handed in together and each watched, get the verdict they were made for, and
    that is what is stored.
    """
    programs = [generate(SEED, number) for number in range(COUNT)]
    judgements = asyncio.run(_judged(mesh.address, programs))
    assert len({judgement.name for judgement in judgements}) == COUNT
    for program, judgement in zip(programs, judgements, strict=True):
        _check(program, judgement)
        until(lambda name=judgement.name: client.result(name).end_time, f"{judgement.name} is stored")
        assert client.result(judgement.name) == judgement


async def _judged(address: str, programs: Sequence[Program]) -> list[Judgement]:
    async with AsyncClient(address) as client:

        async def judged(program: Program) -> Judgement:
            accepted = await client.submit(
                {"main.py": program.source}, language="python3", tests=program.tests, run_all=True
            )
            return await client.wait(accepted)

        return await asyncio.gather(*map(judged, programs))


def _check(program: Program, judgement: Judgement) -> None:
    assert (program.mark, judgement.verdict) == (program.mark, program.verdict)
    if program.verdict != "COMPILE_ERROR":
        assert {test.stdout.split("\n")[0] for test in judgement.tests} == {program.mark}
        failed = [test.number for test in judgement.tests if test.verdict != "ACCEPTED"]
        assert failed == ([program.failing] if program.failing else [])
