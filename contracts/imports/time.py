"""A file of time entries, recognised by ticket, technician and start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from atera_invoicing import cells
from atera_invoicing.imports import BadRow, Column, Import, Record, Step, assign, save
from atera_invoicing.models import User
from contracts import locks
from contracts.models import ContractRate, Ticket, TimeEntry
from contracts.work.entries import HOURLY_ROLES, RATED

from .tickets import billed_tickets

Key = tuple[int, int, dt.datetime]


class Known:
    """Tickets, technicians, rates and time entries that rows name, and what is billed."""

    def __init__(self, records: Sequence[Record]) -> None:
        tickets = _tickets(records).select_related("contract")
        self.tickets = {ticket.number: ticket for ticket in tickets}
        self.technicians = {user.email.lower(): user for user in User.objects.all()}
        ids = [ticket.pk for ticket in tickets]
        self.billed_tickets = billed_tickets(ids)
        entries = TimeEntry.objects.filter(ticket_id__in=ids)
        self.billed = set(entries.filter(locks.LIVE).values_list("pk", flat=True))
        self.entries: dict[Key, list[TimeEntry]] = {}
        for entry in entries.select_related("ticket", "rate__item"):
            self.add(entry)
        rates = ContractRate.objects.filter(
            contract__in={ticket.contract_id for ticket in tickets if ticket.contract_id},
            contract__type__in=RATED,
            role__in=HOURLY_ROLES,
        )
        self.rates = {
            (rate.contract_id, rate.item.name.lower()): rate
            for rate in rates.select_related("item")
        }

    def add(self, entry: TimeEntry) -> None:
        same = self.entries.setdefault(_key(entry), [])
        if entry not in same:
            same.append(entry)


class TimeEntries(Import):
    kind = "time-entries"
    title = "Time entries"
    noun = "time entry"
    about = (
        "A row is recognised by ticket, technician and start. "
        "Say how long it took with minutes, hours or the end."
    )
    columns = (
        Column("ticket", "The ticket's number.", required=True, example="T-5001"),
        Column(
            "technician", "E-mail address.", cells.email, required=True, example="sam@msp.example"
        ),
        Column(
            "started_at",
            "Date and time.",
            cells.moment,
            required=True,
            example="2026-10-12 09:00",
            aliases=("start",),
        ),
        Column("minutes", "Whole minutes.", cells.optional(cells.integer), example="45"),
        Column("hours", "Hours, such as 0.75; rounded to minutes.", cells.optional(cells.decimal)),
        Column("end", "Date and time.", cells.optional(cells.moment), aliases=("ended at",)),
        Column("billable", "yes or no; empty: yes.", cells.default(cells.boolean, True)),
        Column(
            "on_site",
            "yes: at the customer's site.",
            cells.default(cells.boolean, False),
            aliases=("on site",),
        ),
        Column("rate", "A rate of the ticket's contract; empty: its primary one."),
        Column(
            "description", "Printed on invoices at time-entry level.", example="Reset the gateway"
        ),
        Column("internal_notes", "Never printed."),
    )

    def look_up(self, records: Sequence[Record]) -> Known:
        return Known(records)

    def lock(self, records: Sequence[Record]) -> None:
        locks.lock_tickets(_tickets(records).values_list("pk", flat=True))

    def plan(self, record: Record, known: Known) -> Step:
        values = _fields(record, known)
        same = known.entries.get(
            (values["ticket"].pk, values["technician"].pk, values["started_at"])
        )
        if same and len(same) > 1:
            raise BadRow(("started_at", f"{len(same)} entries begin at this time. Edit by hand."))
        entry = same[0] if same else TimeEntry()
        step = assign(record, entry, values)
        if entry.pk in known.billed and step.changes:
            raise BadRow(("", "This time is billed and can't change."))
        if not same and values["ticket"].pk in known.billed_tickets:
            raise BadRow(("ticket", "Work on this ticket is billed, so no time can be added."))
        known.add(entry)
        return step

    def write(self, steps: Sequence[Step], *, by: User, now: dt.datetime) -> None:
        save(TimeEntry, steps, by=by)


def _tickets(records: Sequence[Record]) -> Any:
    return Ticket.objects.filter(number__in={record.values["ticket"] for record in records})


def _key(entry: TimeEntry) -> Key:
    return entry.ticket_id, entry.technician_id, entry.started_at


def _fields(record: Record, known: Known) -> dict[str, Any]:
    values = dict(record.values)
    ticket = known.tickets.get(values["ticket"])
    technician = known.technicians.get(values["technician"].lower())
    if ticket is None:
        raise BadRow(("ticket", f"There is no ticket with the number “{values['ticket']}”."))
    if technician is None:
        raise BadRow(("technician", f"Nobody here has the address “{values['technician']}”."))
    if "rate" in values:
        values["rate"] = _rate(ticket, values["rate"], known)
    minutes = _minutes(values)
    for name in ("hours", "end"):
        values.pop(name, None)
    return values | {"ticket": ticket, "technician": technician, "minutes": minutes}


def _rate(ticket: Ticket, name: str, known: Known) -> ContractRate | None:
    if not name:
        return None
    rate = known.rates.get((ticket.contract_id or 0, name.lower()))
    if rate is None:
        raise BadRow(("rate", f"“{name}” is not an hourly rate of the ticket's contract."))
    return rate


def _minutes(values: dict[str, Any]) -> int:
    """How long it took. Several answers must be the same."""
    answers: dict[str, int] = {}
    if values.get("minutes") is not None:
        answers["minutes"] = values["minutes"]
    if values.get("hours") is not None:
        answers["hours"] = int((values["hours"] * 60).quantize(Decimal(1), ROUND_HALF_UP))
    if values.get("end") is not None:
        answers["end"] = int((values["end"] - values["started_at"]).total_seconds() // 60)
    if not answers:
        raise BadRow(("minutes", "Say how long it took: minutes, hours or the end."))
    if len(set(answers.values())) > 1:
        words = ", ".join(f"{name} gives {minutes} min" for name, minutes in answers.items())
        raise BadRow((next(iter(answers)), f"These don't agree: {words}."))
    column, minutes = next(iter(answers.items()))
    if not 1 <= minutes <= 6000:
        raise BadRow((column, "The duration must be between 1 minute and 100 hours."))
    return minutes
