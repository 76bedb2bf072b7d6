"""Which company it is, where a consent opened several."""

from __future__ import annotations

import datetime as dt

from atera_invoicing.models import User

from . import connecting, staging, wizard
from .models import Connection


def choose(connection: Connection, company_id: str, *, by: User, now: dt.datetime) -> None:
    """Take one of `connecting.choices`. What was staged for another company is thrown away. Asks
    the provider who it is, so outside of transactions.
    """
    staging.hold_for(connection, by=by)
    before = connection.company_id
    connecting.choose(connection, company_id, now=now)
    connection.refresh_from_db()
    if before and before != connection.company_id:
        wizard.forget_company(connection, now=now)
