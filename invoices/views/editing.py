"""Freestyle invoices and the editing of drafts."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from atera_invoicing import money
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.pages import FormPage
from contracts.models import CatalogItem
from customers import recipients
from customers.models import Customer
from invoices import conflicts, drafting, lifecycle, totals
from invoices.forms import HeaderForm
from invoices.line_forms import MOST_ROWS, LineForm, LineFormSet, sent
from invoices.models import Invoice, InvoiceLine
from invoices.offer import Offer

from .invoice import HOME

DETAILS = ("bill_to_name", "bill_to_address", "bill_to_tax_number", "email", "message")


class Sums(NamedTuple):
    """What the lines of a form come to; `left_out` of them can't be added up yet."""

    subtotal: Decimal
    taxes: list[totals.TaxSum]
    total: Decimal
    left_out: int


class InvoiceWrite(FormPage):
    """The head of a draft, its lines, and what they come to, worked out by what will store them.

    A button named `redraw` sends the form back with its sums, another row, or a row moved: what
    htmx and a few lines of script do at once, and browsers without script by a round trip.
    """

    permission = "invoices.change_invoice"
    template_name = "invoices/edit.html"
    form_class = HeaderForm
    formset_class = LineFormSet
    crumbs = HOME

    live = False  # an answer for htmx, which keeps the form
    lenient = False  # nobody asked to save, so what is missing so far is no fault

    def draft(self) -> Invoice:
        """The invoice that the lines are for."""
        raise NotImplementedError

    @cached_property
    def stored(self) -> dict[int, InvoiceLine]:
        return drafting.lines_of(self.draft())

    def formset_kwargs(self) -> dict[str, Any]:
        return {"invoice": self.draft(), "stored": self.stored}

    def context(self) -> dict[str, Any]:
        rows = self.formset.rows if self.formset else []
        for place, row in enumerate(rows, 1):
            row.at = place
        return super().context() | {
            "sums": self.sums(),
            "currency": self.draft().currency,
            "totals_url": self.totals_url(),
            "units": CatalogItem.Unit.values,
            "live": self.live,
            "lenient": self.lenient,
            "faulty": self.faulty(rows),
            "open_details": any(name in DETAILS for name in self.form.errors),
        }

    def faulty(self, rows: list[LineForm]) -> list[LineForm]:
        """The lines that keep the draft from being saved, once somebody tried."""
        if self.lenient or self.live:
            return []
        return [row for row in rows if row.errors and not row.shown["DELETE"]]

    def totals_url(self) -> str:
        raise NotImplementedError

    def sums(self) -> Sums:
        rows = self.formset.rows if self.formset else []
        kept = [row for row in rows if not row.shown["DELETE"]]
        lines = [row.worked for row in kept if row.worked] if rows else [*self.stored.values()]
        return Sums(
            subtotal=money.total(line.net for line in lines),
            taxes=totals.by_tax(lines),
            total=money.total(line.total for line in lines),
            left_out=sum(row.is_bound and not row.is_valid() for row in kept),
        )

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if "redraw" not in request.POST:
            return super().post(request, *args, **kwargs)
        verb, _, prefix = request.POST["redraw"].partition(" ")
        if verb == "add":
            self.formset = self.one_more()
        self.lenient = True
        self.formset.is_valid()
        for name, errors in self.form.errors.as_data().items():
            if errors[0].code == "required":
                del self.form.errors[name]
        if verb in ("up", "down"):
            self.formset.move(prefix, -1 if verb == "up" else 1)
        return self.render()

    def one_more(self) -> Any:
        """The formset with a row more than was sent."""
        count = self.formset.total_form_count()
        row = {f"form-{count}-{name}": value for name, value in LineForm.BEGIN.items()}
        data = {**self.request.POST.dict(), **row, "form-TOTAL_FORMS": count + 1}
        return LineFormSet(data, **self.formset_kwargs())

    def done(self, result: Invoice) -> str:
        return reverse("invoices:detail", args=[result.pk])

    def success(self, result: Invoice) -> str:
        return "The draft is saved."


