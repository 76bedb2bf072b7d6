"""Our invoices at the other end, and what differs there."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounting import findings, planning, tasks, voiding
from accounting.filters import FindingFilter, RemoteInvoiceFilter
from accounting.models import Finding, RemoteInvoice
from atera_invoicing.viewsets import (
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    StrictSerializer,
)

from .exports import ExportSerializer, PlannedSerializer, PlanSerializer
from .shared import ANSWER, EXPORT, SEE, VOID


class RemoteInvoiceSerializer(RowSerializer):
    class Meta:
        model = RemoteInvoice
        fields = read_only_fields = [
            "id", "connection", "invoice", "remote_id", "number", "status", "subtotal", "tax",
            "total", "balance", "url", "draft", "linked", "seen_at",
        ]  # fmt: skip


class VoidSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=200)


class RemoteInvoiceViewSet(Listing, Retrieving, Endpoint):
    """Our invoices at the provider, as last seen."""

    queryset = RemoteInvoice.objects.all()
    serializer_class = row_serializer = RemoteInvoiceSerializer
    filterset_class = RemoteInvoiceFilter
    permissions = {
        "list": SEE, "retrieve": SEE, "void": VOID, "void_there": VOID, "send": EXPORT,
        "plan": EXPORT,
    }  # fmt: skip

    @extend_schema(request=VoidSerializer, responses=ExportSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: str) -> Response:
        """Void it here, which frees its work, and there."""
        reason = self.given(VoidSerializer)["reason"]
        export = voiding.void(self.get_object(), reason=reason, by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(ExportSerializer(export).data)

    @extend_schema(request=None, responses=ExportSerializer)
    @action(detail=True, methods=["post"], url_path="void-there")
    def void_there(self, request: Request, pk: str) -> Response:
        """Void there what is voided here already."""
        export = voiding.void_there(self.get_object(), by=request.user, now=self.now)
        tasks.ring(export.connection)
        return Response(ExportSerializer(export).data)

    @extend_schema(responses=PlanSerializer)
    @action(detail=True, methods=["get"])
    def plan(self, request: Request, pk: str) -> Response:
        """What sending it again would change there, old and new value of each field."""
        remote = self.get_object()
        return Response(PlanSerializer(planning.resend(remote.connection, remote)).data)

    @extend_schema(request=PlannedSerializer, responses=ExportSerializer)
    @action(detail=True, methods=["post"])
    def send(self, request: Request, pk: str) -> Response:
        """Write it there anew, as it is here now; refused when it is paid or was changed there.
        What was deleted there goes as a new document, unless its number stays taken there, and what
        was accepted as it is there is undone.
        """
        plan_hash = self.given(PlannedSerializer).get("plan", "")
        export = voiding.send(self.get_object(), by=request.user, now=self.now, plan_hash=plan_hash)
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

    queryset = Finding.objects.shown()
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

    @extend_schema(request=PlannedSerializer, responses=ExportSerializer)
    @action(detail=True, methods=["post"])
    def push(self, request: Request, pk: str) -> Response:
        """Write ours over what is there; the remote invoice's plan says what that changes."""
        plan_hash = self.given(PlannedSerializer).get("plan", "")
        finding = self.get_object()
        export = findings.push(finding, by=request.user, now=self.now, plan_hash=plan_hash)
        tasks.ring(export.connection)
        return Response(ExportSerializer(export).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def ignore(self, request: Request, pk: str) -> Response:
        """Leave it as it is."""
        done = findings.ignore(self.get_object(), by=request.user, now=self.now)
        return Response(self.shown(done))
