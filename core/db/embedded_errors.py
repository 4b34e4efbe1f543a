"""What can go wrong with the server that comes with the package."""

from __future__ import annotations

from core.errors import Unavailable


class EmbeddedPostgresError(Unavailable):
    """The PostgreSQL that comes with Countersign cannot be run."""

    code = "embedded_postgres"
