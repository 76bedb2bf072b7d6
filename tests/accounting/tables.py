"""The configuration as the database holds it, read with plain SQL: whole rows of whole tables.

It shares nothing with the code under test, so what that forgets to keep is noticed here.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection

# Everything but what only grows (customers, work, invoices), histories, log-ins, and accounting.
GROWING = (
    "accounting_", "invoices_", "contracts_historical", "customers_", "django_", "auth_",
    "account_", "mfa_", "usersessions_", "atera_invoicing_user", "sqlite_", "shared_cache",
    "atera_invoicing_apikey", "atera_invoicing_idempotent", "atera_invoicing_upload",
    "contracts_ticket", "contracts_timeentry", "contracts_blockmovement", "contracts_usagecount",
)  # fmt: skip
Tables = dict[str, dict[int, dict[str, Any]]]


def configuration() -> Tables:
    """Every row of every table of configuration, by table and id."""
    names = connection.introspection.table_names()
    kept = sorted(name for name in names if not name.startswith(GROWING))
    assert {"contracts_catalogitem", "contracts_contractrate", "contracts_contract"} <= set(kept)
    return {name: _rows(name) for name in kept}


def fingerprint() -> str:
    return hashlib.sha256(repr(configuration()).encode()).hexdigest()


def difference(
    before: Tables, after: Tables
) -> tuple[set[tuple[str, int, str]], set[tuple[str, int]]]:
    """(table, id, column) of what changed, and (table, id) of what is new; nothing may be gone."""
    changed, new = set(), set()
    for table, rows in after.items():
        assert set(before[table]) <= set(rows)
        for pk, row in rows.items():
            if pk not in before[table]:
                new.add((table, pk))
                continue
            old = before[table][pk]
            changed |= {(table, pk, column) for column in row if row[column] != old[column]}
    return changed, new


def _rows(table: str) -> dict[int, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY id')
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    return {row["id"]: row for row in rows}
