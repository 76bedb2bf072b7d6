"""What may happen to an invoice: write, edit, issue, void, delete.

Each verb is one short transaction, locks contract before invoice before number series, and writes
the diary. Allowed moves: draft -> issued -> voided; a draft may also be deleted. The number of an
issued invoice changes in numbering.py, its payments in paying.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation, User
from contracts import blocks, locks
from customers.models import Customer
from customers.recipients import is_usable
from whitelabel.models import Branding

from . import changes, drafting, events, exporting, numbering, totals
from .drafting import LineInput
from .models import Claim, Invoice

EDITABLE = (
    "invoice_date",
    "payment_days",
    "po_number",
    "message",
    "bill_to_name",
    "bill_to_address",
    "bill_to_tax_number",
)


@transaction.atomic
def create(
    customer: Customer,
    *,
    lines: Iterable[LineInput],
    invoice_date: dt.date,
    by: User | None,
    now: dt.datetime,
    email: str = "",
    **header: Any,
) -> Invoice:
    """Write a freestyle draft. `header` may hold any of EDITABLE; the rest comes from customer and
    options.
    """
    if customer.archived_at:
        raise Refused(
            "customer_archived",
            f"{customer} is archived. Restore the customer first.",
            field="customer",
        )
    options = Installation.current()
    days = options.payment_days if customer.payment_days is None else customer.payment_days
    fields = {
        "payment_days": days,
        "bill_to_name": customer.name,
        "bill_to_address": customer.address,
        "bill_to_tax_number": customer.tax_number,
        **header,
    }
    invoice = Invoice(
        customer=customer,
        currency=options.currency,
        tax_method=options.tax_method,
        invoice_date=invoice_date,
        email=_address(email),
        created_at=now,
        created_by=by,
        **fields,
    )
    _date(invoice)
    invoice.full_clean()
    invoice.save()
    drafting.replace_lines(invoice, list(lines), release=set())
    invoice.full_clean()
    invoice.save()
    events.log(invoice, "created", "Written by hand.", by=by, at=now)
    return invoice


@transaction.atomic
def edit(
    invoice: Invoice,
    *,
    version: int,
    by: User | None,
    now: dt.datetime,
    header: dict[str, Any] | None = None,
    lines: Iterable[LineInput] | None = None,
    release: Iterable[int] = (),
) -> Invoice:
    """Change a draft. `lines`, when given, are all of its lines; a line with the id of a stored one
    replaces it.

    Work billed by a line that is dropped stays billed, unless the line's id is in `release`.
    """
    _lock_contract(invoice)
    invoice = _locked(invoice)
    _refuse_unless_draft(invoice)
    if version != invoice.version:
        raise Refused(
            "stale",
            "Somebody changed this invoice after you opened it. Reload it and enter your change"
            " again.",
            version=invoice.version,
        )
    before = changes.head(invoice)
    _set_header(invoice, header or {})
    facts = {}
    if lines is not None:
        facts = drafting.replace_lines(invoice, list(lines), release=set(release))
    if changed := changes.between(before, changes.head(invoice)):
        facts["changed"] = changed
    if not facts:
        return invoice
    invoice.version += 1
    invoice.full_clean()
    invoice.save()
    events.log(invoice, "edited", "Edited.", by=by, at=now, version=invoice.version, **facts)
    return invoice


def _set_header(invoice: Invoice, header: dict[str, Any]) -> None:
    for name in EDITABLE:
        if name in header:
            setattr(invoice, name, header[name])
    if "email" in header:
        invoice.email = _address(header["email"])
    _date(invoice)


@transaction.atomic
def set_email(invoice: Invoice, *, email: str, by: User | None, now: dt.datetime) -> Invoice:
    """Write the recipient's address by hand, on any invoice that is not voided; empty goes back to
    the rule.
    """
    invoice = _locked(invoice)
    if invoice.voided_at:
        raise Refused("voided", "This invoice is voided and can't be changed.")
    exporting.refuse_under_way(invoice)
    old, invoice.email = invoice.email, _address(email)
    invoice.version += 1
    invoice.save(update_fields=["email", "version"])
    text = f"E-mail set to {invoice.email}." if invoice.email else "E-mail follows the rule again."
    events.log(
        invoice, "email_changed", text, by=by, at=now, version=invoice.version,
        changed={"email": [old, invoice.email]},
    )  # fmt: skip
    return invoice


@transaction.atomic
def issue(invoice: Invoice, *, by: User | None, now: dt.datetime) -> Invoice:
    """Give a draft its number and its look for good. From then on its content never changes."""
    return issue_many([invoice.pk], by=by, now=now)[0]


@transaction.atomic
def issue_many(ids: Iterable[int], *, by: User | None, now: dt.datetime) -> list[Invoice]:
    """Issue drafts in order of their ids, as a whole or not at all; numbers follow that order."""
    invoices = list(Invoice.objects.select_for_update().filter(pk__in=list(ids)).order_by("id"))
    for invoice in invoices:
        refuse_unready(invoice)
    branding = Branding.current()
    days = [invoice.invoice_date for invoice in invoices]
    numbers = numbering.take_for(days, branding=branding)
    for invoice, number in zip(invoices, numbers, strict=True):
        invoice.issued_at, invoice.branding = now, branding
        invoice.version += 1
        numbering.record(invoice, number, by=by, now=now)
        totals.settle(invoice, now=now)
        invoice.save()
        events.log(invoice, "issued", f"Issued as {number}.", by=by, at=now, number=number)
    return invoices


def refuse_unready(invoice: Invoice) -> None:
    """Say why an invoice can't be issued, if so."""
    _refuse_unless_draft(invoice)
    if not invoice.lines.exists():
        raise Refused(
            "no_lines",
            "This invoice has no lines. Add at least one before you issue it.",
            field="lines",
        )
    if invoice.total < 0:
        raise Refused(
            "negative_total",
            f"The total is {invoice.total}. An invoice can't be negative; change its lines.",
            field="lines",
        )


