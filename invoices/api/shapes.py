"""What invoices look like on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from atera_invoicing.models import Installation
from atera_invoicing.viewsets import RelatedField, RowSerializer, StrictSerializer
from contracts.models import CatalogItem, TaxRate
from customers import recipients
from customers.api import RecipientSerializer
from customers.models import Customer
from invoices.drafting import KEEP, LineInput
from invoices.models import Event, Invoice, InvoiceLine, Status

COLUMNS = [
    "id",
    "uid",
    "number",
    "status",
    "customer",
    "customer_name",
    "contract",
    "batch",
    "period_start",
    "period_end",
    "level",
    "currency",
    "tax_method",
    "invoice_date",
    "payment_days",
    "due_date",
    "po_number",
    "message",
    "bill_to_name",
    "bill_to_address",
    "bill_to_tax_number",
    "email",
    "subtotal",
    "tax",
    "total",
    "paid",
    "refunded",
    "balance",
    "settled_at",
    "issued_at",
    "sent_at",
    "exported_at",
    "downloaded_at",
    "voided_at",
    "void_reason",
    "version",
    "created_at",
]
LINE_COLUMNS = [
    "id",
    "position",
    "kind",
    "item",
    "ticket",
    "description",
    "quantity",
    "unit",
    "unit_price",
    "discount_percent",
    "tax_rate",
    "tax_name",
    "tax_percent",
    "net",
    "tax",
    "total",
]


class SourceSerializer(serializers.Serializer):
    """What a line bills: part of a time entry, a ticket item, or a contract's period."""

    time_entry = serializers.IntegerField(allow_null=True, source="time_entry_id")
    part = serializers.IntegerField()
    ticket_item = serializers.IntegerField(allow_null=True, source="ticket_item_id")
    contract = serializers.IntegerField(allow_null=True, source="contract_id")
    period_start = serializers.DateField(allow_null=True)
    quantity = serializers.DecimalField(max_digits=14, decimal_places=4)
    released_at = serializers.DateTimeField(allow_null=True, help_text="When the work became free.")


class LineRow(RowSerializer):
    class Meta:
        model = InvoiceLine
        fields = read_only_fields = LINE_COLUMNS


class LineSerializer(LineRow):
    sources = SourceSerializer(many=True, source="claims")

    class Meta(LineRow.Meta):
        fields = read_only_fields = [*LINE_COLUMNS, "sources"]

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and not request.user.has_perm("contracts.view_ticket"):
            del fields["sources"]
        return fields


class InvoiceRow(RowSerializer):
    status = serializers.ChoiceField(Status.choices, source="status_code", read_only=True)
    customer_name = serializers.CharField(source="customer.name", read_only=True)

    class Meta:
        model = Invoice
        fields = read_only_fields = COLUMNS


class InvoiceListSerializer(InvoiceRow):
    lines = LineRow(many=True, required=False, help_text="Only with `include=lines`.")

    class Meta(InvoiceRow.Meta):
        fields = read_only_fields = [*COLUMNS, "lines"]


class InvoiceSerializer(InvoiceRow):
    lines = LineSerializer(many=True)
    recipient = serializers.SerializerMethodField(help_text="Who gets it, and why.")

    class Meta(InvoiceRow.Meta):
        fields = read_only_fields = [*COLUMNS, "lines", "recipient"]

    @extend_schema_field(RecipientSerializer)
    def get_recipient(self, invoice: Invoice) -> Any:
        rule = Installation.current().recipient_rule
        found = recipients.for_customer(invoice.customer, rule, invoice.email)
        return RecipientSerializer(found).data


class LineInputSerializer(StrictSerializer):
    """A line as it is written. With an `item`, what is left out comes from the catalogue."""

    id = serializers.IntegerField(
        required=False, min_value=1, help_text="On PATCH: the line that this one replaces."
    )
    item = RelatedField(queryset=CatalogItem.objects.all(), required=False, allow_null=True)
    description = serializers.CharField(max_length=8000, required=False, allow_blank=True)
    quantity = serializers.DecimalField(max_digits=14, decimal_places=4, required=False)
    unit = serializers.CharField(max_length=8, required=False, allow_blank=True)
    unit_price = serializers.DecimalField(max_digits=14, decimal_places=4, required=False)
    discount_percent = serializers.DecimalField(
        max_digits=7, decimal_places=4, min_value=0, max_value=100, required=False
    )
    tax_rate = RelatedField(
        queryset=TaxRate.objects.all(),
        required=False,
        allow_null=True,
        help_text="Left out: the item's, else the contract's, else the default for freestyle lines"
        " without an item. null: none.",
    )

    def validate(self, data: dict[str, Any]) -> LineInput:  # type: ignore[override]
        return LineInput(**{"tax_rate": KEEP, **data})


class InvoiceInputSerializer(RowSerializer):
    """A freestyle invoice. What is left out comes from the customer and the options."""

    lines = LineInputSerializer(many=True)
    customer = RelatedField(queryset=Customer.objects.all())

    class Meta:
        model = Invoice
        fields = [
            "customer",
            "invoice_date",
            "payment_days",
            "po_number",
            "message",
            "bill_to_name",
            "bill_to_address",
            "bill_to_tax_number",
            "email",
            "lines",
        ]
        extra_kwargs = {
            name: {"required": False} for name in ("invoice_date", "payment_days", "bill_to_name")
        }


class InvoiceChangeSerializer(InvoiceInputSerializer):
    """A changed draft; of an issued invoice only `email`. `lines` are all the lines from now on."""

    version = serializers.IntegerField(
        required=False, min_value=1, help_text="As read. A stale one is refused."
    )
    release = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Removed lines whose work becomes free.",
    )

    class Meta(InvoiceInputSerializer.Meta):
        fields = [*InvoiceInputSerializer.Meta.fields, "version", "release"]
        fixed = ["customer"]


class RenumberSerializer(StrictSerializer):
    number = serializers.CharField(max_length=60)
    reason = serializers.CharField(max_length=200)


class EventSerializer(serializers.ModelSerializer):
    by = serializers.CharField(source="by.email", allow_null=True, default=None)

    class Meta:
        model = Event
        fields = ["id", "code", "text", "facts", "at", "by"]
