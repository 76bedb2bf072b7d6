"""The four kinds that are linked, and where ours of each kind live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from atera_invoicing.models import User
from atera_invoicing.roles import Role
from contracts.models import CatalogItem, TaxRate, TimeEntry
from customers.models import Customer

from .matching import Ours
from .models import Link
from .providers.port import Kind


@dataclass(frozen=True)
class Side:
    """Ours of a kind: the field of `Link` that names one, and how people call them."""

    kind: Kind
    field: str
    model: type[Model]
    one: str
    many: str
    rows: Callable[[], QuerySet]
    described: Callable[..., Ours]
    one_to_one: bool = False
    creates: bool = True
    order: str = "name"

    @property
    def fk(self) -> str:
        return f"{self.field}_id"


def _customers() -> QuerySet[Customer]:
    return Customer.objects.active()


def _items() -> QuerySet[CatalogItem]:
    return CatalogItem.objects.active()


def _taxes() -> QuerySet[TaxRate]:
    return TaxRate.objects.filter(archived_at__isnull=True)


def _people() -> QuerySet[User]:
    """Technicians, and whoever else has logged time."""
    worked = Exists(TimeEntry.objects.filter(technician=OuterRef("pk")))
    return User.objects.filter(Q(role=Role.TECHNICIAN) | worked, is_active=True)


SIDES: dict[Kind, Side] = {
    side.kind: side
    for side in (
        Side(
            Kind.CUSTOMER, "customer", Customer, "customer", "customers", _customers,
            lambda row: Ours(row.pk, row.name), one_to_one=True,
        ),
        Side(
            Kind.ITEM, "item", CatalogItem, "item", "items", _items,
            lambda row: Ours(row.pk, row.name, code=row.sku),
        ),
        Side(
            Kind.TAX, "tax_rate", TaxRate, "tax", "taxes", _taxes,
            lambda row: Ours(row.pk, row.name, percent=row.percent), creates=False,
        ),
        Side(
            Kind.PERSON, "person", User, "person", "people", _people,
            lambda row: Ours(row.pk, str(row), code=row.email), creates=False, order="email",
        ),
    )
}  # fmt: skip


def of(link: Link) -> Side:
    """The side of a link's own record."""
    return SIDES[Kind(link.kind)]
