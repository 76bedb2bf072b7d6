"""Many plain rows at once: COPY where the database has it, executemany elsewhere.

Values are what the columns hold (ids for foreign keys). Nothing of the model's `save` runs, so this
is for rows whose every value the caller has decided. Write inside a transaction.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import connection, models

T = TypeVar("T")
Adapter = tuple[int, Callable[[Any], Any]]  # the place of a column, and how a value gets ready

AT_ONCE = 2000
_ADAPTED = (
    models.DecimalField,
    models.DateTimeField,
    models.DateField,
    models.UUIDField,
    models.JSONField,
)


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Parts of `size`, the last one with what is left."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def reserve_ids(model: type[models.Model], count: int) -> range | list[int]:
    """`count` primary keys that nobody else will get.

    On SQLite the caller must hold the write lock (a transaction of ours always does).
    """
    if count == 0:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [table, model._meta.pk.column, count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        start = (row[0] if row else 0) + 1
        if row:
            cursor.execute(
                "UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [start + count - 1, table]
            )
        else:
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)",
                [table, start + count - 1],
            )
        return range(start, start + count)


def insert(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of values in the order of `fields` (field names; a foreign key takes the id)."""
    columns: list[Any] = [model._meta.get_field(name) for name in fields]
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column.column) for column in columns)
    prepared = _prepared(columns, rows)
    if (first := next(prepared, None)) is None:
        return
    prepared = chain([first], prepared)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement = f"COPY {table} ({names}) FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                for row in prepared:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
        cursor.executemany(statement, list(prepared))


def insert_new(rows: Sequence[models.Model]) -> None:
    """Insert instances of one model. They don't learn their primary keys."""
    if rows:
        fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
        values = ([getattr(row, field.attname) for field in fields] for row in rows)
        insert(type(rows[0]), [field.name for field in fields], values)


def update(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Give many rows values of their own: each of `rows` has a value per field, then its primary
    key. One statement, prepared once: `bulk_update` says it all in one CASE per field, which takes
    Django many times as long to write as the database to do.
    """
    columns: list[Any] = [*(model._meta.get_field(name) for name in fields), model._meta.pk]
    table = connection.ops.quote_name(model._meta.db_table)
    names = [connection.ops.quote_name(column.column) for column in columns]
    sets = ", ".join(f"{name} = %s" for name in names[:-1])
    statement = f"UPDATE {table} SET {sets} WHERE {names[-1]} = %s"  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.executemany(statement, list(_prepared(columns, rows)))


def read(rows: models.QuerySet[Any, tuple]) -> Iterator[Sequence[Any]]:
    """The rows of a `values_list` query.

    With USE_TZ, Django has PostgreSQL's driver make each moment in Python, which takes as long as
    all other columns of a row together. Here the driver makes them itself, which comes to the same
    since our sessions are in UTC.
    """
    if connection.vendor != "postgresql":
        yield from rows.iterator(chunk_size=AT_ONCE)
        return
    compiler = rows.query.get_compiler(connection=connection)
    try:
        statement, values = compiler.as_sql()
    except EmptyResultSet:
        return
    from psycopg.types.datetime import TimestamptzLoader  # noqa: PLC0415 - only PostgreSQL has it

    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(statement, values)
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        while found := cursor.fetchmany(AT_ONCE):
            yield from compiler.apply_converters(found, converters) if converters else found


@contextmanager
def without_collector() -> Iterator[None]:
    """Python's garbage collector rests inside, and goes on afterwards.

    It would look again and again through the many plain values that such work holds, all of them in
    use, for a fifth of the time that the work takes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _prepared(columns: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows with values as the database's driver takes them."""
    adapted = _postgresql(columns) if connection.vendor == "postgresql" else _others(columns)
    if not adapted:
        yield from rows
        return
    for row in rows:
        values = list(row)
        for i, prepare in adapted:
            if values[i] is not None:
                values[i] = prepare(values[i])
        yield values


def _postgresql(columns: Sequence[Any]) -> list[Adapter]:
    """Only JSON needs it. The database writes it in its own way, whoever spelt it."""
    from psycopg.types.json import Jsonb  # noqa: PLC0415 - only PostgreSQL has it

    prepare = partial(Jsonb, dumps=orjson.dumps)
    return [(i, prepare) for i, c in enumerate(columns) if isinstance(c, models.JSONField)]


def _others(columns: Sequence[Any]) -> list[Adapter]:
    return [
        (i, partial(column.get_db_prep_save, connection=connection))
        for i, column in enumerate(columns)
        if isinstance(column, _ADAPTED)
    ]
