"""Contracts with their rates: make, change, end.

What a bill is built on stays: the type for ever; the start, the periods and the timing as soon as
anything of the contract is billed. Whoever wants them otherwise ends it and starts a new one.

What is done to many contracts takes as many queries as for one. It is all done, or none of it.
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


Agreed = tuple[Contract, Sequence[ContractRate]]


@transaction.atomic
def create(contract: Contract, new_rates: Sequence[ContractRate], *, by: User | None) -> Contract:
    """Store a new contract with its rates. Invalid fields are a `ValidationError`, as in a form."""
    _refuse_archived(contract)
    _lock([contract], by)
    contract.full_clean()
    _insert([(contract, new_rates)], by)
    return contract


@transaction.atomic
def create_many(agreed: Sequence[Agreed], *, by: User | None) -> None:
    """As `create`, but an invalid row is an `IntegrityError` that doesn't say which it is.

    At most one of a customer's contracts may be its default.
    """
    contracts = [contract for contract, _ in agreed]
    for contract in contracts:
        _refuse_archived(contract)
        _clean(contract)
    _lock(contracts, by)
    _insert(agreed, by)


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
    _lock([contract], by)
    stored = _refuse_changes([contract])
    contract.full_clean()
    history.update_changed([contract], stored, by=by)
    if all_rates is not None:
        rates.store(contract, all_rates, by=by, repoint=repoint_rates)
    return contract


@transaction.atomic
def change_many(
    changed: Sequence[tuple[Contract, Sequence[ContractRate] | None]], *, by: User | None
) -> None:
    """As `change`, but an invalid row is an `IntegrityError` that doesn't say which it is.

    At most one of a customer's contracts may be its default.
    """
    contracts = [contract for contract, _ in changed]
    for contract in contracts:
        _clean(contract)
    _lock(contracts, by)
    history.update_changed(contracts, _refuse_changes(contracts), by=by)
    rates.store_many([(c, all_rates) for c, all_rates in changed if all_rates is not None], by=by)


@transaction.atomic
def end(contract: Contract, *, on: dt.date, by: User | None) -> Contract:
    """Set the contract's last day. Work done and periods begun until then can still be billed."""
    locks.lock([contract.pk])
    stored = Contract.objects.get(pk=contract.pk)
    if on < stored.start_date:
        message = f"The contract starts on {stored.start_date}. It can't end before that."
        raise Refused("ends_before_start", message, field="end_date")
    if on != stored.end_date:
        _refuse_end(stored, on, locks.billed_periods([stored.pk])[stored.pk])
    stored.end_date = contract.end_date = on
    history.save(stored, by=by)
    return contract


def _refuse_archived(contract: Contract) -> None:
    if contract.customer.archived_at:
        message = f"{contract.customer} is archived. Restore the customer first."
        raise Refused("customer_archived", message, field="customer")


def _clean(contract: Contract) -> None:
    """Validate what no query is needed for; the database's constraints judge the rest."""
    fields = contract._meta.concrete_fields
    contract.clean_fields(exclude=[field.name for field in fields if field.is_relation])


def _insert(agreed: Sequence[Agreed], by: User | None) -> None:
    history.insert([contract for contract, _ in agreed], by=by)
    rates.store_many(agreed, by=by)


def _lock(contracts: Sequence[Contract], by: User | None) -> None:
    """Lock contracts; where one is to be the customer's default, the others no longer are.

    Then the customer's row is held too, so that two new contracts can't both become the default.
    """
    defaults = [contract for contract in contracts if contract.is_default]
    customers = {contract.customer_id for contract in defaults}
    siblings = Contract.objects.filter(customer_id__in=customers, is_default=True)
    locks.lock({contract.pk for contract in contracts} | set(siblings.values_list("pk", flat=True)))
    if not customers:
        return
    held = Customer.objects.filter(pk__in=customers).order_by("pk")
    list(held.select_for_update(no_key=True).values_list("pk"))
    others = list(siblings.exclude(pk__in=[contract.pk for contract in defaults if contract.pk]))
    for other in others:
        other.is_default = False
    history.update(others, ["is_default"], by=by)


def _refuse_changes(contracts: Sequence[Contract]) -> dict[int, Contract]:
    """Refuse what can't change of locked contracts; gives them as they are stored, by id."""
    stored = Contract.objects.in_bulk([contract.pk for contract in contracts])
    shifted = [c.pk for c in contracts if c.end_date != stored[c.pk].end_date]
    billed = locks.billed_periods(shifted) if shifted else {}
    for contract in contracts:
        old = stored[contract.pk]
        _refuse_fixed(old, contract)
        _refuse_schedule(old, contract)
        if contract.pk in billed:
            _refuse_end(old, contract.end_date, billed[contract.pk])
    return stored


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


def _refuse_end(stored: Contract, wanted: dt.date | None, billed: list[dt.date]) -> None:
    """Refuse a new last day before a billed period, or one that makes a billed period longer."""
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
