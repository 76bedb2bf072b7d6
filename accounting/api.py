"""REST of the accounting connection: the same verbs, filters and permissions as its pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from atera_invoicing.viewsets import (
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    StrictSerializer,
)

from . import findings, outbox, planning, progress, tasks, timepush, voiding
from .filters import ExportFilter, FindingFilter
from .models import Connection, Export, Finding, Link, RemoteInvoice

SEE, EXPORT, ANSWER = (
    "accounting.view_connection", "accounting.export", "accounting.answer_finding",
)  # fmt: skip
VOID = "invoices.void_invoice"
MOST = 1000


class ConnectionSerializer(RowSerializer):
    class Meta:
        model = Connection
        fields = read_only_fields = [
            "id", "provider", "state", "company_id", "company_name", "company_url", "currency",
            "tax_mode", "numbering", "auto_export", "go_live", "lost_at", "lost_reason",
            "paused_at", "held_until", "held_reason", "polled_at", "committed_at", "closed_at",
        ]  # fmt: skip


class ProgressSerializer(serializers.Serializer):
    """How far the export is. `eta` is empty while nothing moves; `still` says why."""

    left = serializers.IntegerField()
    done = serializers.IntegerField()
    checking = serializers.IntegerField()
    needs_you = serializers.IntegerField()
    eta = serializers.DateTimeField(allow_null=True)
    still = serializers.CharField()


class ConnectionViewSet(Listing, Retrieving, Endpoint):
    """Connections to accounting systems, ended ones too. Secrets are never shown."""

    queryset = Connection.objects.all()
    serializer_class = row_serializer = ConnectionSerializer
    permissions = {
        "list": SEE, "retrieve": SEE, "progress": SEE, "pause": EXPORT, "resume": EXPORT,
    }  # fmt: skip

    @extend_schema(responses=ProgressSerializer)
    @action(detail=True)
    def progress(self, request: Request, pk: str) -> Response:
        """How far the export is, and when it will be done."""
        made = progress.of(self.get_object(), now=self.now)
        return Response(ProgressSerializer(made).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Send nothing new for now."""
        return Response(self.shown(outbox.pause(self.get_object(), now=self.now)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on sending."""
        connection = outbox.resume(self.get_object(), now=self.now)
        tasks.ring(connection)
        return Response(self.shown(connection))


class LinkSerializer(RowSerializer):
    class Meta:
        model = Link
        fields = read_only_fields = [
            "id", "connection", "kind", "customer", "item", "tax_rate", "person", "action",
            "origin", "remote_id", "remote_name", "confirmed",
        ]  # fmt: skip


class LinkViewSet(Listing, Retrieving, Endpoint):
    """Which record of ours is which record there."""

    queryset = Link.objects.all()
    serializer_class = row_serializer = LinkSerializer
    filterset_fields = ["connection", "kind", "action"]
    permissions = {"list": SEE, "retrieve": SEE}


class ExportSerializer(RowSerializer):
    class Meta:
        model = Export
        fields = read_only_fields = [
            "id", "connection", "run", "invoice", "time_entry", "operation", "state", "generation",
            "remote_id", "code", "message", "field", "queued_at", "run_at", "settled_at",
        ]  # fmt: skip


class InvoicesSerializer(StrictSerializer):
    """Which invoices are meant."""

    invoices = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST
    )


class QueueSerializer(InvoicesSerializer):
    plan = serializers.RegexField(
        r"^[0-9a-f]{64}\Z",
        required=False,
        help_text="The hash of a plan; when it no longer holds, nothing is queued.",
    )


class TimeSerializer(StrictSerializer):
    time_entries = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST
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
        "list": SEE, "retrieve": SEE, "create": EXPORT, "plan": EXPORT, "time": EXPORT,
        "retry": EXPORT, "cancel": EXPORT,
    }  # fmt: skip

    @extend_schema(request=QueueSerializer, responses={202: RunSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Queue invoices. Those that are not ready, or there already, are passed over."""
        data = self.given(QueueSerializer)
        connection = outbox.active()
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
        return Response(PlanSerializer(planning.make(outbox.active(), ids)).data)

    @extend_schema(request=TimeSerializer, responses={202: ExportSerializer(many=True)})
    @action(detail=False, methods=["post"])
    def time(self, request: Request) -> Response:
        """Send resolved, billable time without an invoice. It can't be invoiced afterwards."""
        ids = self.given(TimeSerializer)["time_entries"]
        connection = outbox.active()
        made = timepush.push(connection, ids, by=request.user, now=self.now)
        tasks.ring(connection)
        return Response([self.shown(export) for export in made], status=202)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Try again what was rejected, written anew."""
        export = outbox.retry(self.get_object(), by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(self.shown(export))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Take back what was not sent yet."""
        return Response(self.shown(outbox.cancel(self.get_object(), by=request.user, now=self.now)))


class RemoteInvoiceSerializer(RowSerializer):
    class Meta:
        model = RemoteInvoice
        fields = read_only_fields = [
            "id", "connection", "invoice", "remote_id", "number", "status", "subtotal", "tax",
            "total", "balance", "url", "linked", "seen_at",
        ]  # fmt: skip


class VoidSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=200)


class RemoteInvoiceViewSet(Listing, Retrieving, Endpoint):
    """Our invoices at the provider, as last seen."""

    queryset = RemoteInvoice.objects.all()
    serializer_class = row_serializer = RemoteInvoiceSerializer
    filterset_fields = ["connection", "invoice", "status"]
    permissions = {"list": SEE, "retrieve": SEE, "void": VOID, "send": EXPORT}

    @extend_schema(request=VoidSerializer, responses=ExportSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: str) -> Response:
        """Void it here, which frees its work, and there."""
        reason = self.given(VoidSerializer)["reason"]
        export = voiding.void(self.get_object(), reason=reason, by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(ExportSerializer(export).data)

    @extend_schema(request=None, responses=ExportSerializer)
    @action(detail=True, methods=["post"])
    def send(self, request: Request, pk: str) -> Response:
        """Write it there anew, as it is here now; refused when it is paid or was changed there."""
        export = voiding.update(self.get_object(), by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(ExportSerializer(export).data)


class FindingSerializer(RowSerializer):
    class Meta:
        model = Finding
        fields = read_only_fields = [
            "id", "connection", "invoice", "kind", "differences", "found_at", "answer",
            "answered_at", "answered_by",
        ]  # fmt: skip


class FindingViewSet(Listing, Retrieving, Endpoint):
    """What differs at the provider. Nothing changes until somebody decides."""

    queryset = Finding.objects.all()
    serializer_class = row_serializer = FindingSerializer
    filterset_class = FindingFilter
    permissions = {
        "list": SEE, "retrieve": SEE, "accept": ANSWER, "push": ANSWER, "ignore": ANSWER,
    }  # fmt: skip

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Take it as it is there; what was voided or deleted there is voided here."""
        done = findings.accept(self.get_object(), by=request.user, now=self.now)
        return Response(self.shown(done))

    @extend_schema(request=None, responses=ExportSerializer)
    @action(detail=True, methods=["post"])
    def push(self, request: Request, pk: str) -> Response:
        """Write ours over what is there."""
        finding = self.get_object()
        export = findings.push(finding, by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(ExportSerializer(export).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def ignore(self, request: Request, pk: str) -> Response:
        """Leave it as it is."""
        done = findings.ignore(self.get_object(), by=request.user, now=self.now)
        return Response(self.shown(done))
