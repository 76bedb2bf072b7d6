"""The lines of a draft as people type them.

A draft may have hundreds of lines, so a row is plain inputs, the catalogue is one list that they
share, and whatever rows need from the database is read once, in `Offer`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.utils.safestring import mark_safe

from contracts.models import CatalogItem

from . import changes, drafting
from .drafting import KEEP, Fault, LineInput
from .models import Invoice, InvoiceLine
from .offer import Offer

MOST_ROWS = 1500  # on a page, as many as one form may send; longer drafts are edited over REST
NAMED = ("item", "description", "tax", "__all__")
DESCRIBE = "Pick an item or describe the line."


class LineForm(forms.Form):
    """A line. `picked` is the item that its parts were last filled from, `place` where it stood,
    `said` what the page says it comes to.
    """

    id = forms.IntegerField(required=False)
    place = forms.IntegerField(required=False)
    picked = forms.CharField(required=False)
    item = forms.CharField(max_length=200, required=False)
    description = forms.CharField(max_length=8000, required=False)
    quantity = forms.DecimalField(max_digits=14, decimal_places=4)
    unit = forms.CharField(max_length=8, required=False)
    unit_price = forms.DecimalField(label="Price", max_digits=14, decimal_places=4, required=False)
    discount_percent = forms.DecimalField(
        label="Discount", max_digits=7, decimal_places=4, min_value=0, max_value=100, required=False
    )
    tax = forms.CharField(required=False)
    release = forms.BooleanField(required=False)
    said = forms.CharField(required=False)

    BEGIN: ClassVar[dict[str, Any]] = {"quantity": 1, "tax": KEEP}
    worked: InvoiceLine | None = None  # the line that this row makes, with its amounts
    note: str = ""  # what somebody else did to it meanwhile
    filled: bool = False  # from another item than before

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer

    def clean_item(self) -> CatalogItem | None:
        words = self.cleaned_data["item"]
        item = self.offer.find(words)
        if words and item is None:
            near = self.offer.nearest(words)
            meant = f"Did you mean “{near}”?" if near else "Pick one from the list."
            raise forms.ValidationError(f"“{words[:60]}” is not in the catalogue. {meant}")
        return item

    def clean_description(self) -> str:
        return changes.text(self.cleaned_data["description"])

    def clean_tax(self) -> Any:
        value = self.cleaned_data["tax"]
        if value and value != KEEP and value not in self.offer.taxes:
            raise forms.ValidationError("Pick a tax from the list.")
        return value if value == KEEP else self.offer.taxes.get(value)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        named = data.get("item") or (data.get("description") or "").strip()
        if not named and not self.errors:
            self.add_error("description", forms.ValidationError(DESCRIBE, code="required"))
        return data

    def has_changed(self) -> bool:
        """A row that names nothing is empty, whatever its lists begin with."""
        return any(self.shown[name] for name in ("id", "item", "description", "unit_price"))

    def line(self) -> LineInput:
        """The line as the verb takes it."""
        data = self.cleaned_data
        return LineInput(
            id=data["id"],
            item=data["item"],
            description=data["description"],
            quantity=data["quantity"],
            unit=data["unit"],
            unit_price=data["unit_price"],
            discount_percent=data["discount_percent"] or Decimal(0),
            tax_rate=data["tax"],
        )

    def cells(self) -> dict[str, Any]:
        """The row as it is, to begin another form with. `tax_label` names a tax that was chosen."""
        tax = KEEP if self.shown["DELETE"] else self.cleaned_data["tax"]
        label = "" if tax == KEEP else str(tax or "No tax")
        return {**self.shown, "id": self.number("id"), "tax_label": label}

    @cached_property
    def shown(self) -> dict[str, Any]:
        """What stands in the row: typed, else what it begins with."""
        names = [*self.base_fields, "ORDER", "DELETE"]
        if self.is_bound:
            return {name: self.data.get(self.add_prefix(name), "") for name in names}
        begin = {**self.BEGIN, **self.initial}
        return {name: begin.get(name) or "" for name in names}

    def number(self, name: str) -> int | None:
        """A place in the order, None where there is none."""
        value = str(self.shown[name])
        return int(value) if value.isdecimal() and len(value) < 19 else None

    def taxes(self) -> list[tuple[str, str, bool]]:
        """Value, label and whether it is chosen, of each tax to choose from. The first is what the
        line gets by itself.
        """
        chosen, own = self.shown["tax"], self.own_tax
        named = [("", ""), *((value, str(tax)) for value, tax in self.offer.taxes.items())]
        others = [(v, label) for v, label in named if label != own or v == chosen]
        options = [(KEEP, own), *others]
        return [(value, label or "No tax", value == chosen) for value, label in options]

    @cached_property
    def own_tax(self) -> str:
        """The tax that the line gets when nobody chooses one, in words; empty for none."""
        return self.offer.own_tax(self.number("id"), self.offer.find(self.shown["item"]))

    @property
    def says(self) -> str:
        """Its sum, or what keeps it from having one: the page need not hear that twice."""
        amounts = (self.worked.net, self.worked.tax) if self.worked else ()
        return " ".join([*map(str, amounts), *self.misread])

    @cached_property
    def marks(self) -> defaultdict[str, str]:
        """An attribute for each input whose value can't be taken."""
        bad = mark_safe(' aria-invalid="true"')
        return defaultdict(str, dict.fromkeys(self.errors, bad))

    @property
    def faults(self) -> list[str]:
        """What is wrong with it, each part once."""
        return self._said(self.errors.as_data())

    @property
    def misread(self) -> list[str]:
        """As `faults`, without what is merely missing so far."""
        found = self.errors.as_data() if self.errors else {}
        return self._said({n: e for n, e in found.items() if e[0].code != "required"})

    def _said(self, found: dict[str, list[forms.ValidationError]]) -> list[str]:
        """The first error of each part; numbers are named, words speak for themselves."""
        said = {name: " ".join(errors[0].messages) for name, errors in found.items()}
        return [
            words if name in NAMED else f"{self[name].label}: {words}"
            for name, words in said.items()
        ]


