"""REST: customers and their contacts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from atera_invoicing import history
from atera_invoicing.models import Installation
from atera_invoicing.viewsets import (
    Archiving,
    Changing,
    Creating,
    Deleting,
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    assign,
)

from . import directory, recipients
from .filters import ContactFilter, CustomerFilter
from .models import Contact, Customer

SEE, CHANGE = "customers.view_customer", "customers.change_customer"
CRUD = {
    "list": SEE,
    "retrieve": SEE,
    "create": CHANGE,
    "partial_update": CHANGE,
    "destroy": CHANGE,
    "archive": CHANGE,
    "restore": CHANGE,
}


class CustomerSerializer(RowSerializer):
    class Meta:
        model = Customer
        fields = [
            "id",
            "name",
            "reference",
            "street",
            "street2",
            "city",
            "region",
            "postal_code",
            "country",
            "phone",
            "tax_number",
            "payment_days",
            "notes",
            "archived_at",
            "created_at",
        ]
        read_only_fields = ["archived_at", "created_at"]


class ContactSerializer(RowSerializer):
    class Meta:
        model = Contact
        fields = [
            "id",
            "customer",
            "first_name",
            "last_name",
            "email",
            "phone",
            "job_title",
            "is_main",
            "is_billing",
            "archived_at",
        ]
        read_only_fields = ["archived_at"]
        fixed = ["customer"]


class RecipientSerializer(serializers.Serializer):
    """Who gets the customer's invoices, and why."""

    email = serializers.CharField(help_text="Empty: nobody.")
    reason = serializers.CharField()
    contact = serializers.IntegerField(source="contact_id", allow_null=True)
    warning = serializers.CharField(help_text="Empty: all is well.")


class _Rows(Listing, Retrieving, Creating, Changing, Deleting, Archiving, Endpoint):
    """Customers and contacts are saved as they are, once they are valid."""

    def create_by_verb(self, data: dict[str, Any]) -> Any:
        row = assign(self.queryset.model(), data)
        self.check(row)
        history.save(row, by=self.request.user)
        return row

    def change_by_verb(self, instance: Any, data: dict[str, Any]) -> None:
        self.check(assign(instance, data))
        history.save(instance, by=self.request.user)

    def delete_by_verb(self, instance: Any) -> None:
        directory.delete(instance, by=self.request.user)

    def archive_by_verb(self, instance: Any) -> None:
        directory.archive(instance, by=self.request.user, now=self.now)

    def restore_by_verb(self, instance: Any) -> None:
        directory.restore(instance, by=self.request.user)


class CustomerViewSet(_Rows):
    """Client companies. One that is in use can be archived, not deleted."""

    queryset = Customer.objects.all()
    serializer_class = row_serializer = CustomerSerializer
    filterset_class = CustomerFilter
    permissions = {**CRUD, "recipient": SEE}

    @extend_schema(responses=RecipientSerializer)
    @action(detail=True)
    def recipient(self, request: Request, pk: str) -> Response:
        """Which contact gets this customer's invoices, and why."""
        rule = Installation.current().recipient_rule
        found = recipients.for_customer(self.get_object(), rule)
        return Response(RecipientSerializer(found).data)


class ContactViewSet(_Rows):
    """People at a customer. The oldest main contact with an address gets the invoices."""

    queryset = Contact.objects.all()
    serializer_class = row_serializer = ContactSerializer
    filterset_class = ContactFilter
    permissions = CRUD
