"""`python -m gavel.db migrate`: brings the database at GAVEL_DATABASE_URL to the current schema."""

import os
import sys

from gavel.db.migrate import migrate


def main() -> int:
    """Exit status 0 when the schema is current, 2 for a wrong call."""
    url = os.environ.get("GAVEL_DATABASE_URL")
    if sys.argv[1:] != ["migrate"] or not url:
        print("usage: GAVEL_DATABASE_URL=postgresql://... python -m gavel.db migrate", file=sys.stderr)  # noqa: T201
        return 2
    migrate(url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
