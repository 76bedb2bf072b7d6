"""A batch: the contracts somebody chose to bill, and how far that has come."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from atera_invoicing.models import Leased, Level
from contracts.models import Contract


class Batch(Leased):
    """A month's bills, written in the background. The row and its parts are the job."""

    class State(models.TextChoices):
        WRITING = "writing", "Writing drafts"
        READY = "ready", "Ready"
        ISSUING = "issuing", "Issuing"
        DELETING = "deleting", "Deleting"

    uid = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        help_text="Given by whoever asks, so that a repeat is recognised.",
    )
    name = models.CharField(max_length=80)
    level = models.CharField(
        max_length=8,
        choices=Level.choices,
        blank=True,
        default="",
        help_text="Empty: each contract's own level.",
    )
    through = models.DateField(help_text="Work and periods up to this day.")
    invoice_date = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WRITING)
    total_steps = models.PositiveIntegerField(
        default=0, help_text="Of what the state names: parts to write, invoices to issue."
    )
    done_steps = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["writing", "ready", "issuing", "deleting"]),
                name="batch_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_busy(self) -> bool:
        return self.state != self.State.READY

    @property
    def percent(self) -> int:
        return 100 * self.done_steps // self.total_steps if self.total_steps else 100


class BatchPart(models.Model):
    """One contract in a batch: what was chosen, and what became of it."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        WRITTEN = "written", "Written"
        EMPTY = "empty", "Nothing to bill"
        FAILED = "failed", "Not billed"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="parts")
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+")
    periods = models.JSONField(
        default=list,
        help_text="First days (ISO dates) of the chosen periods; empty list: all that are due.",
    )
    left_out = models.JSONField(
        default=list, help_text='Sources left out, as "entry:7" or "item:9".'
    )
    early_reason = models.CharField(
        max_length=200, blank=True, help_text="Why open periods may be billed."
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    message = models.TextField(blank=True, help_text="Why nothing, or not everything, was billed.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "contract"], name="batch_contract_once"),
        ]


class Download(Leased):
    """A file made in the background from many invoices."""

    class Kind(models.TextChoices):
        PDF = "pdf", "One PDF"
        ZIP = "zip", "ZIP of PDFs"

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=3, choices=Kind.choices)
    name = models.CharField(max_length=120, help_text="File name without ending.")
    invoice_ids = models.JSONField(default=list)
    total_steps = models.PositiveIntegerField(default=0)
    done_steps = models.PositiveIntegerField(default=0)
    file = models.CharField(
        max_length=200, blank=True, help_text="Path below MEDIA_ROOT once it is ready."
    )
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="downloads"
    )

    class Meta:
        ordering = ["-id"]

    @property
    def percent(self) -> int:
        return 100 * self.done_steps // self.total_steps if self.total_steps else 0
