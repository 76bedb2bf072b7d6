"""REST: preview a month, bill it in the background, issue or delete it as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from atera_invoicing.models import Installation, Level
from atera_invoicing.viewsets import (
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    StrictSerializer,
)
from contracts.models import Contract
from invoices import batches, choosing, tasks
from invoices.choosing import Choice, Chosen
from invoices.filters import BatchFilter
from invoices.models import Batch, BatchPart

from .preview import PreviewSerializer, preview

SEE, WRITE = "invoices.preview_batch", "invoices.write_batch"
COLUMNS = [
    "id",
    "uid",
    "name",
    "level",
    "through",
    "invoice_date",
    "state",
    "total_steps",
    "done_steps",
    "created_at",
]


class BatchRow(RowSerializer):
    class Meta:
        model = Batch
        fields = read_only_fields = COLUMNS


class PartSerializer(serializers.ModelSerializer):
    """One contract in a batch, and what became of it."""

    contract_name = serializers.CharField(source="contract.name")

    class Meta:
        model = BatchPart
        fields = [
            "contract",
            "contract_name",
            "periods",
            "left_out",
            "early_reason",
            "state",
            "message",
        ]


class BatchSerializer(BatchRow):
    percent = serializers.IntegerField(help_text="Of what the state names.")
    parts = PartSerializer(many=True)

    class Meta(BatchRow.Meta):
        fields = read_only_fields = [*COLUMNS, "percent", "parts"]


class ChoiceSerializer(StrictSerializer):
    """What to bill of one contract."""

    contract = serializers.IntegerField(min_value=1)
    periods = serializers.ListField(
        child=serializers.DateField(),
        required=False,
        help_text="First days of periods. Left out: all that are due.",
    )
    left_out = serializers.ListField(
        child=serializers.RegexField(r"^(entry|item):[0-9]{1,18}\Z"),
        required=False,
        help_text='Work to leave out, as "entry:7" or "item:9".',
    )
    early_reason = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Why open periods are billed."
    )

    def validate(self, data: dict[str, Any]) -> Choice:  # type: ignore[override]
        return Choice(
            data["contract"],
            tuple(data.get("periods", ())),
            tuple(data.get("left_out", ())),
            data.get("early_reason", ""),
        )


class SelectionSerializer(StrictSerializer):
    """What to look at. Without `contracts`: everything that is due."""

    through = serializers.DateField(help_text="Work and periods up to this day.")
    level = serializers.ChoiceField(
        Level.choices,
        allow_blank=True,
        default="",
        help_text="Empty: each contract's own.",
    )
    contracts = ChoiceSerializer(many=True, required=False)

    def validate_contracts(self, choices: list[Choice]) -> list[Choice]:
        ids = [choice.contract_id for choice in choices]
        known = set(Contract.objects.filter(pk__in=ids).values_list("pk", flat=True))
        if unknown := set(ids) - known:
            raise serializers.ValidationError(f"There is no contract {min(unknown)}.", "unknown")
        if len(known) < len(ids):
            raise serializers.ValidationError("A contract is named twice.", "twice")
        return choices


class BatchInputSerializer(SelectionSerializer):
    name = serializers.CharField(max_length=80)
    invoice_date = serializers.DateField(required=False, help_text="Left out: today.")
    uid = serializers.UUIDField(
        required=False, help_text="Made by you, so that a repeat gives the same batch."
    )


class BatchViewSet(Listing, Retrieving, Endpoint):
    """Months billed in the background. GET tells how far it is; parts say what was not billed."""

    queryset = Batch.objects.prefetch_related("parts__contract")
    serializer_class = BatchSerializer
    row_serializer = BatchRow
    filterset_class = BatchFilter
    reads = ("preview",)
    permissions = {
        "list": SEE,
        "retrieve": SEE,
        "create": WRITE,
        "preview": SEE,
        "issue": "invoices.issue_invoice",
        "destroy": "invoices.delete_batch",
    }

    @extend_schema(request=SelectionSerializer, responses=PreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """The invoices exactly as they would be written, and why the rest can't be billed yet."""
        data = self.given(SelectionSerializer)
        options = Installation.current()
        chosen = self._choose(data, options)
        return Response(preview(chosen, options))

    @extend_schema(request=BatchInputSerializer, responses={202: BatchSerializer})
    def create(self, request: Request) -> Response:
        """Write drafts in the background; `Location` tells the progress."""
        data = self.given(BatchInputSerializer)
        choices: Sequence[Choice] = data.get("contracts", ())
        if "contracts" not in data:
            chosen = self._choose(data, Installation.current())
            choices = [Choice(one.row.facts.contract_id) for one in chosen if one.bills]
        self._refuse_early(choices)
        batch = batches.start(
            choices,
            uid=data.get("uid") or uuid.uuid4(),
            name=data["name"],
            through=data["through"],
            invoice_date=data.get("invoice_date") or timezone.localdate(),
            level=data["level"],
            by=request.user,
            now=self.now,
        )
        tasks.ring_batch(batch)
        return self.located(batch, 202)

    @extend_schema(request=None, responses={202: BatchSerializer})
    @action(detail=True, methods=["post"])
    def issue(self, request: Request, pk: str) -> Response:
        """Issue every draft of the batch, in the background."""
        batch = batches.issue_all(self.get_object(), by=request.user, now=self.now)
        tasks.ring_batch(batch)
        return self.located(batch, 202)

    @extend_schema(responses={202: BatchSerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the batch with its drafts, in the background; the work is free again."""
        batch = batches.delete(self.get_object(), by=request.user, now=self.now)
        tasks.ring_batch(batch)
        return self.located(batch, 202)

    def _choose(self, data: dict[str, Any], options: Installation) -> list[Chosen]:
        choices = data.get("contracts")
        if choices is None:
            choices = [Choice(pk) for pk in Contract.objects.values_list("pk", flat=True)]
        return choosing.choose(
            choices,
            through=data["through"],
            today=timezone.localdate(),
            options=options,
            level=data["level"],
        )

    def _refuse_early(self, choices: Sequence[Choice]) -> None:
        early = any(choice.early_reason.strip() for choice in choices)
        if early and not self.request.user.has_perm("invoices.bill_early"):
            raise PermissionDenied("Your role may not bill open periods.")
