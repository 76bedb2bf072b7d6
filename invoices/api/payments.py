"""REST: payments and refunds."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from atera_invoicing.viewsets import (
    Creating,
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    StrictSerializer,
    validation,
)
from invoices import paying
from invoices.filters import PaymentFilter
from invoices.models import Payment

SEE, RECORD = "invoices.view_invoice", "invoices.record_payment"


class PaymentSerializer(RowSerializer):
    class Meta:
        model = Payment
        fields = [
            "id",
            "invoice",
            "kind",
            "amount",
            "received_on",
            "method",
            "reference",
            "created_at",
            "removed_at",
            "removed_reason",
        ]
        read_only_fields = ["created_at", "removed_at", "removed_reason"]

    def validate_method(self, value: str) -> str:
        """What came from the accounting system is shown, and not typed in."""
        if value not in Payment.TAKEN_HERE:
            known = ", ".join(Payment.TAKEN_HERE)
            raise serializers.ValidationError(
                f"Only the accounting system writes this. Use {known}."
            )
        return value


class ReasonSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=200)


class PaymentViewSet(Listing, Retrieving, Creating, Endpoint):
    """Money that came in or went back. Recorded once; a mistake is removed with a reason."""

    queryset = Payment.objects.all()
    serializer_class = row_serializer = PaymentSerializer
    filterset_class = PaymentFilter
    permissions = {"list": SEE, "retrieve": SEE, "create": RECORD, "remove": RECORD}

    def create_by_verb(self, data: dict[str, Any]) -> Payment:
        with validation():
            return paying.record(data.pop("invoice"), by=self.request.user, now=self.now, **data)

    @extend_schema(request=ReasonSerializer, responses=PaymentSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take a payment or refund back; the row stays, marked."""
        payment = self.get_object()
        reason = self.given(ReasonSerializer)["reason"]
        paying.remove(payment, reason=reason, by=request.user, now=self.now)
        return Response(self.shown(payment))