class Shared(dict[str, Any]):
    """Fields that no row changes, so that hundreds of rows need no copy of their own each."""

    def __deepcopy__(self, memo: Any) -> Shared:
        return Shared(self)


LineForm.base_fields = Shared(LineForm.base_fields)


class BaseLines(forms.BaseFormSet):
    """The lines of `invoice`, of which `stored` are in the database, by id.

    Begins with those unless `initial` says otherwise. Rows keep their prefix wherever they stand;
    `rows` has them in order. A row that names another item than it was filled from is filled anew
    before anything is checked.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        *,
        invoice: Invoice,
        stored: dict[int, InvoiceLine],
        initial: list[dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        self.invoice, self.stored = invoice, stored
        self.offer = Offer(invoice, stored.values())
        self.typed = dict(data.items()) if data else {}
        if data is None and initial is None:
            initial = [self.offer.row(line) for line in stored.values()]
        given = None if data is None else self.typed
        super().__init__(given, files, initial=initial, form_kwargs={"offer": self.offer}, **kwargs)
        self.extra = 0 if initial else 1  # an empty row to begin with, where there is none

    def initial_form_count(self) -> int:
        """A row that came back is judged by its id, wherever it stands."""
        return 0 if self.is_bound else super().initial_form_count()

    def _construct_form(self, i: int, **kwargs: Any) -> LineForm:
        if self.is_bound:
            filled = self._fill(self.add_prefix(i))
        form = super()._construct_form(i, **kwargs)
        form.filled = self.is_bound and filled
        if not self.is_bound:
            form.worked = self.stored.get(form.initial.get("id"))
        return form

    def _fill(self, prefix: str) -> bool:
        """Take from a newly picked item what is empty or came from the one before."""
        words, before = (self.typed.get(f"{prefix}-{name}", "") for name in ("item", "picked"))
        item = self.offer.find(words)
        if words == before or (words and item is None):
            return False
        old = self.offer.parts(self.offer.find(before))
        for name, value in self.offer.parts(item).items():
            typed = changes.text(self.typed.get(f"{prefix}-{name}", "")).strip()
            if not typed or typed == old.get(name):
                self.typed[f"{prefix}-{name}"] = value
        self.typed[f"{prefix}-item"] = self.typed[f"{prefix}-picked"] = self.offer.label(item)
        return True

    def clean(self) -> None:
        """Add up what can be added up; what is wrong beyond single fields is said in its row."""
        rows = self.rows
        inputs = [row.line() if self._counts(row) else None for row in rows]
        for result in drafting.work_out(self.invoice, inputs, stored=self.stored):
            if isinstance(result, Fault) and result.part == "id":
                continue  # somebody removed it meanwhile; the verb sees that the form is stale
            if isinstance(result, Fault):
                known = result.part if result.part in rows[result.place].fields else None
                rows[result.place].add_error(known, result.words)
            elif result is not None:
                rows[result.position - 1].worked = result

    @cached_property
    def rows(self) -> list[LineForm]:
        """All rows in the order that their numbers ask for."""
        numbers = [(form.number("place"), form.number("ORDER")) for form in self.forms]
        return [self.forms[i] for i in order(numbers)]

    def _counts(self, row: LineForm) -> bool:
        return row.is_valid() and row.has_changed() and not row.shown["DELETE"]

    def lines(self) -> list[LineInput]:
        """The lines that stay, without empty rows. Only after `is_valid`."""
        return [row.line() for row in self.rows if self._counts(row)]

    def released(self) -> set[int]:
        """The stored lines that go and whose work can be billed again."""
        gone = [row for row in self.forms if row.shown["DELETE"] and row.shown["release"]]
        return {pk for row in gone if (pk := row.number("id"))}

    def move(self, prefix: str, by: int) -> None:
        """Put a row one place up (-1) or down (1)."""
        for here, row in enumerate(self.rows):
            if row.prefix == prefix:
                self.rows.insert(max(here + by, 0), self.rows.pop(here))
                return


def sent(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Cells of rows as a browser sends them, in this order."""
    data: dict[str, Any] = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": 0}
    for i, row in enumerate(rows):
        numbered = {**row, "place": i + 1, "ORDER": i + 1}
        data |= {f"form-{i}-{name}": "" if v is None else v for name, v in numbered.items()}
    return data


def order(places: Sequence[tuple[int | None, int | None]]) -> list[int]:
    """Which row stands where, from (place it had, number it was given) pairs.

    Rows whose number nobody touched keep their order; the others go to the place that they name.
    """
    same = [i for i, (place, number) in enumerate(places) if number is None or number == place]
    asked = [(n, i) for i, (place, n) in enumerate(places) if n is not None and n != place]
    result = sorted(same, key=lambda i: (places[i][0] or len(places), i))
    for number, i in sorted(asked):
        result.insert(max(number - 1, 0), i)
    return result


LineFormSet: type[BaseLines] = forms.formset_factory(
    LineForm, BaseLines, extra=1, can_delete=True, can_order=True, max_num=MOST_ROWS,
    absolute_max=MOST_ROWS,
)  # fmt: skip
