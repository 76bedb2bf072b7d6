"""Connecting an accounting system, step by step. Only the commit changes anything but the draft.

The draft is a `Connection` with its links, and who holds it sets it up. The commit is one local
transaction that asks nobody; what it changes was listed by the review. Whatever happens before,
cancelling leaves no trace.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from contracts.models import CatalogItem, TaxRate

from . import (
    changes,
    connected,
    connecting,
    leftover,
    moves,
    obstacles,
    options,
    past,
    snapshots,
    staging,
    suggestions,
)
from .changes import Change, Plan
from .models import Connection, Link, RemoteInvoice, RemoteRecord
from .providers import registry
from .providers.port import Kind

State = Connection.State
STEPS = ("welcome", "connect", "customers", "items", "taxes", "history", "review")
SETTINGS = frozenset(
    {
        "tax_mode", "numbering", "auto_export", "income_account_id", "fallback_item_id",
        "untaxed_id", "go_live", "options",
    }
)  # fmt: skip


def draft() -> Connection | None:
    """The one that is being set up."""
    return Connection.objects.filter(state=State.DRAFT).select_related("held_by").first()


def active() -> Connection | None:
    """The one in use."""
    return Connection.objects.active().select_related("committed_by").first()


def current() -> Connection | None:
    """The one that is being set up, else the one in use."""
    return draft() or active()


def start(provider: str, *, by: User, now: dt.datetime) -> Connection:
    """Begin to connect, or go on with one's own draft. One at a time, and only while none is
    connected.
    """
    if provider not in registry.KNOWN:
        raise Refused("unknown_provider", "There is no such accounting system.")
    if other := active():
        raise Refused(
            "already_connected",
            f"{other} is connected. Disconnect it on the Accounting page first.",
        )
    try:
        with transaction.atomic():
            return _begun(provider, by, now)
    except IntegrityError:  # somebody else began at the same moment
        return _begun(provider, by, now)


@transaction.atomic
def take_over(connection: Connection, *, by: User, now: dt.datetime) -> Connection:
    """Set up from now on what another person began; the other one is refused further steps."""
    stored = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if not stored.is_draft:
        raise Refused("ended", "This set-up has ended. Open the Accounting page again.")
    stored.held_by, stored.touched_at = by, now
    stored.save(update_fields=["held_by", "touched_at"])
    staging.touch(stored, now=now)
    return stored


@transaction.atomic
def visit(connection: Connection, step: str, *, by: User, now: dt.datetime) -> None:
    """Remember where the wizard was left."""
    if connection.step != step and connection.held_by_id == by.pk:
        rows = Connection.objects.filter(pk=connection.pk, state=State.DRAFT)
        rows.update(step=step, touched_at=now)


@transaction.atomic
def choose(connection: Connection, values: dict[str, Any], *, by: User, now: dt.datetime) -> None:
    """Settings of the draft, or of the active connection."""
    stored = staging.hold(connection, by=by)
    if "options" in values:
        values = {**values, "options": options.taken(stored, values["options"])}
    for name in values.keys() & SETTINGS:
        setattr(stored, name, values[name])
    if stored.tax_modes and stored.tax_mode not in stored.tax_modes:
        one = connected.words(stored).company
        raise Refused("tax_mode", f"This {one} does not allow that.", field="tax_mode")
    if stored.numbering == Connection.Numbering.OURS and not stored.takes_numbers:
        one = connected.words(stored).company
        raise Refused(
            "numbers_refused", f"This {one} numbers its invoices itself.", field="numbering"
        )
    stored.save(update_fields=sorted(values.keys() & SETTINGS))
    if stored.is_active:
        snapshots.hold()
        links = staging.loaded(stored.links.filter(kind=Kind.TAX, confirmed=True))
        changes.apply(changes.plan(stored, links, now=now), by=by, now=now)
        changes.apply(changes.plan_options(stored), by=by, now=now)
    staging.touch(stored, now=now)


def prepare(
    connection: Connection, *, today: dt.date, now: dt.datetime, by: User | None = None
) -> list[Change]:
    """What follows a reading of the lists: suggestions, and on a draft the usual settings; while
    connected our prices and percents follow theirs where they are theirs. What changed here.
    """
    found = _follow(connection, by, now)
    suggestions.propose(connection, now=now)
    if connection.is_active:
        return found
    usual = _usual(connection, today)
    rows = Connection.objects.filter(pk=connection.pk, state=State.DRAFT)
    current = rows.values(*usual).first() or {}
    rows.update(**{name: value for name, value in usual.items() if not current.get(name)})
    if not connection.takes_numbers:
        rows.update(numbering=Connection.Numbering.THEIRS)
    return []


def review(connection: Connection, *, now: dt.datetime) -> Plan:
    """Everything that the commit will change here."""
    plan = changes.plan(connection, _decided(connection), now=now)
    plan.edits += changes.plan_options(connection).edits
    return plan


def commit(connection: Connection, *, version: int, by: User, now: dt.datetime) -> Connection:
    """Put the draft into force: all of it, or nothing. Committing twice is committing once.

    `version` is the draft's as it was reviewed; a later one is refused.
    """
    try:
        with transaction.atomic():
            return _commit(connection, version, by, now)
    except IntegrityError as error:
        raise Refused(
            "changed_meanwhile", "Something changed at the same moment. Review it once more."
        ) from error


def abandon(connection: Connection, *, by: User | None, now: dt.datetime) -> None:
    """Cancel the set-up: what was staged is deleted, and our access there is given back."""
    with transaction.atomic():
        stored = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if not stored.is_draft:
            return
        if by is not None:
            staging.hold(stored, by=by)
        tokens = connecting.detach(stored)
        Connection.objects.filter(pk=stored.pk).update(
            state=State.ABANDONED, closed_at=now, closed_by=by, poll_at=None
        )
        stored.links.all().delete()
        stored.records.all().delete()
        RemoteInvoice.objects.filter(connection=stored).delete()
    connecting.revoke(stored, tokens)


def expire(*, now: dt.datetime) -> int:
    """Cancel drafts that nobody came back to; the number of them."""
    limit = now - dt.timedelta(days=settings.CONNECTION_DRAFT_DAYS)
    old = list(Connection.objects.filter(state=State.DRAFT, touched_at__lt=limit))
    for connection in old:
        abandon(connection, by=None, now=now)
    return len(old)


@transaction.atomic
def forget_company(connection: Connection, *, now: dt.datetime) -> None:
    """The draft was connected with another company: what was read and staged is worthless."""
    connection.links.all().delete()
    connection.records.all().delete()
    RemoteInvoice.objects.filter(connection=connection).delete()
    blank = {"income_account_id": "", "fallback_item_id": "", "untaxed_id": "", "tax_mode": ""}
    Connection.objects.filter(pk=connection.pk).update(read_at=None, options={}, **blank)
    staging.touch(connection, now=now)
    connection.refresh_from_db()


# Helpers ------------------------------------------------------------------------------------------


def _begun(provider: str, by: User, now: dt.datetime) -> Connection:
    known = draft()
    if known is None:
        return Connection.objects.create(
            provider=provider, step="connect", created_at=now, created_by=by, held_by=by,
            touched_at=now,
        )  # fmt: skip
    if known.held_by_id != by.pk:
        raise Refused(
            "held_by_other",
            f"{known.held_by} is setting up {registry.name(known.provider)}. Take it over to go"
            " on yourself.",
        )
    if known.provider != provider:
        name = registry.name(known.provider)
        raise Refused("other_draft", f"You are setting up {name}. Cancel that first.")
    return known


def _usual(connection: Connection, today: dt.date) -> dict[str, Any]:
    """What most people choose, as far as it can be told from the lists."""
    items = suggestions.offered(connection, Kind.ITEM)
    accounts = suggestions.offered(connection, Kind.ACCOUNT)
    last = suggestions.earlier_connections(connection)[:1]
    usual: dict[str, Any] = {
        "tax_mode": (connection.tax_modes or [Connection.TaxMode.CODES])[0],
        "go_live": today,
        "income_account_id": _called(accounts, "services", "sales", "sales of product income"),
        "fallback_item_id": _called(items, "services", "sales", "hours"),
    }
    for name in usual:
        if last and name != "go_live" and (before := moves.setting(last[0], connection, name)):
            usual[name] = before
    return usual


def _called(rows: list[RemoteRecord], *names: str) -> str:
    """The record that bears the first of these names, whatever stands in brackets behind it; else
    the only one that there is.
    """
    plain = {row.name.partition(" (")[0].casefold(): row.remote_id for row in reversed(rows)}
    known = plain | {row.name.casefold(): row.remote_id for row in rows}
    found = [known[name] for name in names if name in known]
    return (found or (list(known.values()) if len(rows) == 1 else [""]))[0]


@transaction.atomic
def _follow(connection: Connection, by: User | None, now: dt.datetime) -> list[Change]:
    """Only linked rows that are in use; nothing is archived or brought back by a reading."""
    stored = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if not stored.is_active:
        return []
    snapshots.hold()
    links = [link for link in _decided(stored) if link.action == Link.Action.LINK]
    plan = changes.plan(stored, links, now=now)
    found = [change for change in plan.changes() if not change.field.endswith("_elsewhere")]
    changes.apply(plan, by=by, now=now)
    return found


def _decided(connection: Connection) -> list[Link]:
    """The links that the commit follows; what was archived meanwhile stays as it is."""
    links = staging.loaded(connection.links.filter(confirmed=True).order_by("id"))
    return [link for link in links if not getattr(link.local, "archived_at", None)]


def _commit(connection: Connection, version: int, by: User, now: dt.datetime) -> Connection:
    stored = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if stored.is_active:
        return stored  # a second click
    stored = staging.hold(stored, by=by)
    if stored.version != version:
        raise Refused("stale", "Something was changed after this review. Look at it once more.")
    if found := obstacles.problems(stored):
        raise Refused("not_ready", found[0].message, problems=[p.code for p in found])
    snapshots.hold()
    plan = review(stored, now=now)
    stored.snapshot = snapshots.take()
    changes.apply(plan, by=by, now=now)
    stored.snapshot["brought"] = {
        name: [arrival.row.pk for arrival in plan.arrivals if isinstance(arrival.row, model)]
        for name, model in (("items", CatalogItem), ("taxes", TaxRate))
    }
    stored.state, stored.step = State.ACTIVE, "done"
    stored.committed_at, stored.committed_by, stored.poll_at = now, by, now
    stored.save()
    past.carry_over(stored)
    leftover.take_up(stored, now=now)
    past.mark_exported(stored, by=by, now=now)
    return stored
