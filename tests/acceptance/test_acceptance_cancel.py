"""Cancelling what waits and what runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conditions import until
from gavel.client import Accepted, Client, Ended, Running, uuid7

pytestmark = pytest.mark.acceptance

SLEEPER = b"import time\ntime.sleep(60)"


def _sleeper(client: Client, mark: str) -> Accepted:
    return client.submit({"main.py": SLEEPER}, language="python3", argv=[mark])


def _alive(mark: str) -> bool:
    """Whether a process of this machine has the mark among its arguments."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                if mark.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                    return True
            except OSError:  # it ended meanwhile
                continue
    return False


def _until_running(client: Client, accepted: Accepted) -> None:
    with client.watch(accepted) as events:
        assert any(isinstance(event, Running) for event in events)


def test_ends_a_running_program_within_two_seconds(client: Client) -> None:
    """The cancel of a running submission ends it CANCELLED, and its program is gone 2 s later."""
    mark = f"mark-{uuid7()}"
    accepted = _sleeper(client, mark)
    until(lambda: _alive(mark), "the program runs")
    client.cancel(accepted)
    until(lambda: not _alive(mark), "the program is gone", 2.0)
    ended = client.wait(accepted)
    assert (ended.state, ended.verdict) == ("CANCELLED", "")
    until(lambda: client.get(accepted).state == "CANCELLED", "the row says so")
    client.cancel(accepted)  # a second time changes nothing


def test_ends_what_waits_without_running_it(client: Client, slots_taken: None) -> None:
    """The cancel of a queued submission ends it at once, and its program never runs."""
    mark = f"mark-{uuid7()}"
    accepted = _sleeper(client, mark)
    client.cancel(accepted)
    events = list(client.watch(accepted))
    assert isinstance(events[-1], Ended)
    assert events[-1].judgement.state == "CANCELLED"
    assert not any(isinstance(event, Running) for event in events)
    assert not _alive(mark)


@pytest.fixture
def slots_taken(client: Client) -> Iterator[None]:
    """Every slot of the worker is taken by a program that sleeps."""
    slots = max(language.slot_count for language in client.languages())
    sleepers = [_sleeper(client, "beside") for _ in range(slots)]
    for each in sleepers:
        _until_running(client, each)
    yield
    for each in sleepers:
        client.cancel(each)
        assert client.wait(each).state == "CANCELLED"
