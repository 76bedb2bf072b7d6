"""What people choose about a connection."""

from __future__ import annotations

from typing import Any

from django import forms

from . import connected, options, suggestions
from .models import Connection
from .providers import registry
from .providers.port import Kind

OPTION = "option_"  # before the key of a provider's own option
WORDS = {
    Connection.TaxMode.PROVIDER: "{name} computes the tax; each line only says taxable or not",
    Connection.TaxMode.CODES: "Each line bears a {tax} of {name}, as linked below",
    Connection.Numbering.OURS: "Keep our invoice numbers",
    Connection.Numbering.THEIRS: "{name} numbers them; we show both numbers",
    Connection.AutoExport.OFF: "Only when somebody says so",
    Connection.AutoExport.ON_ISSUE: "Whenever a batch is issued",
}


class SettingsForm(forms.Form):
    """The settings of a connection; only what the company allows can be chosen."""

    tax_mode = forms.ChoiceField(label="Tax on exported invoices", widget=forms.RadioSelect)
    untaxed_id = forms.ChoiceField(
        label="{tax} of lines without tax", required=False, help_text="Each line needs one."
    )
    income_account_id = forms.ChoiceField(
        label="{account} of new items",
        required=False,
        help_text="For {items} that are created there.",
    )
    fallback_item_id = forms.ChoiceField(
        label="Item for lines typed in by hand",
        required=False,
        help_text="Without one such lines can't be exported.",
    )
    numbering = forms.ChoiceField(label="Invoice numbers", widget=forms.RadioSelect)
    auto_export = forms.ChoiceField(label="Export", widget=forms.RadioSelect)
    go_live = forms.DateField(
        label="Export invoices dated from", help_text="Earlier ones stay here."
    )

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        initial = {name: getattr(connection, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, **kwargs)
        self.connection = connection
        self.name, self.words = registry.name(connection.provider), connected.words(connection)
        self._call()
        modes = connection.tax_modes or Connection.TaxMode.values
        self._offer("tax_mode", [mode for mode in Connection.TaxMode if mode in modes])
        numbering = list(Connection.Numbering)[0 if connection.takes_numbers else 1 :]
        self._offer("numbering", numbering)
        self._offer("auto_export", list(Connection.AutoExport))
        if not connection.takes_numbers:
            self.fields[
                "numbering"
            ].help_text = f"Custom transaction numbers are off in {self.name}."
        if closed := connection.closed_through:
            self.fields["go_live"].help_text += f" The books are closed up to {closed:%d %b %Y}."
        self._offer_records("income_account_id", Kind.ACCOUNT, "Choose an account")
        self._offer_records("fallback_item_id", Kind.ITEM, "None")
        self._offer_records("untaxed_id", Kind.TAX, "None")
        if Connection.TaxMode.CODES not in modes:
            del self.fields["untaxed_id"]
        chosen = options.chosen(connection)
        self.options = options.offered(connection)
        for option in self.options:
            self.fields[f"{OPTION}{option.key}"] = forms.ChoiceField(
                label=option.label, help_text=option.help, choices=option.values, required=False,
                initial=chosen[option.key],
            )  # fmt: skip

    @property
    def own(self) -> list[forms.BoundField]:
        """The provider's own options."""
        return [self[f"{OPTION}{option.key}"] for option in self.options]

    def values(self) -> dict[str, Any]:
        """What the verb takes. An option that was not answered stays as it is."""
        given = {each.key: self.cleaned_data[f"{OPTION}{each.key}"] for each in self.options}
        own = {k.key: given[k.key] for k in self.options if given[k.key] in dict(k.values)}
        kept = {n: value for n, value in self.cleaned_data.items() if not n.startswith(OPTION)}
        return {**kept, "options": own} if own else kept

    def _call(self) -> None:
        """Labels in the words of the accounting system."""
        known = {
            "tax": self.words.tax.capitalize(), "account": self.words.account.capitalize(),
            "items": self.words.items,
        }  # fmt: skip
        for field in self.fields.values():
            field.label = str(field.label).format_map(known)
            field.help_text = str(field.help_text).format_map(known)

    def _offer(self, field: str, values: list[Any]) -> None:
        known = {"name": self.name, "tax": self.words.tax}
        self.fields[field].choices = [(v.value, WORDS[v].format_map(known)) for v in values]

    def _offer_records(self, field: str, kind: Kind, nothing: str) -> None:
        rows = suggestions.offered(self.connection, kind)
        offered = [(row.remote_id, row.name) for row in rows]
        chosen = getattr(self.connection, field)
        if chosen and chosen not in dict(offered):
            offered.insert(0, (chosen, "No longer there: choose another one"))
        self.fields[field].choices = [("", nothing), *offered]
