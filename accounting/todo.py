"""What a person should look at, on the active connection."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from .models import Connection, Export, Finding, Link
from .providers.port import Kind

ACTIVE = {"connection__state": Connection.State.ACTIVE}


def of_active() -> tuple[QuerySet[Any], ...]:
    """Rows that wait for somebody: links to decide, exports that were refused, differences, and a
    connection that no longer lets us in.
    """
    matters = Q(kind__in=[Kind.CUSTOMER, Kind.ITEM]) | Q(
        kind=Kind.TAX, connection__tax_mode=Connection.TaxMode.CODES
    )
    return (
        Link.objects.filter(matters, confirmed=False, **ACTIVE),
        Export.objects.filter(state=Export.State.REJECTED, **ACTIVE),
        Finding.objects.waiting(),
        Connection.objects.active().filter(lost_at__isnull=False),
    )
