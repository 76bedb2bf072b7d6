"""The page on which a month is billed: choose, look at what it comes to, save.

The form is the state: every tick posts it and gets the sums back, so nothing is kept on the server
and everything works without JavaScript.
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.pages import Page
from contracts.models import Contract
from invoices import batches, billing, choosing, tasks, unready
from invoices.choosing import Choice, Chosen
from invoices.forms import BatchForm, NarrowForm

HOME = (("Batches", reverse_lazy("invoices:batches")),)
MOST_SOURCES = 20_000


class NewBatch(Page):
    """GET shows what can be billed; POST with `save` starts the batch, else the sums are shown
    anew.
    """

    permission = "invoices.preview_batch"
    template_name = "invoices/new_batch.html"
    title = "New batch"
    crumbs = HOME

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "save" not in request.POST:
            return self.render()
        if not request.user.has_perm("invoices.write_batch"):
            raise PermissionDenied
        if not self.form.is_valid():
            return self.render(status=422)
        try:
            batch = self._start()
        except Refused as refused:
            field = refused.field if refused.field in self.form.fields else None
            self.form.add_error(field, refused.message)
            return self.render(status=422)
        return HttpResponseRedirect(reverse("invoices:batch", args=[batch.pk]))

    def _start(self) -> Any:
        data, person = self.form.cleaned_data, self.request.user
        if any(c.early_reason for c in self.choices) and not person.has_perm("invoices.bill_early"):
            raise PermissionDenied
        batch = batches.start(
            self.choices, uid=data["uid"], name=data["name"], through=data["through"],
            invoice_date=data["invoice_date"], level=data["level"], by=person, now=timezone.now(),
        )  # fmt: skip
        tasks.ring_batch(batch)
        return batch

    @cached_property
    def form(self) -> BatchForm:
        today = timezone.localdate()
        first = {
            "name": f"{today:%B %Y}", "level": "", "through": today, "invoice_date": today, "uid":
            uuid.uuid4(),
        }  # fmt: skip
        if self.request.method == "POST":
            return BatchForm(self.request.POST)
        known = {name: value for name, value in self.request.GET.items() if name in first and value}
        return BatchForm(initial=first | known)

    @cached_property
    def asked(self) -> dict[str, Any]:
        """`through` and `level` in force; today and each contract's own where nothing sensible was
        given.
        """
        probe = BatchForm({**self.form.initial, **self.form.data.dict()} if self.form.is_bound else
                          {**self.form.initial, **self.request.GET.dict()})  # fmt: skip
        probe.is_valid()
        data = probe.cleaned_data
        return {
            "through": data.get("through") or timezone.localdate(),
            "level": data.get("level") or "",
            "today": timezone.localdate(),
            "options": self.installation,
        }

    @cached_property
    def installation(self) -> Installation:
        return Installation.current()

    @cached_property
    def narrow(self) -> NarrowForm:
        form = NarrowForm(self.request.GET)
        form.is_valid()
        return form

    @cached_property
    def rows(self) -> list[billing.Row]:
        """The contracts that the filters leave, with something to bill or waiting for it."""
        rows = [
            row for row in billing.rows(self._contracts(), **self.asked) if row.bills or row.left
        ]
        state = self.narrow.cleaned_data.get("state")
        if state == "due":
            return [row for row in rows if any(bill.due for bill in row.bills)]
        if state == "open":
            return [row for row in rows if any(not bill.due for bill in row.bills)]
        return rows

    def _contracts(self) -> QuerySet[Contract]:
        given = self.narrow.cleaned_data
        found = Contract.objects.order_by("customer__name", "name")
        if given.get("customer"):
            found = found.filter(customer=given["customer"])
        if given.get("type"):
            found = found.filter(type=given["type"])
        if given.get("taxable"):
            found = found.filter(tax_rate__isnull=given["taxable"] == "no")
        return found

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """What the form says. Sources that were shown and are not ticked any more are left out."""
        post = self.request.POST
        if self.request.method != "POST":
            return tuple(Choice(row.facts.contract_id) for row in self.rows if row.chosen())
        shown, ticked = post.getlist("shown")[:MOST_SOURCES], set(post.getlist("take"))
        left_out: dict[str, list[str]] = {}
        for value in shown:
            contract, _, source = value.partition("/")
            if value not in ticked and is_source(source):
                left_out.setdefault(contract, []).append(source)
        return tuple(
            Choice(
                int(pk),
                left_out=tuple(left_out.get(pk, ())),
                early_reason=post.get(f"early-{pk}", "").strip(),
            )
            for pk in dict.fromkeys(post.getlist("contract"))
            if pk.isdecimal() and len(pk) < 19
        )

    @cached_property
    def chosen(self) -> list[Chosen]:
        known = set(Contract.objects.values_list("pk", flat=True))
        return choosing.choose([c for c in self.choices if c.contract_id in known], **self.asked)

    def context(self) -> dict[str, Any]:
        chosen = {one.row.facts.contract_id: one for one in self.chosen}
        early = {choice.contract_id: choice.early_reason for choice in self.choices}
        left_out = {choice.contract_id: choice.left_out for choice in self.choices}
        shown = [
            {
                "row": row,
                "chosen": chosen.get(row.facts.contract_id),
                "due": [bill for bill in row.bills if bill.due],
                "open": [bill for bill in row.bills if not bill.due],
                "early": early.get(row.facts.contract_id, ""),
                "left_out": left_out.get(row.facts.contract_id, ()),
                "selected": sum(
                    bill.invoice.subtotal
                    for bill in getattr(chosen.get(row.facts.contract_id), "bills", ())
                ),
                "type": Contract.Type(row.facts.terms.type).label,
                "issues": [i for bill in row.bills if bill.due for i in bill.owed.issues],
            }
            for row in self.rows
        ]
        return super().context() | {
            "form": self.form,
            "narrow": self.narrow,
            "shown": shown,
            "panel": choosing.panel(self.chosen, self.installation),
            "said": [one for one in self.chosen if one.message],
            "unready": unready.tickets(),
            "through": self.asked["through"],
            "level": self.asked["level"],
        }


def is_source(text: str) -> bool:
    """Whether a text names work: "entry:7" or "item:9"."""
    kind, _, number = text.partition(":")
    return kind in ("entry", "item") and number.isdecimal() and len(number) < 19


class BatchPanel(NewBatch):
    """The sums alone, for htmx."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        context = {
            "panel": choosing.panel(self.chosen, self.installation),
            "said": [one for one in self.chosen if one.message],
            "page": self,
        }
        return render(request, "invoices/_panel.html", context)


