"""What goes to the provider, call by call, so that it arrives exactly once."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from atera_invoicing.models import Leased
from contracts.models import TimeEntry
from invoices.models import Invoice

from .connection import Connection


class Run(models.Model):
    """What somebody asked to be exported in one go, with the plan that was looked at."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="runs")
    plan_hash = models.CharField(max_length=64, help_text="SHA-256 of the plan that was confirmed.")
    total = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]


class Call(models.Model):
    """One request with frozen bytes and a fixed key. Whatever becomes of its answer, it is sent
    again only as it is, or proved to have had no effect.
    """

    class State(models.TextChoices):
        SENDING = "sending", "Sent, no answer yet"
        UNKNOWN = "unknown", "Answer lost"
        ANSWERED = "answered", "Answered"
        DROPPED = "dropped", "Proved to have had no effect"

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="calls")
    operation = models.CharField(max_length=6, help_text="A port.Operation.")
    key = models.CharField(max_length=36, unique=True)
    body = models.BinaryField()
    places = models.JSONField(help_text="Names of the documents in the call, in order.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.SENDING)
    first_sent_at = models.DateTimeField()
    sent_at = models.DateTimeField(help_text="The latest try.")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["connection", "state"], name="call_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["sending", "unknown", "answered", "dropped"]),
                name="call_state_known",
            ),
        ]


class Export(Leased):
    """One thing that is done to one document at the provider: create, update or void it.

    The document is frozen when it is queued; a changed one is a new generation with a new key.
    Allowed moves: queued -> sending -> sent; sending -> waiting -> sending; sending -> unknown,
    which leaves only by adopting the remote document (sent) or proving that there is none
    (queued); sending -> rejected -> queued (retry); queued, waiting, rejected -> cancelled; sent ->
    replaced, when what it created was deleted there and goes again. Cutting the connection leaves
    what is unknown as cancelled with the code of what is left over; from there it becomes unknown
    again when the same company is connected.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        WAITING = "waiting", "Waiting"
        UNKNOWN = "unknown", "Checking"
        REJECTED = "rejected", "Needs you"
        SENT = "sent", "Done"
        CANCELLED = "cancelled", "Cancelled"
        REPLACED = "replaced", "Deleted there since"

    class Operation(models.TextChoices):
        CREATE = "create", "Create"
        UPDATE = "update", "Update"
        VOID = "void", "Void"

    class Priority(models.IntegerChoices):
        URGENT = 0, "A person waits for it"
        NORMAL = 5, "One of many"

    UNCLEAR = "unclear"  # the code of what a person must look for there
    LEFT = "left_over"  # the code of what may be there, sent over a connection that was cut
    OPEN = (State.QUEUED, State.SENDING, State.WAITING, State.UNKNOWN, State.REJECTED)
    READY = (State.QUEUED, State.WAITING)  # to be sent when their time has come

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="exports")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="exports")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="exports")
    time_entry = models.ForeignKey(TimeEntry, models.PROTECT, null=True, related_name="exports")
    operation = models.CharField(max_length=6, choices=Operation.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    priority = models.PositiveSmallIntegerField(
        default=Priority.NORMAL, help_text="0: a person waits for it. Lower goes first."
    )
    generation = models.PositiveIntegerField(default=1)
    document = models.JSONField(help_text="The frozen document, see documents.py.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the document.")
    marker = models.CharField(max_length=80, help_text="Stands in the remote document.")
    call = models.ForeignKey(Call, models.SET_NULL, null=True, related_name="exports")
    place = models.CharField(max_length=36, blank=True, help_text="Its name in the call.")
    alone = models.BooleanField(
        default=False, help_text="Sent in a call of its own: in company it spoilt one."
    )
    unknown_since = models.DateTimeField(null=True)
    code = models.CharField(max_length=40, blank=True, help_text="A stable code of ours.")
    message = models.TextField(blank=True, help_text="What happened and who can mend it.")
    field = models.CharField(max_length=60, blank=True)
    remote_id = models.CharField(max_length=64, blank=True)
    queued_at = models.DateTimeField()
    queued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, help_text="Sent or cancelled.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["connection", "priority", "id"],
                condition=Q(state__in=["queued", "waiting"]),
                name="export_next",
            ),
            models.Index(fields=["invoice", "-id"], name="export_by_invoice"),
            models.Index(fields=["run", "state"], name="export_by_run"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "invoice"],
                condition=Q(operation="create", invoice__isnull=False)
                & ~Q(state__in=["cancelled", "replaced"]),
                name="export_created_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "time_entry"],
                condition=Q(operation="create", time_entry__isnull=False) & ~Q(state="cancelled"),
                name="export_time_created_once",
            ),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(invoice__isnull=False)
                & Q(state__in=["queued", "sending", "waiting", "unknown", "rejected"]),
                name="export_one_open",
            ),
            models.UniqueConstraint(
                fields=["time_entry"],
                condition=Q(time_entry__isnull=False)
                & Q(state__in=["queued", "sending", "waiting", "unknown", "rejected"]),
                name="export_time_one_open",
            ),
            models.UniqueConstraint(
                fields=["connection", "remote_id"],
                condition=Q(operation="create", invoice__isnull=False) & ~Q(remote_id=""),
                name="export_remote_once",
            ),
            models.CheckConstraint(
                condition=Q(invoice__isnull=False, time_entry__isnull=True)
                | Q(invoice__isnull=True, time_entry__isnull=False),
                name="export_one_source",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "queued", "sending", "waiting", "unknown", "rejected", "sent", "cancelled",
                        "replaced",
                    ]
                ),
                name="export_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "unknown"]) | Q(call__isnull=False),
                name="export_under_way_has_call",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "replaced"]) | ~Q(remote_id=""),
                name="export_sent_has_remote",
            ),
        ]  # fmt: skip

    @property
    def is_unclear(self) -> bool:
        """Nobody can tell whether it arrived, and a person must say."""
        return self.state == self.State.REJECTED and self.code == self.UNCLEAR

    @property
    def takes_time_back(self) -> bool:
        """Whether it deletes time there."""
        return self.operation == self.Operation.VOID and self.time_entry_id is not None

    @property
    def what(self) -> str:
        """What is done, in a word or two."""
        return "Take back" if self.takes_time_back else self.get_operation_display()

    def __str__(self) -> str:
        return f"{self.what} {self.invoice or self.time_entry}"


class Attempt(models.Model):
    """One try of a call, for people and for the provider's support. No bodies, no tokens."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    seconds = models.FloatField()
    outcome = models.CharField(max_length=12, help_text="answered, unavailable, unknown, ...")
    code = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=400, blank=True)
    reference = models.CharField(
        max_length=80, blank=True, help_text="What the provider's support asks for."
    )

    class Meta:
        ordering = ["id"]


class PassedOver(models.Model):
    """An invoice that the export by itself could not take, and when it was looked at."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="passed_over")
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="+")
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "invoice"], name="passed_over_once"),
        ]
