"""The look of documents: each change is a new version; issued invoices keep theirs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from atera_invoicing.models import User

from . import logos
from .models import Branding

OWN = {"id", "created_at", "created_by"}
FIELDS = tuple(f.name for f in Branding._meta.fields if f.name not in OWN)


@transaction.atomic
def save(fields: dict[str, Any], *, by: User | None, now: dt.datetime) -> Branding:
    """Make a version with these fields changed; without a change the one in force stays. A logo
    that is not stored yet is stored.
    """
    current = Branding.current()
    values = {name: getattr(current, name) for name in FIELDS}
    wanted = values | {name: value for name, value in fields.items() if name in FIELDS}
    if wanted["logo"] and wanted["logo"].pk is None:
        wanted["logo"] = logos.keep(wanted["logo"])
    if wanted == values:
        return current
    version = Branding(**wanted, created_at=now, created_by=by)
    version.full_clean()
    version.save()
    return version


def changed(version: Branding, before: Branding | None) -> list[str]:
    """What a version changed, in the words of its page; nothing for the first."""
    if before is None:
        return []
    return [
        str(field.verbose_name)
        for field in Branding._meta.fields
        if field.name in FIELDS
        and getattr(version, field.attname) != getattr(before, field.attname)
    ]
