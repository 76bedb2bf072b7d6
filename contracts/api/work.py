"""REST: tickets, time and the products and expenses used on tickets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
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
    UTCDateTimeField,
    assign,
    validation,
)
from contracts import work
from contracts.filters import TicketFilter, TicketItemFilter, TimeEntryFilter
from contracts.models import ContractRate, Ticket, TicketItem, TimeEntry

SEE, CHANGE, LOG = "contracts.view_ticket", "contracts.change_ticket", "contracts.log_time"
EVERYBODYS = "contracts.view_any_time"
TICKET_COLUMNS = [
    "id",
    "number",
    "title",
    "description",
    "internal_notes",
    "customer",
    "customer_name",
    "contact",
    "contract",
    "status",
    "priority",
    "opened_at",
    "resolved_at",
]


class TimeRateSerializer(RowSerializer):
    """A rate that time on the ticket can have. Prices are left to the contract."""

    name = serializers.CharField(source="item.name", read_only=True)

    class Meta:
        model = ContractRate
        fields = ["id", "role", "name"]


class TicketRow(RowSerializer):
    customer_name = serializers.CharField(source="customer.name", read_only=True)
    number = serializers.CharField(
        max_length=30, required=False, help_text="Left out: the next free one."
    )
    opened_at = UTCDateTimeField(required=False, help_text="Left out: now.")

    class Meta:
        model = Ticket
        fields = TICKET_COLUMNS


class TicketSerializer(TicketRow):
    rates = serializers.SerializerMethodField(help_text="Rates that time here can have.")
    repoint_rates = serializers.BooleanField(
        write_only=True,
        required=False,
        help_text="Agree that time at a rate of the old contract goes to the new primary one.",
    )

    class Meta(TicketRow.Meta):
        fields = [*TICKET_COLUMNS, "rates", "repoint_rates"]

    @extend_schema_field(TimeRateSerializer(many=True))
    def get_rates(self, ticket: Ticket) -> Any:
        return TimeRateSerializer(work.time_rates(ticket.contract), many=True).data


class TimeEntrySerializer(RowSerializer):
    technician_name = serializers.CharField(source="technician.last_name", read_only=True)

    class Meta:
        model = TimeEntry
        fields = [
            "id",
            "ticket",
            "technician",
            "technician_name",
            "started_at",
            "minutes",
            "billable",
            "on_site",
            "rate",
            "description",
            "internal_notes",
        ]
        extra_kwargs = {"technician": {"required": False, "help_text": "Left out: yourself."}}


class TicketItemSerializer(RowSerializer):
    item_name = serializers.CharField(source="item.name", read_only=True)

    class Meta:
        model = TicketItem
        fields = [
            "id",
            "ticket",
            "item",
            "item_name",
            "used_on",
            "quantity",
            "unit_price",
            "discount_percent",
            "tax_rate",
            "billable",
            "description",
        ]
        prices = ["unit_price", "discount_percent", "tax_rate"]
        extra_kwargs = {
            "unit_price": {"required": False, "help_text": "Left out: the catalogue's."}
        }


class TicketViewSet(Listing, Retrieving, Creating, Changing, Deleting, Endpoint):
    """Pieces of work. Resolved and closed ones can be billed."""

    queryset = Ticket.objects.select_related("customer", "contract")
    serializer_class = TicketSerializer
    row_serializer = TicketRow
    filterset_class = TicketFilter
    permissions = {
        "list": SEE,
        "retrieve": SEE,
        "create": CHANGE,
        "partial_update": CHANGE,
        "destroy": "contracts.delete_ticket",
        "resolve": CHANGE,
        "close": CHANGE,
        "reopen": CHANGE,
    }

    def create_by_verb(self, data: dict[str, Any]) -> Ticket:
        data.pop("repoint_rates", None)
        ticket = Ticket(**{"opened_at": self.now, **data})
        self._date(ticket, data)
        self.check(ticket)
        return work.open_ticket(ticket, by=self.request.user)

    def change_by_verb(self, instance: Ticket, data: dict[str, Any]) -> None:
        repoint = data.pop("repoint_rates", False)
        self._date(assign(instance, data), data)
        self.check(instance)
        work.change_ticket(instance, by=self.request.user, repoint_rates=repoint)

    def delete_by_verb(self, instance: Ticket) -> None:
        work.delete_ticket(instance, by=self.request.user)

    def check(self, instance: Ticket) -> None:
        with validation():
            instance.full_clean(exclude=[] if instance.number else ["number"])

    def _date(self, ticket: Any, data: dict[str, Any]) -> None:
        """A status says whether there is a time of resolution; left out, it is now."""
        if "status" in data and "resolved_at" not in data:
            done = ticket.status in Ticket.DONE
            ticket.resolved_at = (ticket.resolved_at or self.now) if done else None

    @extend_schema(request=None, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """The work is done and can be billed."""
        return self._moved(work.resolve, now=self.now)

    @extend_schema(request=None, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close for good; a ticket that was not resolved is resolved by this."""
        return self._moved(work.close, now=self.now)

    @extend_schema(request=None, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Back to work; refused while anything on the ticket is billed."""
        return self._moved(work.reopen)

    def _moved(self, verb: Any, **kwargs: Any) -> Response:
        ticket = self.get_object()
        verb(ticket, by=self.request.user, **kwargs)
        return Response(self.shown(ticket))


class TimeEntryViewSet(Listing, Retrieving, Creating, Changing, Deleting, Endpoint):
    """Time on tickets. Technicians see and change their own only."""

    queryset = TimeEntry.objects.select_related("technician")
    serializer_class = row_serializer = TimeEntrySerializer
    filterset_class = TimeEntryFilter
    permissions = {
        "list": SEE,
        "retrieve": SEE,
        "create": LOG,
        "partial_update": LOG,
        "destroy": LOG,
    }

    def get_queryset(self) -> QuerySet[TimeEntry]:
        rows = super().get_queryset()
        if self.request.user.has_perm(EVERYBODYS):
            return rows
        return rows.filter(technician=self.request.user)

    def create_by_verb(self, data: dict[str, Any]) -> TimeEntry:
        entry = TimeEntry(**{"technician": self.request.user, **data})
        self.check(entry)
        return work.log_time(entry, by=self.request.user)

    def change_by_verb(self, instance: TimeEntry, data: dict[str, Any]) -> None:
        self.check(assign(instance, data))
        work.change_time(instance, by=self.request.user)

    def delete_by_verb(self, instance: TimeEntry) -> None:
        work.delete_time(instance, by=self.request.user)


class TicketItemViewSet(Listing, Retrieving, Creating, Changing, Deleting, Endpoint):
    """Products and expenses used on tickets, at the price agreed there."""

    queryset = TicketItem.objects.select_related("item")
    serializer_class = row_serializer = TicketItemSerializer
    filterset_class = TicketItemFilter
    permissions = {
        "list": SEE,
        "retrieve": SEE,
        "create": CHANGE,
        "partial_update": CHANGE,
        "destroy": CHANGE,
    }

    def create_by_verb(self, data: dict[str, Any]) -> TicketItem:
        row = TicketItem(**{"unit_price": data["item"].unit_price, **data})
        self.check(row)
        return work.add_item(row, by=self.request.user)

    def change_by_verb(self, instance: TicketItem, data: dict[str, Any]) -> None:
        self.check(assign(instance, data))
        work.change_item(instance, by=self.request.user)

    def delete_by_verb(self, instance: TicketItem) -> None:
        work.delete_item(instance, by=self.request.user)
