"""Money that came in, or went back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class PaymentQuerySet(models.QuerySet["Payment"]):
    def live(self) -> PaymentQuerySet:
        return self.filter(removed_at__isnull=True)


class Payment(models.Model):
    """A payment or refund of one invoice. Removing it keeps the row."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", "Payment"
        REFUND = "refund", "Refund"

    class Method(models.TextChoices):
        BANK = "bank", "Bank transfer"
        CARD = "card", "Card"
        CHECK = "check", "Check"
        CASH = "cash", "Cash"
        OTHER = "other", "Other"
        BOOKS = "books", "Accounting system"
        CREDIT = "credit", "Credit"
        DIFFERENCE = "differ", "Difference of totals"

    TAKEN_HERE = (Method.BANK, Method.CARD, Method.CHECK, Method.CASH, Method.OTHER)

    invoice = models.ForeignKey("invoices.Invoice", models.PROTECT, related_name="payments")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.PAYMENT)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    received_on = models.DateField()
    method = models.CharField(max_length=6, choices=Method.choices, default=Method.BANK)
    reference = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    removed_at = models.DateTimeField(null=True, editable=False)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    removed_reason = models.CharField(max_length=200, blank=True, editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["received_on", "id"]
        indexes = [models.Index(fields=["received_on", "id"], name="payment_by_day")]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="payment_amount_positive",
                violation_error_message="The amount must be more than 0.",
            ),
        ]

    @property
    def title(self) -> str:
        """What people call it; nobody paid a difference."""
        differs = self.method == self.Method.DIFFERENCE
        return self.get_method_display() if differs else self.get_kind_display()

    @property
    def taken_here(self) -> bool:
        """Whether a person wrote it down here; others came from the accounting system."""
        return self.method in self.TAKEN_HERE
