"""What was done: tickets, time and the products and expenses used on them."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from customers.models import Contact, Customer

from .catalog import CatalogItem, TaxRate
from .contract import Contract, ContractRate


class Ticket(models.Model):
    """A piece of work for a customer, billed on at most one contract.

    Resolved and closed tickets can be billed. Whether it *is* billed is told by rows that point at
    its work (`claims`), never by a flag.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PENDING = "pending", "Pending"
        RESOLVED = "resolved", "Resolved"
        CLOSED = "closed", "Closed"

    class Priority(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"
        CRITICAL = "critical", "Critical"

    DONE = (Status.RESOLVED, Status.CLOSED)
    WAITING = (Status.OPEN, Status.PENDING)

    number = models.CharField(
        max_length=30, unique=True, error_messages={"unique": "Another ticket has this number."}
    )
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=2000, blank=True, help_text="Printed on invoices.")
    internal_notes = models.TextField(blank=True, help_text="Never printed.")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="tickets")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="tickets", db_index=False
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.MEDIUM)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["contract", "resolved_at"], name="ticket_by_contract"),
            models.Index(fields=["opened_at", "id"], name="ticket_by_opening"),
            models.Index(fields=["resolved_at", "id"], name="ticket_by_resolution"),
            models.Index(fields=["status", "id"], name="ticket_by_status"),
            models.Index(fields=["title", "id"], name="ticket_by_title"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["resolved", "closed"], resolved_at__isnull=False)
                | models.Q(status__in=["open", "pending"], resolved_at__isnull=True),
                name="ticket_resolved_has_date",
                violation_error_message=(
                    "A resolved or closed ticket needs the time it was resolved; an open one has"
                    " none."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"


class TimeEntry(models.Model):
    """Time that a technician spent on a ticket."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="entries", db_index=False)
    technician = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="time_entries", db_index=False
    )
    started_at = models.DateTimeField()
    minutes = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(6000)]
    )
    billable = models.BooleanField(default=True)
    on_site = models.BooleanField("at the customer's site", default=False)
    rate = models.ForeignKey(
        ContractRate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        help_text="One of the rates of the ticket's contract. Empty: the primary one.",
    )
    description = models.TextField(
        max_length=2000, blank=True, help_text="Printed on invoices at time-entry level."
    )
    internal_notes = models.TextField(blank=True, help_text="Never printed.")
    history = HistoricalRecords()

    class Meta:
        ordering = ["started_at", "id"]
        verbose_name_plural = "time entries"
        indexes = [
            models.Index(fields=["ticket", "technician"], name="entry_by_ticket"),
            models.Index(fields=["technician", "-started_at"], name="entry_by_technician"),
            models.Index(fields=["started_at", "id"], name="entry_by_start"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minutes__gte=1, minutes__lte=6000),
                name="entry_minutes_range",
                violation_error_message="The duration must be between 1 minute and 100 hours.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min on #{self.ticket.number}"


class TicketItem(models.Model):
    """A product or expense used on a ticket, at the price agreed there."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="items")
    item = models.ForeignKey(CatalogItem, models.PROTECT, related_name="ticket_items")
    used_on = models.DateField()
    quantity = models.DecimalField(max_digits=14, decimal_places=4, default=1)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    discount_percent = models.DecimalField("discount %", max_digits=7, decimal_places=4, default=0)
    tax_rate = models.ForeignKey(
        TaxRate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: by item, category or contract.",
    )
    billable = models.BooleanField(default=True)
    description = models.CharField(max_length=500, blank=True, help_text="Printed on invoices.")
    history = HistoricalRecords()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0),
                name="ticket_item_quantity_positive",
                violation_error_message="The quantity must be more than 0.",
            ),
            models.CheckConstraint(
                condition=models.Q(unit_price__gte=0),
                name="ticket_item_price_positive",
                violation_error_message="The price can't be negative.",
            ),
            models.CheckConstraint(
                condition=models.Q(discount_percent__gte=0, discount_percent__lte=100),
                name="ticket_item_discount_range",
                violation_error_message="The discount must be between 0 and 100 percent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} x {self.item}"
