"""Invoice numbers: gapless when they are given, changed only with a reason, never used twice.

A number is taken inside the transaction that issues the invoice, as its last lock: the counter row
stays locked until commit, and a rollback gives the number back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from whitelabel.models import Branding

from . import events, exporting
from .models import Invoice, InvoiceNumber, NumberSeries

LONGEST = 21  # what QuickBooks Online takes as DocNumber
ALLOWED = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_-]*\Z")
YEAR = "{YYYY}"


def key(number: str) -> str:
    """What makes two numbers the same: case and blanks don't matter."""
    return "".join(number.split()).upper()


def take(count: int, *, branding: Branding, day: dt.date) -> list[str]:
    """The next `count` numbers of the series in force. Call inside a transaction, last."""
    prefix = branding.number_prefix
    series, _ = NumberSeries.objects.get_or_create(prefix=prefix, year=_year(prefix, day))
    numbers: list[str] = []
    while len(numbers) < count:
        missing = count - len(numbers)
        NumberSeries.objects.filter(pk=series.pk).update(last=F("last") + missing)
        series.refresh_from_db()
        block = [
            _write(prefix, branding.number_width, day, n)
            for n in range(series.last - missing + 1, series.last + 1)
        ]
        known = InvoiceNumber.objects.filter(key__in=[key(number) for number in block])
        taken = set(known.values_list("key", flat=True))
        numbers += [number for number in block if key(number) not in taken]
    if len(numbers[-1]) > LONGEST:
        raise Refused(
            "number_too_long",
            f"{numbers[-1]} has more than {LONGEST} characters. Shorten the prefix in Whitelabel.",
        )
    return numbers


def upcoming(*, branding: Branding, day: dt.date) -> str:
    """How the next number would read, if nobody has used it by hand. Nothing is taken."""
    prefix = branding.number_prefix
    series = NumberSeries.objects.filter(prefix=prefix, year=_year(prefix, day)).first()
    return _write(prefix, branding.number_width, day, (series.last if series else 0) + 1)


def take_for(days: Sequence[dt.date], *, branding: Branding) -> list[str]:
    """A number for each day, in order. A prefix with a year has a series for each year."""
    if YEAR not in branding.number_prefix:
        return take(len(days), branding=branding, day=days[0]) if days else []
    series = {
        year: iter(take(count, branding=branding, day=dt.date(year, 1, 1)))
        for year, count in sorted(Counter(day.year for day in days).items())
    }
    return [next(series[day.year]) for day in days]


def record(invoice: Invoice, number: str, *, by: User | None, now: dt.datetime) -> None:
    """Put a number on an invoice and keep it from everybody else for ever. Does not save the
    invoice.
    """
    invoice.number, invoice.number_key = number, key(number)
    InvoiceNumber.objects.create(
        key=key(number), number=number, invoice=invoice, used_from=now, used_by=by
    )


@transaction.atomic
def renumber(
    invoice: Invoice, *, number: str, reason: str, by: User | None, now: dt.datetime
) -> Invoice:
    """Give an issued invoice another number, while it is neither sent nor exported. The old one is
    not reused.
    """
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    _refuse_fixed(invoice)
    reason = events.reason(reason)
    number = check(number, invoice=invoice, branding=Branding.current())
    if number == invoice.number:
        raise Refused(
            "number_same", "This is the number that the invoice already has.", field="number"
        )
    old = invoice.number
    if invoice.numbers.filter(key=key(number)).exists():
        invoice.number, invoice.number_key = number, key(number)
    else:
        record(invoice, number, by=by, now=now)
    invoice.version += 1
    invoice.save()
    text = f"Number changed from {old} to {number}: {reason}"
    events.log(
        invoice, "renumbered", text, by=by, at=now, old=old, new=number, reason=reason
    )  # fmt: skip
    return invoice


def _refuse_fixed(invoice: Invoice) -> None:
    if invoice.is_draft:
        raise Refused("no_number", "A draft has no number yet. It gets one when it is issued.")
    if invoice.voided_at or invoice.sent_at or invoice.exported_at:
        state = "voided" if invoice.voided_at else "sent" if invoice.sent_at else "exported"
        raise Refused(
            "number_fixed",
            f"This invoice is already {state}, so its number can't change. Void it and issue a new"
            " one.",
        )
    exporting.refuse_under_way(invoice)


def check(number: str, *, invoice: Invoice, branding: Branding) -> str:
    """A number typed by a person, tidied; refused when it can't be used."""
    number = " ".join(number.split())
    if not number or len(number) > LONGEST or not ALLOWED.match(number):
        raise Refused(
            "number_invalid",
            f"Use 1 to {LONGEST} letters, digits, blanks and . / _ - and begin with a letter or"
            " digit.",
            field="number",
        )
    holder = InvoiceNumber.objects.filter(key=key(number)).exclude(invoice=invoice).first()
    if holder:
        raise Refused(
            "number_taken",
            f"{holder.number} was already given to another invoice. A number is used only once.",
            field="number",
            invoice=holder.invoice_id,
        )
    _refuse_ahead(number, branding)
    return number


def _refuse_ahead(number: str, branding: Branding) -> None:
    """Numbers that the series has yet to give are its own."""
    pattern = re.escape(key(branding.number_prefix)).replace(
        re.escape(key(YEAR)), r"(?P<year>\d{4})"
    )
    match = re.match(rf"{pattern}(?P<count>\d+)\Z", key(number))
    if not match:
        return
    year = int(match.groupdict().get("year") or 0)
    series = NumberSeries.objects.filter(prefix=branding.number_prefix, year=year).first()
    last = series.last if series else 0
    if int(match["count"]) > last:
        raise Refused(
            "number_ahead",
            f"The series has only come to {last}; {number} will be given to a later invoice.",
            field="number",
        )


def _year(prefix: str, day: dt.date) -> int:
    return day.year if YEAR in prefix else 0


def _write(prefix: str, width: int, day: dt.date, count: int) -> str:
    return f"{prefix.replace(YEAR, str(day.year))}{count:0{width}d}"
