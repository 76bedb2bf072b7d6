"""A connection to one company file, from the wizard's first click to long after it is cut."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounting import secrets
from accounting.providers.port import Kind


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def live(self) -> ConnectionQuerySet:
        """The active one and the draft of a wizard."""
        return self.filter(state__in=["draft", "active"])

    def active(self) -> ConnectionQuerySet:
        """The one in use, if any."""
        return self.filter(state="active")


class Connection(models.Model):
    """A draft stages: nothing outside it changes until it is committed. At most one is a draft, at
    most one is active. A closed one keeps its links and exports for ever.

    `lost_at` says that the provider no longer lets us in; the connection stays active, its export
    stands still, and reconnecting the same company heals it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Being set up"
        ACTIVE = "active", "Connected"
        CLOSED = "closed", "Disconnected"
        ABANDONED = "abandoned", "Set-up cancelled"

    class TaxMode(models.TextChoices):
        PROVIDER = "provider", "The accounting system computes tax"
        CODES = "codes", "A tax code on each line"

    class Numbering(models.TextChoices):
        OURS = "ours", "Our invoice numbers"
        THEIRS = "theirs", "The accounting system numbers them"

    class AutoExport(models.TextChoices):
        OFF = "off", "By hand"
        ON_ISSUE = "on_issue", "When a batch is issued"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.CharField(max_length=10, help_text="A key of the registry.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(
        default=1, help_text="Goes up with each change of the wizard; a stale one is refused."
    )
    # The company
    company_id = models.CharField(max_length=64, blank=True)
    company_name = models.CharField(max_length=200, blank=True)
    company_url = models.URLField(max_length=300, blank=True)
    country = models.CharField(max_length=80, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    facts = models.JSONField(default=dict, help_text="What only the adapter reads.")
    takes_numbers = models.BooleanField(default=True)
    takes_time = models.BooleanField(default=False)
    tax_modes = models.JSONField(default=list, help_text="Those it allows, the usual one first.")
    closed_through = models.DateField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, help_text="When the lists were last read.")
    # Secrets. Only connecting.py touches these four.
    sealed = models.TextField(blank=True, editable=False)
    generation = models.PositiveIntegerField(default=0, help_text="Goes up with each new token.")
    refresh_owner = models.CharField(max_length=64, blank=True, default="")
    refresh_until = models.DateTimeField(null=True)
    access_expires_at = models.DateTimeField(null=True)
    refresh_expires_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    lost_reason = models.CharField(max_length=300, blank=True)
    # Settings, chosen in the wizard
    tax_mode = models.CharField(max_length=8, choices=TaxMode.choices, blank=True)
    numbering = models.CharField(max_length=6, choices=Numbering.choices, default=Numbering.OURS)
    auto_export = models.CharField(max_length=8, choices=AutoExport.choices, default=AutoExport.OFF)
    income_account_id = models.CharField(max_length=64, blank=True)
    fallback_item_id = models.CharField(
        max_length=64, blank=True, help_text="Takes lines that were typed in."
    )
    untaxed_id = models.CharField(
        max_length=64, blank=True, help_text="Tax code of lines without tax, where each needs one."
    )
    go_live = models.DateField(
        null=True, blank=True, help_text="Invoices of earlier days are not exported."
    )
    options = models.JSONField(
        default=dict, help_text="What was chosen of the provider's own options, by key."
    )
    step = models.CharField(max_length=20, blank=True, help_text="Where the wizard was left.")
    snapshot = models.JSONField(
        null=True, help_text="Configuration as it was before the commit; disconnect restores it."
    )
    # Export
    paused_at = models.DateTimeField(null=True, help_text="By a person.")
    held_until = models.DateTimeField(null=True, help_text="The provider asked us to wait.")
    held_reason = models.CharField(max_length=300, blank=True)
    sender = models.CharField(max_length=64, blank=True, default="", help_text="Who sends now.")
    sender_until = models.DateTimeField(null=True)
    spent = models.JSONField(default=dict, help_text="Requests of the last minute and of the day.")
    # Status back
    cursor = models.CharField(max_length=200, blank=True)
    polled_at = models.DateTimeField(null=True)
    poll_at = models.DateTimeField(null=True, db_index=True, help_text="When to look next.")
    looked_at = models.DateTimeField(null=True, help_text="When the last look began.")
    look_refused = models.CharField(
        max_length=400, blank=True, help_text="Why the last look was refused; somebody must act."
    )
    swept_at = models.DateTimeField(null=True, help_text="When the last sweep ended.")
    sweep_at = models.DateTimeField(
        null=True, db_index=True, help_text="When the sweep that is under way goes on."
    )
    swept_to = models.PositiveBigIntegerField(
        default=0, help_text="The last RemoteInvoice that it has looked at."
    )
    sweep_part = models.PositiveSmallIntegerField(
        null=True, help_text="Which part of the settled ones it looks at; null: at all."
    )

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    touched_at = models.DateTimeField(help_text="Last act in the wizard; a draft expires.")
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who sets the draft up; another person takes it over first.",
    )
    committed_at = models.DateTimeField(null=True)
    committed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="connection_one_active"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="draft"), name="connection_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "active", "closed", "abandoned"]),
                name="connection_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="active")
                | Q(committed_at__isnull=False, snapshot__isnull=False) & ~Q(company_id=""),
                name="connection_active_is_committed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["closed", "abandoned"]) | Q(sealed=""),
                name="connection_ended_has_no_tokens",
            ),
        ]

    def __str__(self) -> str:
        return self.company_name or self.provider

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def known(self) -> dict[str, Any]:
        """The company's facts with what somebody chose for it, as the provider wants them."""
        chosen = {"options": self.options, "income_account_id": self.income_account_id}
        return {**self.facts, **chosen}

    @property
    def is_lost(self) -> bool:
        return self.lost_at is not None

    def keep(self, secret: dict[str, Any]) -> None:
        """Put tokens on the row, sealed; does not save it."""
        self.sealed = secrets.seal(secret, owner=str(self.uid)) if secret else ""

    def reveal(self) -> dict[str, Any]:
        """The tokens; empty when there are none."""
        return secrets.unseal(self.sealed, owner=str(self.uid)) if self.sealed else {}


class Consent(models.Model):
    """A trip of somebody's browser to the provider and back. Its state is used once, by the one who
    left, within minutes. Only a hash of it is kept.
    """

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the state.")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="consents")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    session_digest = models.CharField(max_length=64, help_text="SHA-256 of the session's key.")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class RemoteRecord(models.Model):
    """A record of the provider as it was last read: what links point at and forms offer."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="records")
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in Kind])
    remote_id = models.CharField(max_length=64)
    name = models.CharField(max_length=500)
    version = models.CharField(max_length=40, blank=True)
    active = models.BooleanField(default=True)
    facts = models.JSONField(default=dict, help_text="The rest of a port.Record, JSON-ready.")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "remote_id"], name="remote_record_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