@transaction.atomic
def void(invoice: Invoice, *, reason: str, by: User | None, now: dt.datetime) -> Invoice:
    """Cancel an issued invoice and free the work it billed. Number and content stay readable."""
    _lock_contract(invoice)
    invoice = _locked(invoice)
    reason = events.reason(reason)
    if invoice.is_draft:
        raise Refused("not_issued", "This is a draft. Delete it instead of voiding it.")
    if invoice.voided_at:
        raise Refused("already_voided", "This invoice is already voided.")
    if invoice.paid > invoice.refunded:
        raise Refused(
            "has_payments",
            f"{invoice.paid - invoice.refunded} is recorded as paid. Remove the payment or record a"
            " refund first.",
        )
    exporting.refuse_under_way(invoice)
    _refuse_if_billed_later([invoice])
    invoice.claims.filter(released_at__isnull=True).update(released_at=now)
    blocks.reverse(invoice.uid, by=by, now=now)
    invoice.voided_at, invoice.void_reason = now, reason
    invoice.version += 1
    totals.settle(invoice, now=now)
    invoice.save()
    events.log(invoice, "voided", f"Voided: {reason}", by=by, at=now, reason=reason)
    return invoice


@transaction.atomic
def delete_draft(invoice: Invoice, *, by: User | None, now: dt.datetime) -> None:
    """Remove a draft and free the work it billed."""
    delete_drafts([invoice.pk], by=by, now=now)


@transaction.atomic
def delete_drafts(ids: Iterable[int], *, by: User | None, now: dt.datetime) -> int:
    """Remove drafts, as a whole or not at all. A draft never had a number, so none is lost."""
    found = Invoice.objects.filter(pk__in=list(ids))
    locks.lock({id for id in found.values_list("contract_id", flat=True) if id})
    invoices = list(found.select_for_update().order_by("id"))
    for invoice in invoices:
        _refuse_unless_draft(invoice)
    _refuse_if_billed_later(invoices)
    blocks.reverse_many([invoice.uid for invoice in invoices], by=by, now=now)
    for invoice in invoices:
        invoice.delete()
    return len(invoices)


def _locked(invoice: Invoice) -> Invoice:
    return Invoice.objects.select_for_update().get(pk=invoice.pk)


def _lock_contract(invoice: Invoice) -> None:
    if invoice.contract_id:
        locks.lock([invoice.contract_id])


def _refuse_unless_draft(invoice: Invoice) -> None:
    if not invoice.is_draft:
        raise Refused(
            "already_issued",
            f"{invoice.number} is issued. Void it and issue a new one to change it.",
            number=invoice.number,
        )


def _refuse_if_billed_later(invoices: list[Invoice]) -> None:
    """A block's bills are undone newest first, since each begins with the balance that the one
    before left.
    """
    going = {invoice.pk for invoice in invoices}
    for invoice in invoices:
        if not invoice.contract or not invoice.contract.is_block or not invoice.period_start:
            continue
        later = Claim.objects.filter(
            contract=invoice.contract_id,
            period_start__gt=invoice.period_start,
            released_at__isnull=True,
        ).exclude(invoice__in=going)
        if claim := later.select_related("invoice").order_by("-period_start").first():
            raise Refused(
                "later_period_billed",
                f"{invoice.contract} is already billed for a later period ({claim.invoice}). Undo"
                " that one first.",
                invoice=claim.invoice_id,
            )


def _date(invoice: Invoice) -> None:
    invoice.due_date = invoice.invoice_date + dt.timedelta(days=invoice.payment_days)


def _address(email: str) -> str:
    email = email.strip()
    if email and not is_usable(email):
        raise Refused(
            "email_invalid", f"“{email[:60]}” is not a usable e-mail address.", field="email"
        )
    return email