class InvoiceNew(InvoiceWrite):
    title = "New invoice"
    button = "Save draft"

    @cached_property
    def options(self) -> Installation:
        return Installation.current()

    def draft(self) -> Invoice:
        return Invoice(tax_method=self.options.tax_method, currency=self.options.currency)

    def totals_url(self) -> str:
        return reverse("invoices:new-totals")

    def get_back(self) -> str:
        return reverse("invoices:list")

    def get_initial(self) -> dict[str, Any]:
        customer = self.request.GET.get("customer", "")
        return {"customer": customer} if customer.isdecimal() else {}

    def context(self) -> dict[str, Any]:
        return super().context() | self.addressee()

    def addressee(self) -> dict[str, Any]:
        """What the customer's page says about terms and recipient, once one is chosen."""
        pk = str(self.form["customer"].value() or "")
        customer = Customer.objects.active().filter(pk=pk).first() if pk.isdecimal() else None
        if customer is None:
            return {}
        days = customer.payment_days
        return {
            "customer": customer,
            "address": ", ".join(customer.address.splitlines()),
            "days": self.options.payment_days if days is None else days,
            "recipient": recipients.for_customer(customer, self.options.recipient_rule),
        }

    def perform(self, form: HeaderForm) -> Invoice:
        data = form.cleaned_data
        header = form.header()
        return lifecycle.create(
            data["customer"], lines=self.formset.lines(), invoice_date=header.pop("invoice_date"),
            email=data["email"], by=self.request.user, now=timezone.now(), **header,
        )  # fmt: skip


class InvoiceEdit(InvoiceWrite):
    """A draft. Work on lines that are dropped stays billed unless the person lets it go.

    Somebody who saves over another's change gets both back in one form, and may save that.
    """

    queryset = Invoice.objects.select_related("customer", "contract__tax_rate")
    conflict: conflicts.Merged | None = None

    def get_title(self) -> str:
        return f"Edit {self.object}"

    def get_back(self) -> str:
        return reverse("invoices:detail", args=[self.object.pk])

    def draft(self) -> Invoice:
        return self.object

    def totals_url(self) -> str:
        return reverse("invoices:edit-totals", args=[self.object.pk])

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.object.is_draft:
            return super().get(request, *args, **kwargs)
        messages.warning(request, f"{self.object} is issued, so its content is fixed.")
        return HttpResponseRedirect(self.get_back())

    @cached_property
    def formset(self) -> Any:
        """The lines; of a draft too long for a page only the head is edited."""
        return None if len(self.stored) > MOST_ROWS else super().formset

    @property
    def seen(self) -> str:
        """Versions are compared by the verb, which knows about lines as well."""
        return ""

    def context(self) -> dict[str, Any]:
        work = self.work()
        for row in self.formset.rows if self.formset else ():
            row.work = work.get(row.number("id"))
        return super().context() | {
            "conflict": self.conflict,
            "too_long": f"This draft has {len(self.stored):,} lines.",
        }

    def work(self) -> dict[int, dict[str, Any]]:
        """How many pieces of work each line bills, and the hours among them, in one query."""
        entries = Count("claims", filter=Q(claims__time_entry__isnull=False), distinct=True)
        hours = Sum("claims__quantity", filter=Q(claims__time_entry__isnull=False))
        rows = self.object.lines.order_by().annotate(
            pieces=Count("claims"), entries=entries, hours=hours
        )
        found = rows.filter(pieces__gt=0).values("id", "pieces", "entries", "hours")
        return {row["id"]: row for row in found}

    def perform(self, form: HeaderForm) -> Invoice:
        lines = None if self.formset is None else self.formset.lines()
        version = form.cleaned_data["version"] or 0
        try:
            return lifecycle.edit(
                self.object, version=version, header=form.header(), lines=lines,
                release=self.formset.released() if self.formset else (),
                by=self.request.user, now=timezone.now(),
            )  # fmt: skip
        except Refused as refused:
            if refused.code == "stale":
                self._show_both(form, version)
            raise

    def _show_both(self, form: HeaderForm, version: int) -> None:
        """Lay what was typed over what is saved now, in a form that may be saved."""
        rows = self.formset.rows if self.formset else ()
        typed = [row.cells() for row in rows if row.has_changed()]
        self.object.refresh_from_db()
        self.stored = drafting.lines_of(self.object)
        offer = Offer(self.object, self.stored.values())
        self.conflict = conflicts.merge(
            form.header(), typed, now=self.object,
            stored={pk: offer.row(line) for pk, line in self.stored.items()},
            taxes={str(tax): value for value, tax in offer.taxes.items()},
            since=conflicts.since(self.object, version),
        )  # fmt: skip
        self.form = self.form_class(instance=self.object, initial=self.conflict.head)
        if self.formset:
            self.formset = self._lines(self.conflict.rows)

    def _lines(self, rows: list[dict[str, Any]]) -> Any:
        """A form of these rows, added up, with what somebody else did to them."""
        formset = LineFormSet(sent(rows), invoice=self.object, stored=self.stored)
        formset.is_valid()
        for row, cells in zip(formset.rows, rows, strict=True):
            row.note = cells.get("note", "")
        return formset


class Totals:
    """The sums alone, for htmx, of what stands in the form right now."""

    template_name = "invoices/_totals.html"
    live = True

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        self.formset.is_valid()
        return self.render()


class NewTotals(Totals, InvoiceNew):
    pass


class EditTotals(Totals, InvoiceEdit):
    pass
