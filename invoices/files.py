"""Invoices as a CSV file, a row per line, in bytes that are made while they are sent.

Rows are read in pages, each by its own short query: memory stays flat, and a slow download holds
neither a transaction nor, on SQLite, a lock that writers wait for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate

from atera_invoicing import csvfiles
from atera_invoicing.models import User
from customers import recipients

from .models import Claim, Invoice, InvoiceLine, Status
from .models.invoice import InvoiceQuerySet

INVOICES_AT_ONCE = 200
LINES_AT_ONCE = 2000
HEADER = [
    "InvoiceNumber", "InvoiceDate", "Customer", "Contract", "PeriodStart", "PeriodEnd", "Status",
    "Currency", "LineIdx", "Product", "SKU", "Description", "Quantity", "Rate",
    "DiscountPercentage", "TaxPercentage", "Subtotal", "Tax", "Total", "Email", "TicketNumber",
    "Technician", "WorkDate",
]  # fmt: skip
_quote = lru_cache(maxsize=4096)(csvfiles.quote)
_LABELS = {status.value: csvfiles.quote(status.label) for status in Status}
_KINDS = dict(InvoiceLine.Kind.choices)


class Head(NamedTuple):
    """The cells that all lines of an invoice share, ready to be written."""

    before: str
    email: str


class Work(NamedTuple):
    """Who did what a line bills, and on which day if it was a single one."""

    technicians: str
    day: str


NO_WORK = Work("", "")


def export(
    invoices: InvoiceQuerySet, *, rule: str, today: dt.date, now: dt.datetime
) -> Iterator[bytes]:
    """The bytes of a CSV file of these invoices, oldest first.

    `rule` says which contact an invoice goes to. Issued invoices that get into the file are noted
    as downloaded at `now`, unless they had been before.
    """
    return csvfiles.stream(HEADER, rows(invoices, rule=rule, today=today, now=now))


def rows(
    invoices: InvoiceQuerySet, *, rule: str, today: dt.date, now: dt.datetime
) -> Iterator[str]:
    """The lines of the file, without its header."""
    names = _technicians()
    emails: dict[int, str] = {}
    for page in _invoice_pages(invoices.with_status(today)):
        _add_emails(emails, {row["customer_id"] for row in page}, rule)
        heads = {row["id"]: _head(row, emails) for row in page}
        for lines in _line_pages(list(heads)):
            yield from _written(lines, heads, names)
        _note_download([row["id"] for row in page if row["issued_at"]], now)


def _invoice_pages(invoices: InvoiceQuerySet) -> Iterator[list[dict[str, Any]]]:
    fields = (
        "id", "number", "invoice_date", "bill_to_name", "contract__name", "period_start",
        "period_end", "status_code", "currency", "email", "customer_id", "issued_at",
    )  # fmt: skip
    last = 0
    while page := list(
        invoices.filter(id__gt=last).order_by("id").values(*fields)[:INVOICES_AT_ONCE]
    ):
        yield page
        last = page[-1]["id"]


def _line_pages(invoice_ids: Sequence[int]) -> Iterator[list[tuple[Any, ...]]]:
    """The lines of these invoices, in the order that `_written` takes apart."""
    invoice, position = 0, 0
    while True:
        after = Q(invoice_id__gt=invoice) | Q(invoice_id=invoice, position__gt=position)
        page = list(
            InvoiceLine.objects.filter(
                after, invoice_id__in=[id for id in invoice_ids if id >= invoice]
            )
            .order_by("invoice_id", "position")
            .values_list(
                "id", "invoice_id", "position", "kind", "item__name", "item__sku", "description",
                "quantity", "unit_price", "discount_percent", "tax_percent", "net", "tax", "total",
                "ticket__number",
            )[:LINES_AT_ONCE]
        )  # fmt: skip
        if page:
            yield page
        if len(page) < LINES_AT_ONCE:
            return
        invoice, position = page[-1][1:3]


def _written(
    lines: Sequence[tuple[Any, ...]], heads: dict[int, Head], names: dict[int, str]
) -> Iterator[str]:
    """Each line as a row of the file. One f-string: this runs a hundred thousand times."""
    work = _work({line[1] for line in lines}, names)
    for (
        id, invoice, position, kind, item, sku, description, quantity, price, discount, percent,
        net, tax, total, ticket,
    ) in lines:  # fmt: skip
        head = heads[invoice]
        did = work.get(id, NO_WORK)
        yield (
            f"{head.before}{position},{_quote(item or _KINDS[kind])},{_quote(sku or '')},"
            f"{csvfiles.quote(description)},{quantity},{price},{discount},{percent},"
            f"{net},{tax},{total},{head.email},{_quote(ticket or '')},"
            f"{did.technicians},{did.day}\r\n"
        )


def _head(row: dict[str, Any], emails: dict[int, str]) -> Head:
    cells = (
        csvfiles.quote(row["number"]),
        str(row["invoice_date"]),
        csvfiles.quote(row["bill_to_name"]),
        csvfiles.quote(row["contract__name"] or ""),
        csvfiles.cell(row["period_start"]),
        csvfiles.cell(row["period_end"]),
        _LABELS[row["status_code"]],
        csvfiles.quote(row["currency"]),
    )
    email = csvfiles.quote(row["email"]) if row["email"] else emails[row["customer_id"]]
    return Head(",".join(cells) + ",", email)


def _work(invoice_ids: Collection[int], names: dict[int, str]) -> dict[int, Work]:
    """Technicians and day of each line of these invoices that bills time or an item.

    The database says the span of both; who else is within it is asked for the few lines that
    several people worked on.
    """
    claims = Claim.objects.filter(invoice_id__in=invoice_ids, line__isnull=False)
    technician = "time_entry__technician_id"
    day = Coalesce(TruncDate("time_entry__started_at"), "ticket_item__used_on")
    spans = list(
        claims.order_by()
        .values("line_id")
        .annotate(low=Min(technician), high=Max(technician), first=Min(day), last=Max(day))
        .values_list("line_id", "low", "high", "first", "last")
    )
    several = [line for line, low, high, _, _ in spans if low != high]
    teams = _teams(claims.filter(line_id__in=several), names) if several else {}
    return {
        line: Work(
            teams.get(line) or (_quote(names[low]) if low else ""),
            str(first) if first and first == last else "",
        )
        for line, low, _, first, last in spans
    }


def _teams(claims: QuerySet[Claim], names: dict[int, str]) -> dict[int, str]:
    """The cell with all technicians of each line, for lines with more than one."""
    people: dict[int, set[str]] = {}
    for line, technician in claims.values_list("line_id", "time_entry__technician_id").distinct():
        if technician:
            people.setdefault(line, set()).add(names[technician])
    return {line: _quote("; ".join(sorted(team))) for line, team in people.items()}


def _technicians() -> dict[int, str]:
    return {user.pk: str(user) for user in User.objects.all()}


def _add_emails(emails: dict[int, str], customer_ids: set[int], rule: str) -> None:
    found = recipients.for_customers(customer_ids - emails.keys(), rule)
    emails.update((id, csvfiles.quote(recipient.email)) for id, recipient in found.items())


def _note_download(invoice_ids: Sequence[int], now: dt.datetime) -> None:
    Invoice.objects.filter(id__in=invoice_ids, downloaded_at__isnull=True).update(downloaded_at=now)
