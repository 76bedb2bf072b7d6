"""Time that an export holds, so that nothing else can bill it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.db.models import F, QuerySet

from invoices.models import Claim

from .models import Export


def free(uids: Collection[uuid.UUID], *, now: dt.datetime) -> None:
    """The time of these exports can be billed again; that it was held stays on record."""
    Claim.objects.filter(pushed__in=uids, released_at=None).update(released_at=now)


def there(exports: QuerySet[Export]) -> QuerySet[Export]:
    """Those whose time is at the provider and held for that."""
    return exports.filter(
        operation=Export.Operation.CREATE, state=Export.State.SENT,
        time_entry__claims__pushed=F("uid"), time_entry__claims__released_at=None,
    )  # fmt: skip


def taken_back(entry_ids: Collection[int], *, now: dt.datetime) -> None:
    """This time was deleted there: it is as if it had never gone out."""
    exports = there(Export.objects.filter(time_entry__in=entry_ids))
    uids = list(exports.values_list("uid", flat=True))
    Export.objects.filter(uid__in=uids).update(
        state=Export.State.CANCELLED, message="It was there, and was taken back."
    )
    free(uids, now=now)
