"""What we know of the other end: invoices there, money there, notices, and what differs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from invoices.models import Invoice, Payment

from .connection import Connection


class RemoteInvoice(models.Model):
    """An invoice of ours at the provider, as last seen. `baseline` is its content as we left it or
    accepted it; whatever is different there later is drift.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PARTIALLY_PAID = "partially_paid", "Partially paid"
        PAID = "paid", "Paid"
        VOIDED = "voided", "Voided there"
        DELETED = "deleted", "Deleted there"

    GONE = (Status.VOIDED, Status.DELETED)
    UNSETTLED = (Status.OPEN, Status.PARTIALLY_PAID)

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="invoices")
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="remotes")
    remote_id = models.CharField(max_length=64)
    number = models.CharField(max_length=255, blank=True)
    version = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=14, choices=Status.choices, default=Status.OPEN)
    subtotal = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    balance = models.DecimalField(max_digits=14, decimal_places=2)
    url = models.URLField(max_length=300, blank=True)
    content = models.JSONField(default=dict)
    baseline = models.JSONField(default=dict)
    draft = models.BooleanField(
        default=False, help_text="It counts there only once somebody approves it."
    )
    linked = models.BooleanField(
        default=False, help_text="It was there before us and only linked, never sent."
    )
    remainder = models.OneToOneField(
        Payment, models.PROTECT, null=True, related_name="+", help_text="See remainder.py."
    )
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="remote_invoice_once"),
            models.UniqueConstraint(
                fields=["connection", "invoice"], name="remote_invoice_one_per_connection"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "partially_paid", "paid", "voided", "deleted"]),
                name="remote_status_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.invoice)


class Settlement(models.Model):
    """A payment or credit at the provider, as far as it settles one invoice of ours.

    The row says what is there; `payments` are those that it made here, removed ones too.
    """

    remote_invoice = models.ForeignKey(RemoteInvoice, models.PROTECT, related_name="settlements")
    remote_id = models.CharField(max_length=64, help_text="The payment's id there.")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    received_on = models.DateField()
    credit = models.BooleanField(default=False)
    reference = models.CharField(max_length=80, blank=True)
    payments = models.ManyToManyField(Payment, related_name="settlements")
    gone_at = models.DateTimeField(null=True, help_text="Deleted, voided or moved there.")
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["remote_invoice", "remote_id"], name="settlement_once"),
        ]


class FindingQuerySet(models.QuerySet["Finding"]):
    def waiting(self) -> FindingQuerySet:
        """Those that somebody can decide: over a connection that is cut nobody can."""
        return self.filter(answered_at=None, connection__state=Connection.State.ACTIVE)

    def shown(self) -> FindingQuerySet:
        """Those and all that were decided."""
        return self.filter(
            Q(answered_at__isnull=False) | Q(connection__state=Connection.State.ACTIVE)
        )


class Finding(models.Model):
    """Something at the other end that a person should know of. It changes nothing by itself."""

    class Kind(models.TextChoices):
        TOTAL = "total", "Total differs"
        DRIFT = "drift", "Changed there"
        VOIDED = "voided", "Voided there"
        DELETED = "deleted", "Deleted there"
        MISSING = "missing", "No longer known there"
        SETTLED = "settled", "More was paid there than is owed here"
        REFUSED = "refused", "Can't be followed here"
        UNREAD = "unread", "Can't be read"

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted as it is there"
        PUSHED = "pushed", "Ours was sent again"
        IGNORED = "ignored", "Ignored"
        GONE = "gone", "No longer so"

    STUCK = (Kind.REFUSED, Kind.UNREAD, Kind.MISSING)

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="findings")
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    differences = models.JSONField(
        default=list, help_text='[{"field": "lines.2.quantity", "ours": "1", "theirs": "2"}, ...]'
    )
    version = models.CharField(max_length=40, blank=True, help_text="Of the remote document.")
    found_at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "invoice", "kind"],
                condition=Q(answered_at__isnull=True),
                name="finding_open_once",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="finding_answered_has_answer",
            ),
        ]

    def __str__(self) -> str:
        return str(self.invoice)


class Bell(models.Model):
    """A notice from outside that a company changed. Only a hint: what changed is asked for."""

    provider = models.CharField(max_length=10)
    key = models.CharField(max_length=120)
    company_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=40, blank=True)
    remote_id = models.CharField(max_length=64, blank=True)
    event = models.CharField(max_length=40, blank=True)
    rung_at = models.DateTimeField(db_index=True)
    heard_at = models.DateTimeField(null=True, help_text="When a look was taken because of it.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="bell_once")]
