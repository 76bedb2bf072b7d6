"""The page on which a month is billed: choose, look at what it comes to, save."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from atera_invoicing.errors import Refused
from invoices import batches, selection, tasks, unready
from invoices.models import Batch
from invoices.sheet import Account
from whitelabel.models import Branding

from .sheet import HOME, SheetPage, Shown


class NewBatch(SheetPage):
    """GET shows what can be billed; POST with `save` starts the batch, else shows it anew."""

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

    def _start(self) -> Batch:
        data, person = self.form.cleaned_data, self.request.user
        if any(c.early_reason for c in self.choices) and not person.has_perm("invoices.bill_early"):
            raise PermissionDenied
        batch = batches.start(
            self.choices, uid=data["uid"], name=data["name"], through=data["through"],
            invoice_date=data["invoice_date"], level=data["level"], by=person, now=timezone.now(),
        )  # fmt: skip
        tasks.ring_batch(batch)
        return batch

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render()

    def render(self, *, status: int = 200, **extra: Any) -> HttpResponse:
        if self.request.htmx:
            self.template_name = "invoices/_bills.html"
        return super().render(status=status, **extra)

    def context(self) -> dict[str, Any]:
        rows = [self.show(account) for account in self.on_screen]
        accounts, ids = self.sheet.accounts, {row.account.contract_id for row in rows}
        return super().context() | self.sums() | self._elsewhere(rows, ids) | {
            "form": self.form,
            "narrow": self.narrow,
            "customers": {one.customer_id: one.customer for one in accounts.values()},
            "rows": rows,
            "rows_page": self.rows_page,
            "waiting": unready.reasons(accounts.values(), through=self.asked["through"]),
            "busy": Batch.objects.exclude(state=Batch.State.READY).first(),
            "look": Branding.current(),
        }  # fmt: skip

    def _elsewhere(self, rows: list[Shown], ids: set[int]) -> dict[str, Any]:
        """What is chosen, left out and said of contracts that are not on the screen."""
        chosen = self.selection
        here = {tick for row in rows for tick in row.shown.split()}
        matching = {one.contract_id for one in self.matching}
        return {
            "on": " ".join(sorted(chosen.on - here)),
            "out": " ".join(sorted(t for t in chosen.out if selection.contract(t) not in ids)),
            "reasons": {pk: why for pk, why in chosen.reasons.items() if pk not in ids}.items(),
            "chosen_elsewhere": sum(
                1 for pk, one in self.picked.items() if one.bills and pk not in matching
            ),
        }


class BatchPanel(SheetPage):
    """The sums anew, and those of the rows on the screen, for htmx after every tick."""

    @cached_property
    def on_screen(self) -> list[Account]:
        known = self.sheet.accounts
        return [known[pk] for pk in selection.contracts_shown(self.given) if pk in known]

    @cached_property
    def expanded(self) -> set[int]:
        return set()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = [self.show(account) for account in self.on_screen]
        context = self.sums() | {"rows": rows, "page": self}
        return render(request, "invoices/_tick.html", context)


class BatchRow(SheetPage):
    """One contract of the page, opened into its periods and single items or closed, for htmx."""

    @cached_property
    def on_screen(self) -> list[Account]:
        account = self.sheet.accounts.get(self.kwargs["pk"])
        return [account] if account else []

    @cached_property
    def expanded(self) -> set[int]:
        return {self.kwargs["pk"]} if self.given.get("open") else set()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.on_screen:
            raise Http404
        context = {"row": self.show(self.on_screen[0]), "page": self}
        return render(request, "invoices/_row.html", context)
