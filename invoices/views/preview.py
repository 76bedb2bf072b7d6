"""The invoices that a contract's choice becomes, on paper, before anything is written."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract
from customers import recipients
from invoices import choosing, paper, writing
from invoices.bills import Bill
from invoices.choosing import Choice, Chosen
from invoices.models import Batch
from invoices.paper import Paper
from whitelabel.models import Branding

from .sheet import HOME, SheetPage


@dataclass(frozen=True)
class Preview:
    """A period's bill and its paper; none if there is nothing to put on one."""

    bill: Bill
    paper: Paper | None
    written: bool


class BatchPreview(SheetPage):
    """POST: as it is chosen, with the neighbours in the batch. GET: all that is due."""

    template_name = "invoices/preview.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render()

    @cached_property
    def contract(self) -> Contract:
        rows = Contract.objects.select_related("customer")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @cached_property
    def ticked(self) -> Choice | None:
        """What the form chooses of it, if anything."""
        if self.request.method == "GET":
            return None
        return self.selection.choices().get(self.contract.pk)

    @cached_property
    def chosen(self) -> Chosen:
        choice = self.ticked or Choice(self.contract.pk)
        (one,) = choosing.choose([choice], **self.asked)
        return one

    @cached_property
    def previews(self) -> list[Preview]:
        """What is ticked, also what is held back; else what is due, else what is open so far."""
        bills, look = self.chosen.row.bills, Branding.current()
        due = [bill for bill in bills if bill.due] or bills
        ticked = self.ticked and [b for b in bills if b.period.start in self.ticked.periods]
        written = {bill.period.start for bill in self.chosen.bills} if self.ticked else set()
        return [
            Preview(bill, self._paper(bill, look), bill.period.start in written)
            for bill in (due if ticked is None else ticked)
        ]

    def _paper(self, bill: Bill, look: Branding) -> Paper | None:
        if bill.invoice is None:
            return None
        day = self.form.cleaned_data.get("invoice_date") or self.asked["today"]
        invoice, lines = writing.unsaved(
            self.chosen.row.facts, bill.invoice,
            batch=Batch(invoice_date=day), options=self.options, now=timezone.now(),
        )  # fmt: skip
        return paper.build(invoice, lines, branding=look)

    def _neighbours(self) -> dict[str, Any]:
        """The contracts before and after it in the batch."""
        if self.request.method == "GET":
            return {}
        ids = [c.contract_id for c in self.choices if self.picked[c.contract_id].bills]
        if self.contract.pk not in ids:
            return {}
        place = ids.index(self.contract.pk)
        return {
            "place": place + 1,
            "count": len(ids),
            "before": ids[place - 1] if place else None,
            "after": ids[place + 1] if place + 1 < len(ids) else None,
        }

    def context(self) -> dict[str, Any]:
        customer, rule = self.contract.customer, self.options.recipient_rule
        logo = next((p.paper.logo for p in self.previews if p.paper and p.paper.logo), None)
        return super().context() | self._neighbours() | {
            "shell_template": "_dialog.html" if self.request.htmx else "base.html",
            "title": f"{customer}: {self.contract}",
            "contract": self.contract,
            "chosen": self.chosen,
            "ticked": self.ticked,
            "previews": self.previews,
            "recipient": recipients.for_customer(customer, rule),
            "look": Branding.current(),
            "logo_src": f"data:image/png;base64,{b64encode(logo.png).decode()}" if logo else "",
            "posted": [(k, v) for k, values in self.request.POST.lists() for v in values],
        }  # fmt: skip

    def get_crumbs(self) -> Any:
        return [*HOME, ("New batch", reverse("invoices:batch-new"))]
