"""Topics of languages, known without asking at every accept."""

import asyncio

import pytest

from gavel.rpc.errors import GavelError
from gavel.submission.destinations import ABSENT_S, REFRESH_S, Destination, Destinations
from gavel.submission.v1 import error_reason_pb2 as reasons


class Broker:
    """A broker that knows topics, may be away, and counts questions."""

    def __init__(self) -> None:
        self.topics: dict[str, Destination] = {}
        self.away = False
        self.asked = 0
        self.now_s = 0.0

    def look_up(self, language: str) -> Destination | None:
        self.asked += 1
        if self.away:
            raise GavelError(reasons.ERROR_REASON_BROKER_UNAVAILABLE, "away")
        return self.topics.get(language)

    def destinations(self) -> Destinations:
        return Destinations(self.look_up, lambda: self.now_s)


OLD = Destination("submissions.cpp", "old", 8)
NEW = Destination("submissions.cpp", "new", 16)


async def test_asks_once_for_many() -> None:
    """Accepts that come together share one question, and later ones need none."""
    broker = Broker()
    broker.topics["cpp"] = OLD
    destinations = broker.destinations()

    found = await asyncio.gather(*[destinations.of("cpp") for _ in range(50)])

    assert (set(found), broker.asked, destinations.known("cpp")) == ({OLD}, 1, OLD)


async def test_refreshes_in_the_background() -> None:
    """An old answer still serves while it is looked up again; then the new one does."""
    broker = Broker()
    broker.topics["cpp"] = OLD
    destinations = broker.destinations()
    await destinations.of("cpp")
    broker.topics["cpp"] = NEW
    broker.now_s = REFRESH_S + 1

    assert destinations.known("cpp") == OLD
    await destinations.close()
    assert destinations.known("cpp") == NEW


async def test_serves_on_while_the_broker_is_away() -> None:
    """What is known stays known when it cannot be looked up."""
    broker = Broker()
    broker.topics["cpp"] = OLD
    destinations = broker.destinations()
    await destinations.of("cpp")
    broker.away = True
    broker.now_s = REFRESH_S + 1

    assert await destinations.of("cpp") == OLD
    await destinations.close()
    assert await destinations.of("cpp") == OLD


async def test_language_without_a_topic() -> None:
    """It is LANGUAGE_UNAVAILABLE, remembered for a second alone."""
    broker = Broker()
    destinations = broker.destinations()
    for _ in range(3):
        with pytest.raises(GavelError) as caught:
            await destinations.of("cpp")
        assert caught.value.reason == reasons.ERROR_REASON_LANGUAGE_UNAVAILABLE
        assert caught.value.metadata == {"language": "cpp"}
    assert broker.asked == 1

    broker.topics["cpp"] = NEW
    broker.now_s = ABSENT_S + 0.1

    assert await destinations.of("cpp") == NEW


async def test_unknown_while_the_broker_is_away() -> None:
    """Nothing known and nobody to ask is UNAVAILABLE, and the next call asks again."""
    broker = Broker()
    broker.away = True
    destinations = broker.destinations()
    with pytest.raises(GavelError) as caught:
        await destinations.of("cpp")
    assert caught.value.reason == reasons.ERROR_REASON_BROKER_UNAVAILABLE

    broker.away = False
    broker.topics["cpp"] = OLD

    assert await destinations.of("cpp") == OLD
