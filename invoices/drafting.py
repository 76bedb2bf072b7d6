"""The lines of a draft: what a person's input comes to, and how it is stored.

`work_out` is used by the page that adds up while somebody types and by the verbs that store, so
that what was seen is what is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import F
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from atera_invoicing.errors import Refused
from contracts.models import CatalogItem, TaxRate

from . import changes, totals
from .models import Claim, Invoice, InvoiceLine

MOST_LINES = 5000
ASIDE = 1_000_000  # out of the way while lines change places
CHUNK = 100
KEEP = "keep"
WRITTEN = [
    "position", "kind", "item", "description", "quantity", "unit", "unit_price",
    "discount_percent", "tax_rate", "tax_name", "tax_percent", "net", "tax", "total",
]  # fmt: skip
COLUMNS = [f"{n}_id" if n in ("item", "tax_rate") else n for n in WRITTEN]
DECIDED = ["invoice", "position", "item", "ticket", "tax_rate"]  # by us; nothing to validate


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line as a person gives it. `id` names the stored line that it replaces.

    With an `item`, empty parts come from the catalogue: description, unit, price. `tax_rate` left
    as it is (`KEEP`) is what the line has, on a new line what `Taxes` says; None means no tax.
    """

    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    discount_percent: Decimal = Decimal(0)
    item: CatalogItem | None = None
    tax_rate: TaxRate | str | None = field(default=KEEP)
    unit: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Taxes:
    """The tax of a line for which nobody chose one."""

    contract: TaxRate | None
    default: TaxRate | None

    @classmethod
    def of(cls, invoice: Invoice) -> Taxes:
        """Only a freestyle invoice knows the installation's default."""
        if invoice.contract:
            return cls(invoice.contract.tax_rate, None)
        return cls(None, TaxRate.objects.filter(is_default=True, archived_at=None).first())

    def tax(self, item: CatalogItem | None) -> TaxRate | None:
        """The item's own, else the contract's; the default for a line that is typed in."""
        return (item.own_tax if item else self.default) or self.contract


class Fault(NamedTuple):
    """Why an input makes no line: which line (from 0), which part of it, and words."""

    place: int
    part: str
    words: str
    code: str = "line_invalid"

    def refusal(self) -> Refused:
        name = self.part.replace("_", " ")
        text = f"Line {self.place + 1}, {name}: {self.words}"
        return Refused(self.code, text, field=f"lines.{self.place}.{self.part}")


def work_out(
    invoice: Invoice, inputs: Sequence[LineInput | None], *, stored: dict[int, InvoiceLine]
) -> list[InvoiceLine | Fault | None]:
    """Each input as the line it makes, with its amounts, or why it makes none. Writes nothing.

    None is a place that nothing can be said about yet. `stored` are the invoice's lines by id;
    those that are replaced change in memory.
    """
    taxes = Taxes.of(invoice)
    found: list[InvoiceLine | Fault | None] = []
    for place, given in enumerate(inputs):
        if given is None:
            found.append(None)
        elif given.id is not None and given.id not in stored:
            words = "this is not a line of the invoice."
            found.append(Fault(place, "id", words, "unknown_line"))
        else:
            line = stored[given.id] if given.id is not None else InvoiceLine(invoice=invoice)
            line.position = place + 1
            _fill(line, given, taxes)
            found.append(_fault(line, place) or line)
    totals.compute([line for line in found if isinstance(line, InvoiceLine)], invoice.tax_method)
    return found


def replace_lines(
    invoice: Invoice, inputs: Sequence[LineInput], *, release: set[int]
) -> dict[str, Any]:
    """Make these the lines of a draft, in this order, and store its totals.

    Answers what changed, as facts for the diary. Lines that stay as they are are not written.
    """
    if len(inputs) > MOST_LINES:
        raise Refused("too_many_lines", f"An invoice can hold {MOST_LINES} lines.", field="lines")
    stored = lines_of(invoice)
    was = {line.pk: _values(line) for line in stored.values()}
    read = {line.pk: changes.line(line) for line in stored.values()}
    lines: list[InvoiceLine] = []
    for result in work_out(invoice, inputs, stored=stored):
        if isinstance(result, Fault):
            raise result.refusal()
        lines += [result] if result else []
    _drop(invoice, set(stored) - {line.pk for line in lines}, release)
    _write(lines, was)
    totals.store(invoice, lines)
    return changes.of_lines(read, lines)


