"""What the integration tests share."""

from postgres_server import database_url, postgres

__all__ = ["database_url", "postgres"]
