"""Indexes for searching inside text: PostgreSQL keeps the three-letter pieces of some columns.

Models can't name them, since SQLite has no such thing; there a search reads the table, which takes
about 0.1 s for 100,000 rows.
"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, migrations, transaction


def index(name: str, table: str, *columns: str) -> migrations.RunPython:
    """The operation of a migration that adds such an index for `icontains` on these columns.

    Where the extension pg_trgm is missing and may not be installed, there is none.
    """
    keys = ", ".join(f"upper({column}) gin_trgm_ops" for column in columns)

    def add(apps: Any, schema_editor: Any) -> None:
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            return
        with connection.cursor() as cursor:
            try:
                with transaction.atomic(using=connection.alias):
                    cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            except DatabaseError:
                return
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin ({keys})")
            cursor.execute(f"ANALYZE {table}")  # until then the planner knows nothing of its keys

    def remove(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")

    return migrations.RunPython(add, remove)
