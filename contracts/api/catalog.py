"""REST: taxes, categories and catalogue items."""

from __future__ import annotations

from typing import Any

from django.db.models import ProtectedError
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from atera_invoicing.errors import Refused
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
from contracts import catalog
from contracts.filters import CatalogItemFilter, CategoryFilter, TaxRateFilter
from contracts.models import CatalogItem, Category, TaxRate

SEE, CHANGE = "contracts.view_catalog", "contracts.change_catalog"
CRU = {"list": SEE, "retrieve": SEE, "create": CHANGE, "partial_update": CHANGE}
ARCHIVE = {"archive": CHANGE, "restore": CHANGE}


class TaxRateSerializer(RowSerializer):
    class Meta:
        model = TaxRate
        fields = ["id", "name", "percent", "is_default", "archived_at"]
        read_only_fields = ["archived_at"]


class CategorySerializer(RowSerializer):
    class Meta:
        model = Category
        fields = ["id", "name", "tax_rate"]


class CatalogItemSerializer(RowSerializer):
    class Meta:
        model = CatalogItem
        fields = [
            "id",
            "kind",
            "name",
            "description",
            "sku",
            "category",
            "unit",
            "unit_price",
            "tax_rate",
            "archived_at",
        ]
        read_only_fields = ["archived_at"]


class _Saved(Listing, Retrieving, Creating, Changing, Endpoint):
    """Saved by one verb, whether new or changed."""

    def create_by_verb(self, data: dict[str, Any]) -> Any:
        return self._save(self.queryset.model(), data)

    def change_by_verb(self, instance: Any, data: dict[str, Any]) -> None:
        self._save(instance, data)

    def _save(self, row: Any, data: dict[str, Any]) -> Any:
        self.check(assign(row, data))
        return self.save_by_verb(row)

    def save_by_verb(self, row: Any) -> Any:
        raise NotImplementedError


class TaxRateViewSet(Archiving, _Saved):
    """Taxes. One of them is the default for lines that are typed in."""

    queryset = TaxRate.objects.all()
    serializer_class = row_serializer = TaxRateSerializer
    filterset_class = TaxRateFilter
    permissions = {**CRU, **ARCHIVE, "make_default": CHANGE}

    def check(self, instance: Any) -> None:
        # The verb takes the default away from the other tax, so that is no conflict.
        wanted, instance.is_default = instance.is_default, False
        super().check(instance)
        instance.is_default = wanted

    def save_by_verb(self, row: TaxRate) -> TaxRate:
        return catalog.save_tax(row, by=self.request.user)

    def archive_by_verb(self, instance: TaxRate) -> None:
        catalog.archive_tax(instance, by=self.request.user, now=self.now)

    def restore_by_verb(self, instance: TaxRate) -> None:
        catalog.restore_tax(instance, by=self.request.user)

    @extend_schema(request=None, responses=TaxRateSerializer)
    @action(detail=True, methods=["post"], url_path="make-default")
    def make_default(self, request: Request, pk: str) -> Response:
        """Suggest this tax for lines that are typed in."""
        tax = self.get_object()
        catalog.make_default_tax(tax, by=request.user)
        return Response(self.shown(tax))


class CategoryViewSet(Deleting, _Saved):
    """Groups of catalogue items. A category's tax applies to items that name none."""

    queryset = Category.objects.all()
    serializer_class = row_serializer = CategorySerializer
    filterset_class = CategoryFilter
    permissions = {**CRU, "destroy": CHANGE}

    def save_by_verb(self, row: Category) -> Category:
        row.save()
        return row

    def delete_by_verb(self, instance: Category) -> None:
        try:
            instance.delete()
        except ProtectedError:
            message = f"Items are in {instance}. Move them to another category first."
            raise Refused("in_use", message) from None


class CatalogItemViewSet(Archiving, _Saved):
    """Services (rates), products and expenses. Invoices keep the price of their day."""

    queryset = CatalogItem.objects.all()
    serializer_class = row_serializer = CatalogItemSerializer
    filterset_class = CatalogItemFilter
    permissions = {**CRU, **ARCHIVE}

    def save_by_verb(self, row: CatalogItem) -> CatalogItem:
        return catalog.save(row, by=self.request.user)

    def archive_by_verb(self, instance: CatalogItem) -> None:
        catalog.archive(instance, by=self.request.user, now=self.now)

    def restore_by_verb(self, instance: CatalogItem) -> None:
        catalog.restore(instance, by=self.request.user)
