"""What keeps a draft from being committed, and what a person should know before it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from atera_invoicing.models import Installation

from . import connected, needs
from .models import Connection, Link, RemoteRecord
from .providers import registry
from .providers.port import Kind
from .sides import SIDES

Action = Link.Action


@dataclass(frozen=True)
class Problem:
    """`code` is stable; `step` is where it is mended; `filter` shows the rows at fault there."""

    code: str
    step: str
    message: str
    count: int = 1
    filter: str = ""


def problems(connection: Connection) -> list[Problem]:
    """Everything that blocks the commit, in the order of the steps. Empty: it may go ahead."""
    found = list(_connected(connection))
    if found:
        return found
    found += _undecided(connection, Kind.CUSTOMER, "customers")
    found += _stale(connection, Kind.CUSTOMER, "customers")
    found += _undecided(connection, Kind.ITEM, "items")
    found += _stale(connection, Kind.ITEM, "items")
    found += _needed(connection, Kind.ITEM, "items")
    found += _settings(connection)
    if connection.tax_mode == Connection.TaxMode.CODES:
        found += _undecided(connection, Kind.TAX, "taxes")
        found += _stale(connection, Kind.TAX, "taxes")
        found += _needed(connection, Kind.TAX, "taxes")
    return found


def warnings(connection: Connection) -> list[Problem]:
    """What doesn't block, but will be felt later."""
    return [*_warnings(connection)]


def waiting(connection: Connection) -> QuerySet[Link]:
    """Links that nobody has decided yet."""
    links = connection.links.filter(confirmed=False)
    if connection.tax_mode != Connection.TaxMode.CODES:
        links = links.exclude(kind=Kind.TAX)
    return links if connection.takes_time else links.exclude(kind=Kind.PERSON)


def stale(connection: Connection) -> QuerySet[Link]:
    """Links with a record that is no longer there, or is inactive there."""
    active = RemoteRecord.objects.filter(connection=connection, active=True)
    gone = Q()
    for kind in SIDES:
        known = active.filter(kind=kind).values("remote_id")
        gone |= Q(kind=kind) & ~Q(remote_id__in=known)
    links = connection.links.filter(action__in=[Action.LINK, Action.IMPORT]).filter(gone)
    if connection.tax_mode != Connection.TaxMode.CODES:
        links = links.exclude(kind=Kind.TAX)
    return links


def _connected(connection: Connection) -> Iterator[Problem]:
    name = registry.name(connection.provider)
    if not connection.company_id or not connection.sealed:
        yield Problem("not_connected", "connect", f"Connect to {name} first.")
    elif connection.is_lost:
        yield Problem("lost", "connect", f"{name} no longer lets us in. Connect again.")
    elif connection.read_at is None:
        yield Problem("lists_unread", "connect", f"The lists of {name} are not read yet.")
    other = Connection.objects.active().first()
    if other and other.pk != connection.pk:
        message = f"{other} is connected. Disconnect it on the Accounting page first."
        yield Problem("already_connected", "connect", message)


def _undecided(connection: Connection, kind: Kind, step: str) -> Iterator[Problem]:
    side = SIDES[kind]
    rows = connection.links.filter(kind=kind, confirmed=False)
    linked = rows.filter(action=Action.LINK)
    similar = linked.filter(origin=Link.Origin.FUZZY).count()
    sure = linked.count() - similar
    rest = rows.exclude(action=Action.LINK).count()
    if sure:
        words = f"{_count(sure, side.one, side.many)} matched exactly, but not accepted."
        yield Problem(f"{side.many}_unaccepted", step, words, sure, "exact")
    if similar:
        words = f"{_count(similar, side.one, side.many)} similar to one there, but not confirmed."
        yield Problem(f"{side.many}_unconfirmed", step, words, similar, "open")
    if rest:
        words = f"{_count(rest, side.one, side.many)} without a match, and not decided."
        yield Problem(f"{side.many}_undecided", step, words, rest, "none")


def _stale(connection: Connection, kind: Kind, step: str) -> Iterator[Problem]:
    count = stale(connection).filter(kind=kind, confirmed=True).count()
    if count:
        side = SIDES[kind]
        message = (
            f"{_count(count, side.one, side.many)} linked with a record that is gone or inactive"
            " there."
        )
        yield Problem(f"{side.many}_stale", step, message, count, "stale")


def _needed(connection: Connection, kind: Kind, step: str) -> Iterator[Problem]:
    """Left out, though something would bill it."""
    side = SIDES[kind]
    left_out = connection.links.filter(kind=kind, action=Action.SKIP, confirmed=True)
    ids = list(left_out.values_list(side.fk, flat=True))
    needed = needs.items(ids) if kind == Kind.ITEM else needs.taxes(ids)
    names = {row.pk: str(row) for row in side.model._default_manager.filter(pk__in=needed)}
    for id, why in needed.items():
        message = f"{names[id]} is left out, but it is {why}."
        yield Problem(f"{side.one}_needed", step, message, 1, "skip")


def _settings(connection: Connection) -> Iterator[Problem]:
    name, words = registry.name(connection.provider), connected.words(connection)
    modes = connection.tax_modes or Connection.TaxMode.values
    if connection.tax_mode not in modes:
        yield Problem("tax_mode_missing", "taxes", f"Choose how tax gets to {name}.")
    creates = connection.links.filter(kind=Kind.ITEM, action=Action.CREATE).exists()
    if creates and not _is_active(connection, Kind.ACCOUNT, connection.income_account_id):
        message = f"Choose the {words.account} for items that will be created."
        yield Problem("account_missing", "taxes", message)
    fallback = connection.fallback_item_id
    if fallback and not _is_active(connection, Kind.ITEM, fallback):
        message = "The item for lines typed in by hand is gone or inactive. Choose another one."
        yield Problem("fallback_gone", "taxes", message)
    if connection.numbering == Connection.Numbering.OURS and not connection.takes_numbers:
        setting = registry.get(connection.provider).words.own_numbers
        message = (
            f"{name} numbers invoices itself: {setting} are off there. Turn them on and refresh the"
            " lists, or let it number."
        )
        yield Problem("numbers_refused", "taxes", message)


def _warnings(connection: Connection) -> Iterator[Problem]:
    ours, words = Installation.current().currency, connected.words(connection)
    if connection.currency and connection.currency != ours:
        theirs = f"the {words.company}'s currency is {connection.currency}"
        message = f"New invoices are in {ours}, {theirs}."
        yield Problem("currency_differs", "taxes", message)
    if not connection.fallback_item_id:
        message = "Lines typed in by hand can't be exported: no item is chosen for them."
        yield Problem("fallback_missing", "taxes", message)
    billed = Q(customer__contracts__is_active=True)
    left_out = connection.links.filter(billed, kind=Kind.CUSTOMER, action=Action.SKIP)
    if count := left_out.values("customer").distinct().count():
        noun = _count(count, "customer", "customers")
        message = f"{noun} with active contracts left out: their invoices can't be exported."
        yield Problem("billed_left_out", "customers", message, count, "skip")
    if connection.tax_mode == Connection.TaxMode.CODES and not connection.untaxed_id:
        message = f"Lines without tax can't be exported: no {words.tax} is chosen for them."
        yield Problem("untaxed_missing", "taxes", message)


def _is_active(connection: Connection, kind: Kind, remote_id: str) -> bool:
    rows = connection.records.filter(kind=kind, remote_id=remote_id, active=True)
    return bool(remote_id) and rows.exists()


def _count(count: int, one: str, many: str) -> str:
    verb = "is" if count == 1 else "are"
    return f"{count:,} {one if count == 1 else many} {verb}"
