"""Invoice numbers: a counter row per series, and a row for every number ever used."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class NumberSeries(models.Model):
    """The last number given in a series. Locked while a number is taken, so there are no gaps."""

    prefix = models.CharField(
        max_length=12, help_text="As set in Whitelabel, with {YYYY} not yet replaced."
    )
    year = models.PositiveSmallIntegerField(default=0, help_text="0 when the prefix has no year.")
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="series_once")]


class InvoiceNumber(models.Model):
    """A number that was given to an invoice, ever. Never removed, so no number is used twice."""

    key = models.CharField(max_length=21, unique=True, help_text="Upper case, without blanks.")
    number = models.CharField(max_length=21)
    invoice = models.ForeignKey("invoices.Invoice", models.PROTECT, related_name="numbers")
    used_from = models.DateTimeField()
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(key=""), name="invoice_number_not_empty")
        ]
