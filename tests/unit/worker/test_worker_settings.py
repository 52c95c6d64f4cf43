"""What the operator may set, and what is refused at start."""

import pytest

from gavel.settings import SettingsError
from gavel.worker.settings import Settings

NEEDED = {
    "GAVEL_KAFKA": "localhost:9092",
    "GAVEL_STORAGE_URL": "file:///objects",
    "GAVEL_LANGUAGES": "python3",
    "GAVEL_STATE_DIR": "/state",
}


def test_exceptions_are_named() -> None:
    """One or several limits, and none by default."""
    assert Settings.from_environment(NEEDED).allow_unenforced == ()
    allowed = Settings.from_environment(NEEDED | {"GAVEL_ALLOW_UNENFORCED": "network, swap"})
    assert allowed.allow_unenforced == ("network", "swap")


@pytest.mark.parametrize("name", ["memory", "all", "networks", "network,files"])
def test_other_limits_have_no_exception(name: str) -> None:
    """A name that is unknown, or of a limit that must hold, ends the start and says which there are."""
    with pytest.raises(SettingsError, match="cpu_weight, network, swap"):
        Settings.from_environment(NEEDED | {"GAVEL_ALLOW_UNENFORCED": name})
