"""The export: plan, queue, try again, take back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounting import connected, outbox, planning, taking_back, tasks, timepush, unclear
from accounting.filters import ExportFilter
from accounting.models import Export
from atera_invoicing.viewsets import (
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    StrictSerializer,
)

from .shared import EXPORT, MOST, SEE


class ExportSerializer(RowSerializer):
    class Meta:
        model = Export
        fields = read_only_fields = [
            "id", "connection", "run", "invoice", "time_entry", "operation", "state", "generation",
            "remote_id", "code", "message", "field", "priority", "queued_by", "queued_at", "run_at",
            "settled_at",
        ]  # fmt: skip


class AttemptSerializer(serializers.Serializer):
    """One try of the call that it went or goes in."""

    at = serializers.DateTimeField()
    seconds = serializers.FloatField()
    outcome = serializers.CharField(help_text="answered, unavailable, unknown, rejected, ...")
    code = serializers.CharField()
    text = serializers.CharField()
    reference = serializers.CharField(help_text="What the provider's support asks for.")


class InvoicesSerializer(StrictSerializer):
    """Which invoices are meant."""

    invoices = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST
    )


class PlannedSerializer(StrictSerializer):
    plan = serializers.RegexField(
        r"^[0-9a-f]{64}\Z",
        required=False,
        help_text="The hash of a plan; when it no longer holds, nothing is queued.",
    )


class QueueSerializer(InvoicesSerializer, PlannedSerializer):
    """Which invoices, and what was shown of them."""


class TimeSerializer(StrictSerializer):
    time_entries = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST
    )


class ThereSerializer(StrictSerializer):
    number = serializers.CharField(
        max_length=40, default="", allow_blank=True, help_text="Of a new invoice, as it is there."
    )


class RunSerializer(serializers.Serializer):
    uid = serializers.UUIDField()
    queued = serializers.IntegerField(source="total")


class ChangeSerializer(serializers.Serializer):
    field = serializers.CharField()  # type: ignore[assignment]
    old = serializers.CharField()
    new = serializers.CharField()


class PlanRowSerializer(serializers.Serializer):
    action = serializers.ChoiceField([each.value for each in planning.Action])
    kind = serializers.CharField()
    name = serializers.CharField()
    local_id = serializers.IntegerField()
    changes = ChangeSerializer(many=True)
    why = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField(help_text="Who gets an invoice, and why.")
    digest = serializers.CharField(help_text="SHA-256 of the whole document.")
    there = serializers.IntegerField(
        allow_null=True, help_text="The remote invoice that was deleted and can be sent anew."
    )


class PlanSerializer(serializers.Serializer):
    hash = serializers.CharField()
    rows = PlanRowSerializer(many=True)


class ExportViewSet(Listing, Retrieving, Endpoint):
    """What goes or went to the accounting system. Each invoice arrives exactly once."""

    queryset = Export.objects.all()
    serializer_class = row_serializer = ExportSerializer
    filterset_class = ExportFilter
    reads = ("plan",)
    permissions = {
        "list": SEE, "retrieve": SEE, "attempts": SEE, "create": EXPORT, "plan": EXPORT,
        "time": EXPORT, "retry": EXPORT, "cancel": EXPORT, "there": EXPORT, "absent": EXPORT,
        "take_back": EXPORT,
    }  # fmt: skip

    @extend_schema(request=QueueSerializer, responses={202: RunSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Queue invoices. Those that are not ready, or there already, are passed over."""
        data = self.given(QueueSerializer)
        connection = connected.active()
        run = outbox.queue(
            connection, data["invoices"], by=request.user, now=self.now,
            plan_hash=data.get("plan", ""),
        )  # fmt: skip
        tasks.ring(connection)
        return Response(RunSerializer(run).data, status=202)

    @extend_schema(request=InvoicesSerializer, responses=PlanSerializer)
    @action(detail=False, methods=["post"])
    def plan(self, request: Request) -> Response:
        """What an export of these invoices would do, value by value. Writes nothing."""
        ids = self.given(InvoicesSerializer)["invoices"]
        return Response(PlanSerializer(planning.make(connected.active(), ids)).data)

    @extend_schema(request=TimeSerializer, responses={202: ExportSerializer(many=True)})
    @action(detail=False, methods=["post"])
    def time(self, request: Request) -> Response:
        """Send resolved, billable time without an invoice. It can't be invoiced afterwards."""
        ids = self.given(TimeSerializer)["time_entries"]
        connection = connected.active()
        made = timepush.push(connection, ids, by=request.user, now=self.now)
        tasks.ring(connection)
        return Response([self.shown(export) for export in made], status=202)

    @extend_schema(responses=AttemptSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def attempts(self, request: Request, pk: str) -> Response:
        """Every try of its call, oldest first; none before it was sent."""
        call = self.get_object().call
        tries = call.attempts.all() if call else []
        return Response(AttemptSerializer(tries, many=True).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Try again what was rejected, written anew; an unclear one is looked for again."""
        export = outbox.retry(self.get_object(), by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(self.shown(export))

    @extend_schema(request=None, responses={202: ExportSerializer})
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, pk: str) -> Response:
        """Delete there the time that this one sent; it is free here after that."""
        export = taking_back.queue(self.get_object(), by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(self.shown(export), status=202)

    @extend_schema(request=ThereSerializer)
    @action(detail=True, methods=["post"])
    def there(self, request: Request, pk: str) -> Response:
        """Of an unclear one: it is there, under this number, and is linked. Nothing is sent."""
        number = self.given(ThereSerializer)["number"]
        done = unclear.there(self.get_object(), number=number, by=request.user, now=self.now)
        return Response(self.shown(done))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def absent(self, request: Request, pk: str) -> Response:
        """Of an unclear one: it is not there, and goes again."""
        export = unclear.absent(self.get_object(), by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(self.shown(export))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Take back what was not sent yet."""
        return Response(self.shown(outbox.cancel(self.get_object(), by=request.user, now=self.now)))
