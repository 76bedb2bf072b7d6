"""Which record of ours is which there: what was read, what is suggested, what was decided."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounting import staging
from accounting.filters import LinkFilter, RecordFilter
from accounting.models import Link, RemoteRecord
from atera_invoicing.viewsets import (
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    StrictSerializer,
)

from .shared import CHANGE, SEE


class LinkSerializer(RowSerializer):
    class Meta:
        model = Link
        fields = read_only_fields = [
            "id", "connection", "kind", "customer", "item", "tax_rate", "person", "action",
            "origin", "remote_id", "remote_name", "confirmed", "their_price", "score",
        ]  # fmt: skip


class RecordChoiceSerializer(StrictSerializer):
    remote_id = serializers.CharField(max_length=64, help_text="Of a record that was read.")


class LinkViewSet(Listing, Retrieving, Endpoint):
    """Which record of ours is which record there."""

    queryset = Link.objects.all()
    serializer_class = row_serializer = LinkSerializer
    filterset_class = LinkFilter
    permissions = {"list": SEE, "retrieve": SEE, "choose": CHANGE}

    @extend_schema(request=RecordChoiceSerializer)
    @action(detail=True, methods=["post"])
    def choose(self, request: Request, pk: str) -> Response:
        """Link it with this record. On a connection in use it holds at once."""
        remote_id = self.given(RecordChoiceSerializer)["remote_id"]
        link = staging.choose(self.get_object(), remote_id, by=request.user, now=self.now)
        return Response(self.shown(link))


class RecordSerializer(RowSerializer):
    class Meta:
        model = RemoteRecord
        fields = read_only_fields = ["id", "connection", "kind", "remote_id", "name", "active"]


class RecordViewSet(Listing, Retrieving, Endpoint):
    """Records there, as they were last read: what a link can be chosen from."""

    queryset = RemoteRecord.objects.all()
    serializer_class = row_serializer = RecordSerializer
    filterset_class = RecordFilter
    permissions = {"list": SEE, "retrieve": SEE}
