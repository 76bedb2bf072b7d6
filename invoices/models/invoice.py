"""Invoices and their lines: snapshots of what was agreed, wording included."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from simple_history.models import HistoricalRecords

from atera_invoicing.models import Level, TaxMethod
from contracts.models import CatalogItem, Contract, TaxRate, Ticket
from customers.models import Customer
from whitelabel.models import Branding

from .batch import Batch


class Status(models.TextChoices):
    """What an invoice is called on screen, derived from its facts. Order of precedence below."""

    DRAFT = "draft", "Draft"
    ISSUED = "issued", "Issued"
    SENT = "sent", "Sent"
    EXPORTED = "exported", "Exported"
    PARTIALLY_PAID = "partially_paid", "Partially paid"
    PAID = "paid", "Paid"
    OVERDUE = "overdue", "Overdue"
    REFUNDED = "refunded", "Refunded"
    VOIDED = "voided", "Voided"


def _conditions(today: dt.date) -> list[tuple[Status, Q]]:
    """The first condition that holds names the status."""
    later_export = Q(exported_at__isnull=False) & (
        Q(sent_at__isnull=True) | Q(exported_at__gte=F("sent_at"))
    )
    return [
        (Status.VOIDED, Q(voided_at__isnull=False)),
        (Status.DRAFT, Q(issued_at__isnull=True)),
        (Status.REFUNDED, Q(refunded__gt=0, paid__lte=F("refunded"))),
        (Status.PAID, Q(balance__lte=0, settled_at__isnull=False)),
        (Status.OVERDUE, Q(balance__gt=0, due_date__lt=today)),
        (Status.PARTIALLY_PAID, Q(balance__gt=0, paid__gt=0)),
        (Status.EXPORTED, later_export),
        (Status.SENT, Q(sent_at__isnull=False)),
        (Status.ISSUED, Q()),
    ]


UNSETTLED = Q(voided_at__isnull=True, settled_at__isnull=True)
# What follows from a status and narrows the search. A balance means unsettled, by constraint.
IMPLIED = {
    Status.VOIDED: Q(),
    Status.DRAFT: Q(),
    Status.REFUNDED: Q(refunded__gt=0),
    Status.PAID: Q(voided_at__isnull=True),
}


STATUS_FACTS = (
    "voided_at", "issued_at", "refunded", "paid", "balance", "settled_at", "due_date",
    "exported_at", "sent_at",
)  # fmt: skip


def status_of(facts: Mapping[str, Any], today: dt.date) -> Status:  # noqa: PLR0911 - one each
    """As `_conditions`, of the columns of a row that is already here."""
    if facts["voided_at"]:
        return Status.VOIDED
    if not facts["issued_at"]:
        return Status.DRAFT
    if facts["refunded"] > 0 and facts["paid"] <= facts["refunded"]:
        return Status.REFUNDED
    if facts["balance"] <= 0 and facts["settled_at"]:
        return Status.PAID
    if facts["balance"] > 0 and facts["due_date"] and facts["due_date"] < today:
        return Status.OVERDUE
    if facts["balance"] > 0 and facts["paid"] > 0:
        return Status.PARTIALLY_PAID
    exported_at, sent_at = facts["exported_at"], facts["sent_at"]
    if exported_at and (not sent_at or exported_at >= sent_at):
        return Status.EXPORTED
    return Status.SENT if sent_at else Status.ISSUED


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def with_status(self, today: dt.date) -> InvoiceQuerySet:
        """Adds `status_code`, a value of `Status`."""
        *named, (last, _) = _conditions(today)
        return self.annotate(
            status_code=Case(
                *(When(c, then=Value(s.value)) for s, c in named), default=Value(last.value)
            )
        )

    def in_status(self, status: str, today: dt.date) -> InvoiceQuerySet:
        """Only invoices with this status.

        Said as conditions that partial indexes know, not as a value that is computed for each row.
        """
        rows = self.filter(IMPLIED.get(Status(status), UNSETTLED))
        for named, condition in _conditions(today):
            if named == status:
                return rows.filter(condition)
            rows = rows.exclude(condition)
        raise ValueError(status)

    def drafts(self) -> InvoiceQuerySet:
        return self.filter(issued_at__isnull=True, voided_at__isnull=True)

    def open(self) -> InvoiceQuerySet:
        """Issued, neither voided nor settled."""
        return self.filter(issued_at__isnull=False, voided_at__isnull=True, balance__gt=0)


class Invoice(models.Model):
    """One invoice. A draft until `issued_at`; from then on only the verbs in lifecycle.py change
    it.

    Amounts are columns written by one function (`totals.store`) and are the sums of the stored
    lines. `paid` and `refunded` are sums of payments; `balance` = total - paid + refunded.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=21, blank=True, default="")
    number_key = models.CharField(max_length=21, blank=True, default="", editable=False)
    batch = models.ForeignKey(
        Batch, models.PROTECT, null=True, blank=True, related_name="invoices", db_index=False
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invoices", db_index=False)
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True, help_text="The last day.")
    level = models.CharField(max_length=8, choices=Level.choices, blank=True, default="")
    currency = models.CharField(max_length=3)
    tax_method = models.CharField(
        max_length=8, choices=TaxMethod.choices, default=TaxMethod.PER_LINE
    )
    invoice_date = models.DateField()
    payment_days = models.PositiveSmallIntegerField("days to pay", default=30)
    due_date = models.DateField(blank=True)
    po_number = models.CharField("PO number", max_length=40, blank=True)
    message = models.TextField("message to the customer", max_length=2000, blank=True)
    bill_to_name = models.CharField(max_length=100)
    bill_to_address = models.TextField(max_length=700, blank=True)
    bill_to_tax_number = models.CharField(max_length=40, blank=True)
    email = models.CharField(
        "e-mail",
        max_length=254,
        blank=True,
        help_text="Written by hand. Empty: found by the rule when it is needed.",
    )
    branding = models.ForeignKey(
        Branding,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        help_text="The look it was issued with; a draft has none.",
    )
    subtotal = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    tax = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    total = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    paid = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    refunded = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    balance = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When the balance reached 0 after it was issued."
    )
    issued_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    export_queued_at = models.DateTimeField(
        null=True, blank=True, help_text="While it is on its way to the accounting system."
    )
    exported_at = models.DateTimeField(null=True, blank=True)
    downloaded_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(
        default=1, help_text="Goes up with each edit; a stale edit is refused."
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    history = HistoricalRecords()

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["customer", "-id"], name="invoice_by_customer"),
            models.Index(fields=["batch", "id", "total"], name="invoice_by_batch_total"),
            # One for each way to sort the list.
            models.Index(fields=["number_key", "id"], name="invoice_by_number"),
            models.Index(fields=["bill_to_name", "id"], name="invoice_by_name"),
            models.Index(fields=["invoice_date", "id"], name="invoice_by_date"),
            models.Index(fields=["due_date", "id"], name="invoice_by_due_date"),
            models.Index(fields=["total", "id"], name="invoice_by_total"),
            models.Index(fields=["balance", "id"], name="invoice_by_balance"),
            # The few that are in a state which most have left, or never enter.
            models.Index(fields=["due_date", "id"], condition=UNSETTLED, name="invoice_by_due"),
            models.Index(fields=["id"], condition=Q(issued_at__isnull=True), name="invoice_drafts"),
            models.Index(
                fields=["id"], condition=Q(voided_at__isnull=False), name="invoice_voided"
            ),
            models.Index(fields=["id"], condition=Q(refunded__gt=0), name="invoice_refunded"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["number_key"],
                condition=~Q(number_key=""),
                name="invoice_number_unique",
                violation_error_message="Another invoice has this number.",
            ),
            models.CheckConstraint(
                condition=Q(issued_at__isnull=True, number="", number_key="", branding__isnull=True)
                | Q(issued_at__isnull=False, branding__isnull=False, due_date__isnull=False)
                & ~Q(number="")
                & ~Q(number_key=""),
                name="invoice_issued_has_number",
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | Q(issued_at__isnull=False),
                name="invoice_void_was_issued",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | Q(balance__lte=0),
                name="invoice_settled_owes_nothing",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"Draft {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.due_date:
            self.due_date = self.invoice_date + dt.timedelta(days=self.payment_days)
        super().save(*args, **kwargs)

    @property
    def is_draft(self) -> bool:
        return self.issued_at is None

    @property
    def is_adhoc(self) -> bool:
        """Written by hand rather than by a batch."""
        return self.batch_id is None

    def status(self, today: dt.date) -> Status:
        """As `with_status`, for one row that is already here."""
        return status_of({name: getattr(self, name) for name in STATUS_FACTS}, today)


class InvoiceLine(models.Model):
    """One line, complete in itself: nothing on it follows later changes of the catalogue."""

    class Kind(models.TextChoices):
        FEE = "fee", "Fee"
        LABOUR = "labour", "Labour"
        COVERED = "covered", "Covered labour"
        OVERAGE = "overage", "Overage"
        DEVICE = "device", "Devices"
        STORAGE = "storage", "Storage"
        PRODUCT = "product", "Product"
        EXPENSE = "expense", "Expense"
        OTHER = "other", "Other"

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.OTHER)
    item = models.ForeignKey(CatalogItem, models.PROTECT, null=True, blank=True, related_name="+")
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="+")
    description = models.TextField(max_length=8000)
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=8, blank=True)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    discount_percent = models.DecimalField("discount %", max_digits=7, decimal_places=4, default=0)
    tax_rate = models.ForeignKey(TaxRate, models.PROTECT, null=True, blank=True, related_name="+")
    tax_name = models.CharField(max_length=60, blank=True)
    tax_percent = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    net = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="line_position_once"),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100),
                name="line_discount_range",
                violation_error_message="The discount must be between 0 and 100 percent.",
            ),
        ]

    def __str__(self) -> str:
        return self.description.split("\n", 1)[0]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.total = self.net + self.tax
        super().save(*args, **kwargs)