class BatchPreview(NewBatch):
    """The invoices that one contract's choice becomes, line by line, and the work behind them."""

    template_name = "invoices/preview.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        pk = self.kwargs["pk"]
        choice = next((c for c in self.choices if c.contract_id == pk), Choice(pk))
        return self._show(choice)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(Choice(self.kwargs["pk"]))

    def _show(self, choice: Choice) -> HttpResponse:
        if not Contract.objects.filter(pk=choice.contract_id).exists():
            messages.warning(self.request, "This contract is gone.")
            return HttpResponseRedirect(reverse("invoices:batch-new"))
        (one,) = choosing.choose([choice], **self.asked)
        context = {
            "shell_template": "_dialog.html" if self.request.htmx else "base.html",
            "page": self,
            "title": f"{one.row.facts.customer_name}: {one.row.facts.terms.name}",
            "crumbs": [*HOME, ("New batch", reverse("invoices:batch-new"))],
            "one": one,
            "currency": self.installation.currency,
        }
        return render(self.request, self.template_name, context)


class BatchSources(NewBatch):
    """The single pieces of work of a contract, each with a tick, for htmx."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        contracts = Contract.objects.filter(pk=self.kwargs["pk"])
        rows = billing.rows(contracts, **self.asked)
        bills = [bill for row in rows for bill in row.bills]
        context = {
            "bills": bills,
            "contract": self.kwargs["pk"],
            "facts": rows[0].facts if rows else None,
        }
        return render(request, "invoices/_sources.html", context)
