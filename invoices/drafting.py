"""The lines of a draft: written, replaced, added up."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import F

from atera_invoicing.errors import Refused
from contracts.models import CatalogItem, TaxRate

from . import totals
from .models import Claim, Invoice, InvoiceLine

MOST_LINES = 5000
ASIDE = 1_000_000  # out of the way while lines change places


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line as a person gives it. `id` names the stored line that it replaces.

    With an `item`, empty parts come from the catalogue: description, unit, price, and the item's
    tax when `tax_rate` is left as it is (`KEEP`). `tax_rate=None` means no tax.
    """

    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    discount_percent: Decimal = Decimal(0)
    item: CatalogItem | None = None
    tax_rate: TaxRate | str | None = field(default="keep")
    unit: str = ""
    id: int | None = None


KEEP = "keep"


def write_lines(invoice: Invoice, inputs: list[LineInput]) -> None:
    """Store the first lines of a new draft and its totals."""
    replace_lines(invoice, inputs, release=set())


def replace_lines(invoice: Invoice, inputs: list[LineInput], *, release: set[int]) -> None:
    """Make these the lines of a draft, in this order, and store its totals."""
    if len(inputs) > MOST_LINES:
        raise Refused("too_many_lines", f"An invoice can hold {MOST_LINES} lines.", field="lines")
    stored = {line.pk: line for line in invoice.lines.all()}
    lines = [_line(invoice, stored, given, position) for position, given in enumerate(inputs, 1)]
    _check(lines)
    dropped = set(stored) - {line.pk for line in lines}
    _drop(invoice, dropped, release)
    invoice.lines.update(position=F("position") + ASIDE)
    _save(invoice, lines)


def recompute(invoice: Invoice) -> None:
    """Store lines and totals again, after a change of the header."""
    _save(invoice, list(invoice.lines.all()))


def _save(invoice: Invoice, lines: list[InvoiceLine]) -> None:
    totals.compute(lines, invoice.tax_method)
    for line in lines:
        line.save()
    totals.store(invoice, lines)
    invoice.full_clean()
    invoice.save()


def _line(
    invoice: Invoice, stored: dict[int, InvoiceLine], given: LineInput, position: int
) -> InvoiceLine:
    if given.id is not None and given.id not in stored:
        raise Refused(
            "unknown_line",
            f"Line {position} is not a line of this invoice.",
            field=f"lines.{position - 1}.id",
        )
    line = stored[given.id] if given.id is not None else InvoiceLine(invoice=invoice)
    known = line.pk is not None and line.item_id == (given.item.pk if given.item else None)
    item = given.item
    if item and not known:
        line.kind = (
            item.kind
            if item.kind in ("product", "expense")
            else InvoiceLine.Kind.LABOUR
            if item.unit == "hour"
            else InvoiceLine.Kind.FEE
        )
    line.item, line.position = item, position
    line.description = given.description.strip() or (_described(item) if item else "")
    line.quantity, line.discount_percent = given.quantity, given.discount_percent
    line.unit = given.unit or line.unit or (item.unit if item else "")
    price = given.unit_price
    line.unit_price = price if price is not None else item.unit_price if item else Decimal(0)
    if given.tax_rate != KEEP:
        _tax(line, given.tax_rate)  # type: ignore[arg-type]
    elif not known:
        _tax(line, item.own_tax if item else None)
    return line


def _described(item: CatalogItem) -> str:
    return "\n".join(row for row in (item.name, item.description) if row)


def _tax(line: InvoiceLine, tax: TaxRate | None) -> None:
    line.tax_rate = tax
    line.tax_name, line.tax_percent = (tax.name, tax.percent) if tax else ("", Decimal(0))


def _check(lines: list[InvoiceLine]) -> None:
    """Validate what a person typed, with errors that name the line."""
    for place, line in enumerate(lines):
        line.net = line.tax = line.total = Decimal("0.00")
        try:
            line.clean_fields(exclude=["invoice", "position"])
        except ValidationError as error:
            name, messages = next(iter(error.message_dict.items()))
            raise Refused(
                "line_invalid",
                f"Line {place + 1}, {name.replace('_', ' ')}: {messages[0]}",
                field=f"lines.{place}.{name}",
            ) from error
        if not 0 <= line.discount_percent <= 100:
            raise Refused(
                "line_invalid",
                f"Line {place + 1}: the discount must be between 0 and 100 %.",
                field=f"lines.{place}.discount_percent",
            )
        if abs(line.quantity * line.unit_price) >= Decimal(10) ** 10:
            raise Refused(
                "line_invalid",
                f"Line {place + 1}: the amount is too large.",
                field=f"lines.{place}.quantity",
            )


def _drop(invoice: Invoice, dropped: set[int], release: set[int]) -> None:
    """Remove lines; their work stays billed unless it is released."""
    freed = release & dropped
    if freed and invoice.contract and invoice.contract.is_block:
        raise Refused(
            "block_line",
            "Work of a block is freed as a whole: delete the draft and bill again.",
            field="lines",
        )
    Claim.objects.filter(line__in=freed).delete()
    InvoiceLine.objects.filter(pk__in=dropped).delete()
