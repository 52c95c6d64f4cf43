"""What a worker tells of its languages while it tries them out."""

from __future__ import annotations

import threading
from typing import Any, cast

from gavel.worker.languages import TESTING, Found, Languages


def test_a_language_is_told_as_being_tested_until_its_test_ended() -> None:
    """Until then it is not available for that reason alone, a fact of its own beside the words."""
    may_end, changed = threading.Event(), threading.Event()

    def test(_code: str) -> Found:
        assert may_end.wait(10)
        return Found("", "install GCC")

    # What fails its test is never served, so that neither broker nor desk is asked for anything.
    languages = Languages(["c"], bootstrap="", desk=cast("Any", None), test=test, changed=changed)
    languages.start()
    (before,) = languages.status()
    may_end.set()
    assert changed.wait(10)
    (behind,) = languages.status()
    assert languages.close(10)

    assert (before.available, before.testing, before.reason) == (False, True, TESTING)
    assert (behind.available, behind.testing, behind.reason) == (False, False, "install GCC")
