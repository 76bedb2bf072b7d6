"""REST: what a preview of a batch answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from atera_invoicing.models import Installation
from invoices import choosing, unready
from invoices.bills import Bill
from invoices.choosing import Chosen
from invoices.plan import PlannedLine


def _amount(places: int = 2, **kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=places, **kwargs)


class PreviewLineSerializer(serializers.Serializer):
    kind = serializers.CharField()
    item = serializers.IntegerField(allow_null=True)
    ticket = serializers.IntegerField(allow_null=True)
    description = serializers.CharField()
    quantity = _amount(4)
    unit = serializers.CharField()
    unit_price = _amount(4)
    discount_percent = _amount(4)
    tax_name = serializers.CharField()
    tax_percent = _amount(4)
    net = _amount()
    tax = _amount()
    total = _amount()
    sources = serializers.ListField(
        child=serializers.CharField(), help_text='"entry:7", "item:9" or "period:3".'
    )


class IssueSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    blocking = serializers.BooleanField()


class BillSerializer(serializers.Serializer):
    """A period of a contract and the invoice that it makes."""

    period_start = serializers.DateField()
    period_end = serializers.DateField()
    due = serializers.BooleanField(help_text="False: the period is still open.")
    selected = serializers.BooleanField(help_text="Whether an invoice will be written.")
    subtotal = _amount()
    tax = _amount()
    total = _amount()
    hours = _amount()
    lines = PreviewLineSerializer(many=True)
    issues = IssueSerializer(many=True)


class TicketReasonSerializer(serializers.Serializer):
    ticket = serializers.IntegerField()
    reason = serializers.CharField()


class PreviewRowSerializer(serializers.Serializer):
    contract = serializers.IntegerField()
    contract_name = serializers.CharField()
    contract_type = serializers.CharField()
    customer = serializers.IntegerField()
    customer_name = serializers.CharField()
    level = serializers.CharField()
    balance = _amount(help_text="All that is due, without tax.")
    message = serializers.CharField(help_text="Why not everything is billed.")
    bills = BillSerializer(many=True)
    not_ready = TicketReasonSerializer(many=True)


class PanelSerializer(serializers.Serializer):
    """The sums of what is selected."""

    invoices = serializers.IntegerField()
    tickets = serializers.IntegerField()
    hours = _amount()
    billable = _amount()
    tax = _amount()
    total = _amount()


class PreviewSerializer(serializers.Serializer):
    panel = PanelSerializer()
    rows = PreviewRowSerializer(many=True)
    not_ready = TicketReasonSerializer(many=True, help_text="Work that no bill can take now.")


def preview(chosen: list[Chosen], options: Installation) -> dict[str, Any]:
    """The answer, contracts without anything to say left out."""
    panel = choosing.panel(chosen, options)
    return {
        "panel": PanelSerializer(panel).data,
        "rows": [_row(one) for one in chosen if one.row.bills or one.row.left],
        "not_ready": [
            {"ticket": ticket.ticket_id, "reason": ticket.reason} for ticket in unready.tickets()
        ],
    }


def _row(one: Chosen) -> dict[str, Any]:
    facts = one.row.facts
    selected = {bill.period.start for bill in one.bills}
    return {
        "contract": facts.contract_id,
        "contract_name": facts.terms.name,
        "contract_type": facts.terms.type,
        "customer": facts.customer_id,
        "customer_name": facts.customer_name,
        "level": one.row.level,
        "balance": one.row.balance,
        "message": one.message,
        "bills": [_bill(bill, bill.period.start in selected) for bill in one.row.bills],
        "not_ready": [{"ticket": id, "reason": reason} for id, reason in one.row.left],
    }


def _bill(bill: Bill, selected: bool) -> dict[str, Any]:
    invoice = bill.invoice
    data = {
        "period_start": bill.period.start,
        "period_end": bill.period.end,
        "due": bill.due,
        "selected": selected,
        "subtotal": invoice.subtotal if invoice else 0,
        "tax": invoice.tax if invoice else 0,
        "total": bill.total,
        "hours": invoice.hours if invoice else 0,
        "lines": _lines(invoice.lines if invoice else ()),
        "issues": [issue._asdict() for issue in bill.owed.issues],
    }
    return BillSerializer(data).data


def _lines(lines: Iterable[PlannedLine]) -> list[dict[str, Any]]:
    return [
        {
            "kind": line.kind,
            "item": line.item_id,
            "ticket": line.ticket_id,
            "description": line.description,
            "quantity": line.quantity,
            "unit": line.unit,
            "unit_price": line.unit_price,
            "discount_percent": line.discount_percent,
            "tax_name": line.tax.name if line.tax else "",
            "tax_percent": line.tax.percent if line.tax else 0,
            "net": line.net,
            "tax": line.tax_amount,
            "total": line.net + line.tax_amount,
            "sources": [f"{source.kind}:{source.id}" for source in line.sources],
        }
        for line in lines
    ]
