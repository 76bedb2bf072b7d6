"""REST: contracts with their rates, the ledgers of blocks, device and GB counts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from atera_invoicing.viewsets import (
    Changing,
    Creating,
    Deleting,
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    assign,
    validation,
)
from contracts import agreements, blocks, usage
from contracts.filters import BlockMovementFilter, ContractFilter, UsageCountFilter
from contracts.models import BlockMovement, Contract, ContractRate, UsageCount

SEE, CHANGE, COUNT = (
    "contracts.view_contract",
    "contracts.change_contract",
    "contracts.change_usage",
)
COLUMNS = [
    "id",
    "customer",
    "customer_name",
    "name",
    "type",
    "start_date",
    "end_date",
    "is_active",
    "is_default",
    "tax_rate",
    "period",
    "anchor",
    "timing",
    "prorate",
    "level",
    "rounding_increment",
    "rounding_minimum",
    "rounding_scope",
    "quantity",
    "included",
    "rollover",
    "notes",
    "created_at",
]


class RateSerializer(RowSerializer):
    """A catalogue item in a role of the contract. On PATCH, `id` names a rate that stays."""

    id = serializers.IntegerField(required=False, min_value=1)
    item_name = serializers.CharField(source="item.name", read_only=True)
    price = serializers.DecimalField(
        max_digits=14, decimal_places=4, read_only=True, help_text="Own price or the catalogue's."
    )

    class Meta:
        model = ContractRate
        fields = ["id", "role", "item", "item_name", "unit_price", "price", "counted"]


class ContractRow(RowSerializer):
    customer_name = serializers.CharField(source="customer.name", read_only=True)

    class Meta:
        model = Contract
        fields = COLUMNS
        read_only_fields = ["created_at"]


class ContractSerializer(ContractRow):
    rates = RateSerializer(many=True)
    repoint_rates = serializers.BooleanField(
        write_only=True,
        required=False,
        help_text="Agree that unbilled time at a removed rate goes to the primary one.",
    )

    class Meta(ContractRow.Meta):
        fields = [*COLUMNS, "rates", "repoint_rates"]
        fixed = ["customer", "type"]


class MovementSerializer(RowSerializer):
    """`kind` on POST is `top_up` or `adjustment`; the others come from billing."""

    reverses = serializers.PrimaryKeyRelatedField(read_only=True)

    class Meta:
        model = BlockMovement
        fields = [
            "id",
            "contract",
            "kind",
            "period_start",
            "quantity",
            "note",
            "invoice_uid",
            "reverses",
            "created_at",
        ]
        read_only_fields = ["invoice_uid", "created_at"]

    def validate_kind(self, kind: str) -> str:
        if kind not in (BlockMovement.Kind.TOP_UP, BlockMovement.Kind.ADJUSTMENT):
            raise serializers.ValidationError("Only top_up and adjustment are made by hand.")
        return kind


class LedgerSerializer(serializers.Serializer):
    """One movement and the balance after it."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    period_start = serializers.DateField()
    quantity = serializers.DecimalField(max_digits=14, decimal_places=4)
    balance = serializers.DecimalField(max_digits=16, decimal_places=4)
    note = serializers.CharField()
    invoice_uid = serializers.UUIDField(allow_null=True)


class UsageCountSerializer(RowSerializer):
    class Meta:
        model = UsageCount
        fields = ["id", "contract", "counted", "counted_on", "quantity", "created_at"]
        read_only_fields = ["created_at"]


class ContractViewSet(Listing, Retrieving, Creating, Changing, Endpoint):
    """Agreements with their rates. Customer and type never change."""

    queryset = Contract.objects.select_related("customer").prefetch_related("rates__item")
    serializer_class = ContractSerializer
    row_serializer = ContractRow
    filterset_class = ContractFilter
    permissions = {
        "list": SEE,
        "retrieve": SEE,
        "create": CHANGE,
        "partial_update": CHANGE,
        "ledger": SEE,
    }

    def create_by_verb(self, data: dict[str, Any]) -> Contract:
        rates = [_rate(ContractRate(), rate, at) for at, rate in enumerate(data.pop("rates"))]
        data.pop("repoint_rates", None)
        with validation():
            return agreements.create(Contract(**data), rates, by=self.request.user)

    def change_by_verb(self, instance: Contract, data: dict[str, Any]) -> None:
        stored = {rate.pk: rate for rate in instance.rates.all()}
        given, repoint = data.pop("rates", None), data.pop("repoint_rates", False)
        rates = None
        if given is not None:
            rates = [
                _rate(stored.get(rate.get("id"), ContractRate()), rate, at)
                for at, rate in enumerate(given)
            ]
        assign(instance, data)
        with validation():
            agreements.change(instance, rates, by=self.request.user, repoint_rates=repoint)

    @extend_schema(responses=LedgerSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def ledger(self, request: Request, pk: str) -> Response:
        """Every movement of a block with the balance after it: how the balance came about."""
        contract = self.get_object()
        balance, rows = 0, []
        columns = ("id", "kind", "period_start", "quantity", "note", "invoice_uid")
        for row in contract.movements.order_by("period_start", "id").values(*columns):
            balance += row["quantity"]
            rows.append({**row, "balance": balance})
        return Response(LedgerSerializer(rows, many=True).data)


def _rate(rate: ContractRate, data: dict[str, Any], at: int) -> ContractRate:
    assign(rate, data)
    with validation(f"/rates/{at}"):
        rate.full_clean(exclude=["contract", "id"], validate_unique=False)
    return rate


class BlockMovementViewSet(Listing, Retrieving, Creating, Endpoint):
    """The append-only ledgers of block contracts. POST adds a top-up or an adjustment."""

    queryset = BlockMovement.objects.all()
    serializer_class = row_serializer = MovementSerializer
    filterset_class = BlockMovementFilter
    permissions = {"list": SEE, "retrieve": SEE, "create": CHANGE}

    def create_by_verb(self, data: dict[str, Any]) -> BlockMovement:
        add = blocks.top_up if data["kind"] == BlockMovement.Kind.TOP_UP else blocks.adjust
        with validation():
            return add(
                data["contract"],
                data["quantity"],
                data.get("note", ""),
                on=data["period_start"],
                by=self.request.user,
                now=self.now,
            )


class UsageCountViewSet(Listing, Retrieving, Creating, Deleting, Endpoint):
    """Devices or GB on a day. POST for the same class and day replaces the count."""

    queryset = UsageCount.objects.all()
    serializer_class = row_serializer = UsageCountSerializer
    filterset_class = UsageCountFilter
    permissions = {"list": SEE, "retrieve": SEE, "create": COUNT, "destroy": COUNT}

    def create_by_verb(self, data: dict[str, Any]) -> UsageCount:
        return usage.record(
            data["contract"],
            data["counted"],
            data["counted_on"],
            data["quantity"],
            by=self.request.user,
        )

    def delete_by_verb(self, instance: UsageCount) -> None:
        usage.remove(instance, by=self.request.user)
