"""Contracts with their rates: make, change, end.

What a bill is built on stays: the type for ever; the start, the periods and the timing as soon as
anything of the contract is billed. Whoever wants them otherwise ends it and starts a new one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from atera_invoicing import history
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from customers.models import Customer

from . import locks, periods, rates
from .models import Contract, ContractRate
from .terms.base import Period

YEARS = 3
SCHEDULE = ("start_date", "period", "anchor", "timing")


def default_end(start: dt.date) -> dt.date:
    """The last day of three whole years; suggested for a new contract."""
    leap_day = (start.month, start.day) == (2, 29)
    following = start.replace(year=start.year + YEARS, day=28 if leap_day else start.day)
    return following if leap_day else following - dt.timedelta(days=1)


@transaction.atomic
def create(contract: Contract, new_rates: Sequence[ContractRate], *, by: User | None) -> Contract:
    """Store a new contract with its rates. Invalid fields are a `ValidationError`, as in a form."""
    if contract.customer.archived_at:
        message = f"{contract.customer} is archived. Restore the customer first."
        raise Refused("customer_archived", message, field="customer")
    _lock(contract, by)
    contract.full_clean()
    history.save(contract, by=by)
    rates.store(contract, new_rates, by=by)
    return contract


@transaction.atomic
def change(
    contract: Contract,
    all_rates: Sequence[ContractRate] | None = None,
    *,
    by: User | None,
    repoint_rates: bool = False,
) -> Contract:
    """Store a changed contract.

    `all_rates` are the contract's rates from now on, known ones with their id; None leaves them as
    they are. Unbilled time at a rate that goes moves to the primary rate if `repoint_rates` agrees
    to it; without that it is `Refused` "rate_in_use".
    """
    _lock(contract, by)
    stored = Contract.objects.get(pk=contract.pk)
    _refuse_fixed(stored, contract)
    _refuse_schedule(stored, contract)
    _refuse_end(stored, contract.end_date)
    contract.full_clean()
    history.save(contract, by=by)
    if all_rates is not None:
        rates.store(contract, all_rates, by=by, repoint=repoint_rates)
    return contract


@transaction.atomic
def end(contract: Contract, *, on: dt.date, by: User | None) -> Contract:
    """Set the contract's last day. Work done and periods begun until then can still be billed."""
    locks.lock([contract.pk])
    stored = Contract.objects.get(pk=contract.pk)
    if on < stored.start_date:
        message = f"The contract starts on {stored.start_date}. It can't end before that."
        raise Refused("ends_before_start", message, field="end_date")
    _refuse_end(stored, on)
    stored.end_date = contract.end_date = on
    history.save(stored, by=by)
    return contract


def _lock(contract: Contract, by: User | None) -> None:
    """Lock the contract; if it is to be the customer's default one, the others no longer are.

    Then the customer's row is held too, so that two new contracts can't both become the default.
    """
    siblings = Contract.objects.filter(customer_id=contract.customer_id, is_default=True)
    if not contract.is_default:
        locks.lock([contract.pk])
        return
    locks.lock({contract.pk, *siblings.values_list("pk", flat=True)})
    Customer.objects.select_for_update(no_key=True).get(pk=contract.customer_id)
    for other in siblings.exclude(pk=contract.pk):
        other.is_default = False
        history.save(other, by=by)


def _refuse_fixed(stored: Contract, wanted: Contract) -> None:
    if wanted.type != stored.type:
        message = "The type of a contract never changes. End this contract and start a new one."
        raise Refused("type_fixed", message, field="type")
    if wanted.customer_id != stored.customer_id:
        message = "A contract stays with its customer. End this contract and start a new one."
        raise Refused("customer_fixed", message, field="customer")


def _refuse_schedule(stored: Contract, wanted: Contract) -> None:
    """Refuse to move periods of which some are billed: days would be billed twice or never."""
    changed = [name for name in SCHEDULE if getattr(stored, name) != getattr(wanted, name)]
    bill = locks.first_bill(stored) if changed else None
    if bill:
        raise Refused(
            "contract_billed",
            f"Start, periods and timing can't change any more: {bill} was made from this contract. "
            "End this contract and start a new one.",
            fields=changed,
        )


def _refuse_end(stored: Contract, wanted: dt.date | None) -> None:
    """Refuse a last day before a billed period, or one that makes a billed period longer."""
    if wanted == stored.end_date:
        return
    billed = locks.billed_periods(stored)
    stranded = [start for start in billed if wanted and start > wanted]
    if stored.period == Contract.Period.WHOLE:
        stranded = billed
    locks.refuse_billed_period(stored, stranded)
    last = _last_cut_short(stored)
    later = stored.end_date and (wanted is None or wanted > stored.end_date)
    if later and last and last.start in billed:
        raise Refused(
            "last_period_billed",
            f"The last period is billed up to {stored.end_date}; its other days would never be. "
            "Start a new contract on the day after.",
            field="end_date",
        )


def _last_cut_short(contract: Contract) -> Period | None:
    """The complete period in which the contract ends, if its last day isn't that period's own."""
    if contract.end_date is None or contract.is_project:
        return None
    begun = periods.all_periods(
        contract.start_date, None, contract.period, contract.anchor, until=contract.end_date
    )
    return begun[-1] if begun and begun[-1].end > contract.end_date else None
