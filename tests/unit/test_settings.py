"""Settings from the environment."""

from dataclasses import dataclass

import pytest

from gavel import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field of each type."""

    database_url: str
    slots: int = 0
    grace_s: float = 1.5
    languages: tuple[str, ...] = ()
    strict: bool = False


def test_fields_come_from_their_variables_and_else_from_their_defaults() -> None:
    """Each type reads as itself; an empty variable is an unset one."""
    environ = {
        "GAVEL_DATABASE_URL": "postgresql://h/d",
        "GAVEL_SLOTS": "4",
        "GAVEL_GRACE_S": "",
        "GAVEL_LANGUAGES": "cpp, python3,",
        "GAVEL_STRICT": "true",
    }

    assert settings.read(Settings, environ) == Settings(
        database_url="postgresql://h/d", slots=4, grace_s=1.5, languages=("cpp", "python3"), strict=True
    )


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, "GAVEL_DATABASE_URL"),
        ({"GAVEL_DATABASE_URL": "x", "GAVEL_SLOTS": "many"}, "GAVEL_SLOTS"),
        ({"GAVEL_DATABASE_URL": "x", "GAVEL_STRICT": "yes"}, "GAVEL_STRICT"),
    ],
)
def test_a_wrong_variable_is_named(environ: dict[str, str], variable: str) -> None:
    """Missing, no number, no truth value."""
    with pytest.raises(settings.SettingsError, match=variable):
        settings.read(Settings, environ)


def test_a_password_is_not_shown() -> None:
    """What a process logs at its start holds no secret."""
    shown = settings.shown(Settings(database_url="postgresql://gavel:swordfish@h:5/d"))

    assert shown["database_url"] == "postgresql://gavel:***@h:5/d"