def lines_of(invoice: Invoice) -> dict[int, InvoiceLine]:
    """The stored lines of an invoice by id, in order."""
    if invoice._state.adding:
        return {}
    return {line.pk: line for line in invoice.lines.select_related("item")}


def _fill(line: InvoiceLine, given: LineInput, taxes: Taxes) -> None:
    """Put a person's input on a line."""
    item = given.item
    known = line.pk is not None and line.item_id == (item.pk if item else None)
    if item and not known:
        line.kind = _kind(item)
    line.item = item
    line.description = given.description.strip() or (described(item) if item else "")
    line.quantity, line.discount_percent = given.quantity, given.discount_percent
    if given.unit or (known and given.unit is not None):
        line.unit = given.unit or ""
    elif not known:
        line.unit = item.unit if item else ""
    price = given.unit_price
    line.unit_price = price if price is not None else item.unit_price if item else Decimal(0)
    if given.tax_rate != KEEP:
        _tax(line, given.tax_rate)  # type: ignore[arg-type]
    elif not known:
        _tax(line, taxes.tax(item))


def _kind(item: CatalogItem) -> str:
    if item.kind in (CatalogItem.Kind.PRODUCT, CatalogItem.Kind.EXPENSE):
        return item.kind
    hourly = item.unit == CatalogItem.Unit.HOUR
    return InvoiceLine.Kind.LABOUR if hourly else InvoiceLine.Kind.FEE


def described(item: CatalogItem) -> str:
    """What a line says that was picked from the catalogue."""
    return "\n".join(row for row in (item.name, item.description) if row)


def _tax(line: InvoiceLine, tax: TaxRate | None) -> None:
    line.tax_rate = tax
    line.tax_name, line.tax_percent = (tax.name, tax.percent) if tax else ("", Decimal(0))


def _fault(line: InvoiceLine, place: int) -> Fault | None:
    """What is wrong with a line that a person typed."""
    line.net = line.tax = line.total = Decimal("0.00")
    try:
        line.clean_fields(exclude=DECIDED)
    except ValidationError as error:
        part, messages = next(iter(error.message_dict.items()))
        return Fault(place, part, messages[0])
    if not 0 <= line.discount_percent <= 100:
        return Fault(place, "discount_percent", "it must be between 0 and 100.")
    if abs(line.quantity * line.unit_price) >= Decimal(10) ** 10:
        return Fault(place, "quantity", "the amount is too large.")
    return None


def _drop(invoice: Invoice, dropped: set[int], release: set[int]) -> None:
    """Remove lines; their work stays billed unless it is released."""
    freed = release & dropped
    if freed and invoice.contract and invoice.contract.is_block:
        raise Refused(
            "block_line",
            "Work of a block is freed as a whole: delete the draft and bill again.",
            field="lines",
        )
    if dropped:
        Claim.objects.filter(line__in=freed).delete()
        InvoiceLine.objects.filter(pk__in=dropped).delete()


def _write(lines: Sequence[InvoiceLine], before: dict[int, tuple[Any, ...]]) -> None:
    """Store new lines and those that are no longer what they were, with their history."""
    known = [line for line in lines if line.pk]
    now = {line.pk: _values(line) for line in known}
    moved = [pk for pk, (position, *_) in now.items() if position != before[pk][0]]
    if moved:
        InvoiceLine.objects.filter(pk__in=moved).update(position=F("position") + ASIDE)
    edited = [line for line in known if now[line.pk][1:] != before[line.pk][1:]]
    shifted = set(moved) - {line.pk for line in edited}
    only_moved = [line for line in known if line.pk in shifted]
    for rows, columns in ((only_moved, ["position"]), (edited, WRITTEN)):
        if rows:
            bulk_update_with_history(rows, InvoiceLine, columns, batch_size=CHUNK)
    if new := [line for line in lines if not line.pk]:
        bulk_create_with_history(new, InvoiceLine, CHUNK)


def _values(line: InvoiceLine) -> tuple[Any, ...]:
    """All that `_write` stores, the position first."""
    return tuple(getattr(line, column) for column in COLUMNS)
