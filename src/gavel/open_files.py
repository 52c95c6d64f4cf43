"""How many files a process may have open.

A server holds one for each connection, box and cached file, and shells and service managers start programs
with a soft limit of 1,024 that is meant for others.
"""

import resource
from typing import Final

MOST: Final = 65_536
"""More than any part of Gavel needs."""


def allow() -> None:
    """Raises the soft limit of this process, and so of those that it starts, as far as it is allowed to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def share(parts: int, most: int) -> int:
    """`most`, or one of so many equal parts of what may be open, if that is less."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if soft == resource.RLIM_INFINITY else min(most, max(1, soft // parts))
