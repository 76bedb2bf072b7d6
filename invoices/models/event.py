"""What happened to an invoice or batch, by whom. Append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Event(models.Model):
    """One act. `code` names it ("issued", "renumbered"); `facts` holds its values, JSON-ready."""

    invoice = models.ForeignKey(
        "invoices.Invoice", models.CASCADE, null=True, related_name="events"
    )
    batch = models.ForeignKey("invoices.Batch", models.CASCADE, null=True, related_name="events")
    code = models.CharField(max_length=30)
    text = models.CharField(max_length=400, help_text="A sentence for people.")
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(invoice__isnull=False) | Q(batch__isnull=False),
                name="event_has_subject",
            ),
        ]
