"""Saving with a signature: the history names who did it, in a request, a task or a shell alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from .models import User


def save(row: models.Model, *, by: User | None, **options: Any) -> None:
    """Save a row; `options` go to its `save`."""
    _sign(row, by)
    row.save(**options)


def delete(row: models.Model, *, by: User | None) -> None:
    """Delete a row; its history stays and ends with this."""
    _sign(row, by)
    row.delete()


def insert(rows: Sequence[models.Model], *, by: User | None) -> None:
    """Store many new rows of one model, in a constant number of queries per 500 rows."""
    if not rows:
        return
    model = type(rows[0])
    if not hasattr(model, "history"):
        model._default_manager.bulk_create(rows, batch_size=500)
        return
    for row in rows:
        _sign(row, by)
    bulk_create_with_history(rows, model, batch_size=500)


def update(rows: Sequence[models.Model], fields: Sequence[str], *, by: User | None) -> None:
    """Write some fields of many rows of one model, in a constant number of queries per 500 rows."""
    if not rows:
        return
    model = type(rows[0])
    if not hasattr(model, "history"):
        model._default_manager.bulk_update(rows, fields, batch_size=500)
        return
    for row in rows:
        _sign(row, by)
    bulk_update_with_history(rows, model, fields, batch_size=500)


def update_changed(
    rows: Iterable[models.Model], stored: Mapping[Any, models.Model], *, by: User | None
) -> None:
    """Write the rows that differ from what is stored (by id), and of these the fields that do."""
    changed, fields = [], set()
    for row in rows:
        old = stored[row.pk]
        names = {
            field.name
            for field in row._meta.concrete_fields
            if getattr(row, field.attname) != getattr(old, field.attname)
        }
        if names:
            changed.append(row)
            fields |= names
    update(changed, sorted(fields), by=by)


def _sign(row: models.Model, by: User | None) -> None:
    """Set what simple-history reads when it writes the row's history."""
    row._history_user = by  # type: ignore[attr-defined]
