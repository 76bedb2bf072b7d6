"""What the lines of a draft can be filled from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from contracts.catalog_forms import offered_taxes
from contracts.models import CatalogItem

from .changes import number, price, tax
from .drafting import KEEP, Taxes, described
from .models import Invoice, InvoiceLine


class Offer:
    """What a line can be filled from: the catalogue and the taxes, read once for all lines.

    An item goes by its name, in any case, or its SKU. Two kinds of item may share a name; then
    the kind is said behind it.
    """

    def __init__(self, invoice: Invoice, stored: Collection[InvoiceLine]) -> None:
        active = CatalogItem.objects.active().select_related("tax_rate", "category__tax_rate")
        self.items = list(active)
        known = {item.pk for item in self.items}
        old = {line.item.pk: line.item for line in stored if line.item}
        self.old = [item for pk, item in old.items() if pk not in known]
        self.taxes = {str(tax.pk): tax for tax in offered_taxes()}
        self._rule = Taxes.of(invoice)
        self._kept = {
            line.pk: (line.item_id, tax(line.tax_name, line.tax_percent)) for line in stored
        }
        self._names = Counter(item.name.casefold() for item in [*self.items, *self.old])
        self._found = {item.sku.casefold(): item for item in self.items if item.sku}
        self._found |= {self.label(item).casefold(): item for item in [*self.old, *self.items]}

    def label(self, item: CatalogItem | None) -> str:
        """What the item is called in the form."""
        if item is None:
            return ""
        if item in self.old:
            return f"{item.name} (archived)"
        shared = self._names[item.name.casefold()] > 1
        return f"{item.name} ({item.get_kind_display().lower()})" if shared else item.name

    def listed(self) -> list[tuple[str, Decimal, str]]:
        """Label, price and kind of everything that can be picked."""
        return [(self.label(i), i.unit_price, i.get_kind_display().lower()) for i in self.items]

    def find(self, words: str) -> CatalogItem | None:
        return self._found.get(" ".join(words.split()).casefold())

    def nearest(self, words: str) -> str:
        """The name that somebody who typed this may have meant."""
        near = get_close_matches(words.casefold(), self._found, n=1)
        return self.label(self._found[near[0]]) if near else ""

    def own_tax(self, line_id: int | None, item: CatalogItem | None) -> str:
        """The tax that a line has while nobody chooses one, in words: as stored, else by rule."""
        item_id, kept = self._kept.get(line_id or 0, (None, None))
        if kept is not None and item_id == (item.pk if item else None):
            return kept
        return str(self._rule.tax(item) or "")

    def parts(self, item: CatalogItem | None) -> dict[str, str]:
        """What picking this item writes into a line."""
        if item is None:
            return {}
        return {
            "description": described(item),
            "unit": item.unit,
            "unit_price": price(item.unit_price),
        }

    def row(self, line: InvoiceLine) -> dict[str, Any]:
        """A stored line as the form begins with it."""
        label = self.label(line.item)
        discount = number(line.discount_percent) if line.discount_percent else ""
        return {
            "id": line.pk,
            "item": label,
            "picked": label,
            "description": line.description,
            "quantity": number(line.quantity),
            "unit": line.unit,
            "unit_price": price(line.unit_price),
            "discount_percent": discount,
            "tax": KEEP,
        }
