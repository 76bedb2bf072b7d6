"""What the pages of a new batch share: the form, what can be billed, and what of it is chosen.

The form is the state: every tick posts it and gets the sums back, so nothing is kept on the server
and everything works without JavaScript.
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any

from django.core.paginator import Page as PageOfRows
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from atera_invoicing.models import Installation
from atera_invoicing.pages import Page
from contracts.models import Contract
from invoices import billing, bills, breakdown, selection, sheet
from invoices.bills import Billable, Panel, Row
from invoices.breakdown import Piece
from invoices.choosing import Choice
from invoices.forms import BatchForm, NarrowForm
from invoices.selection import Selection
from invoices.sheet import Account, Picked, Sheet

from .rows import Box, Line, Shown

HOME = (("Batches", reverse_lazy("invoices:batches")),)
ROWS = 50
NOTHING = Picked((), "")


class SheetPage(Page):
    """A page that reads the form of a new batch; one that only answers htmx leads back there."""

    permission = "invoices.preview_batch"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("invoices:batch-new"))

    @cached_property
    def given(self) -> QueryDict:
        return self.request.POST if self.request.method == "POST" else self.request.GET

    @cached_property
    def form(self) -> BatchForm:
        """Bound in any case: what is missing at first is filled in."""
        if self.request.method == "POST":
            form = BatchForm(self.given)
        else:
            first = {"uid": uuid.uuid4(), **BatchForm.defaults(timezone.localdate())}
            form = BatchForm(first | {k: v for k, v in self.given.items() if k in first and v})
        form.is_valid()
        return form

    @cached_property
    def asked(self) -> dict[str, Any]:
        """Up to when and at which level, as far as the form makes sense, and today's options."""
        today = timezone.localdate()
        return {
            "through": self.form.cleaned_data.get("through") or today,
            "level": self.form.cleaned_data.get("level") or "",
            "today": today,
            "options": Installation.current(),
        }

    @property
    def options(self) -> Installation:
        return self.asked["options"]

    @cached_property
    def before(self) -> Sheet | None:
        """What the page was shown with, if that is still kept."""
        posted = self.request.method == "POST"
        return sheet.load(self.request.user, self.given.get("seen", "")) if posted else None

    @cached_property
    def sheet(self) -> Sheet:
        """What can be billed: as it was shown, unless something else or newer is asked for."""
        before, asked = self.before, self.asked
        if before and "recalculate" not in self.given and before.answers(**asked):
            return before
        return sheet.keep(self.request.user, sheet.work_out(**asked, now=timezone.now()))

    @cached_property
    def narrow(self) -> NarrowForm:
        form = NarrowForm(self.given)
        form.is_valid()
        return form

    @cached_property
    def matching(self) -> list[Account]:
        """The contracts that the filters leave, before a button changed what is chosen."""
        accounts = self.narrow.leave(self.sheet.accounts.values())
        state = self.narrow.cleaned_data.get("state")
        if state in ("skipped", "problem"):
            picked = self.pick(selection.read(self.given))
            return [one for one in accounts if _stands(one, state, picked)]
        return accounts

    @cached_property
    def selection(self) -> Selection:
        """What is chosen: at first all that can be billed, after that what the form says."""
        zero = self.options.zero_invoices
        act = self.given.get("act", "")
        if self.request.method != "POST":
            return Selection().with_all(self.matching, zero_invoices=zero)
        found, these = selection.read(self.given), self.matching
        if self.before and self.before is not self.sheet:
            now = self.narrow.leave(self.sheet.accounts.values())
            found = found.moved_on(
                self.before.accounts.values(), self.sheet.accounts.values(), among=now,
                zero_invoices=zero,
            )  # fmt: skip
        if act == "all":
            return found.with_all(these, zero_invoices=zero)
        if act == "none":
            return found.without(these)
        if act == "only":
            return found.without(set(self.sheet.accounts.values()).difference(these))
        return found

    def pick(self, chosen: Selection) -> dict[int, Picked]:
        return sheet.pick(self.sheet, list(chosen.choices().values()), **self.asked)

    @cached_property
    def picked(self) -> dict[int, Picked]:
        """What is chosen comes to this, by contract."""
        return self.pick(self.selection)

    @cached_property
    def choices(self) -> list[Choice]:
        """What is chosen, in the order of the page; contracts that are gone from it come last."""
        found = self.selection.choices()
        order = {pk: place for place, pk in enumerate(self.sheet.accounts)}
        return sorted(found.values(), key=lambda c: order.get(c.contract_id, len(order)))

    @property
    def billed(self) -> list[int]:
        """The contracts that will get an invoice, in the order of the page."""
        ids = [choice.contract_id for choice in self.choices]
        return [pk for pk in ids if self.picked.get(pk, NOTHING).bills]

    @cached_property
    def panel(self) -> Panel:
        written = [bill for one in self.picked.values() for bill in one.bills]
        return bills.panel(written, zero_invoices=self.options.zero_invoices)

    @cached_property
    def rows_page(self) -> PageOfRows:
        return Paginator(self.matching, ROWS).get_page(self.given.get("page"))

    @cached_property
    def on_screen(self) -> list[Account]:
        """The contracts to show."""
        return list(self.rows_page)

    @cached_property
    def expanded(self) -> set[int]:
        """The contracts whose single items are on the screen."""
        found = {int(pk) for pk in self.given.getlist("expanded") if selection.is_id(pk)}
        toggled = self.given.get("toggle", "")
        return found ^ {int(toggled)} if selection.is_id(toggled) else found

    @cached_property
    def pieces(self) -> dict[int, Row]:
        """The contracts of this page that are expanded, with every line, nothing left out."""
        wanted = self.expanded & {one.contract_id for one in self.on_screen}
        if not wanted:
            return {}
        rows = billing.rows(Contract.objects.filter(pk__in=wanted), **self.asked)
        return {row.facts.contract_id: row for row in rows}

    def sums(self) -> dict[str, Any]:
        """What the panel says."""
        accounts = self.sheet.accounts
        chosen = [(accounts[pk], one) for pk, one in self.picked.items() if pk in accounts]
        return {
            "panel": self.panel,
            "contracts": sum(1 for _, one in chosen if one.bills),
            "problems": [(account, one.message) for account, one in chosen if one.message],
            "sheet": self.sheet,
            "currency": self.options.currency,
            "first": next(iter(self.billed), None),
        }

    def show(self, account: Account) -> Shown:
        pk, chosen = account.contract_id, self.selection
        lines = [self._line(account, bill) for bill in account.bills]
        return Shown(
            account=account,
            type=Contract.Type(account.type).label,
            due=[line for line in lines if line.bill.due],
            open=[line for line in lines if not line.bill.due],
            picked=self.picked.get(pk, NOTHING),
            reason=chosen.reasons.get(pk, ""),
            out=frozenset(t for t in chosen.out if t.startswith(selection.tick(pk, ""))),
            expanded=pk in self.pieces,
        )

    def _line(self, account: Account, brief: Billable) -> Line:
        pk, start = account.contract_id, brief.period.start
        tick = selection.tick(pk, start)
        row, picked = self.pieces.get(pk), self.picked.get(pk, NOTHING)
        return Line(
            bill=brief,
            tick=tick,
            ticked=tick in self.selection.on,
            written=next((bill for bill in picked.bills if bill.period.start == start), None),
            groups=[
                (group.ticket, [self._box(pk, piece) for piece in group.pieces])
                for bill in (row.bills if row else ())
                if bill.period.start == start
                for group in breakdown.groups(bill, row.facts.tickets)
            ],
        )

    def _box(self, pk: int, piece: Piece) -> Box:
        tick = selection.tick(pk, piece.source) if piece.source else ""
        return Box(piece, tick, tick not in self.selection.out)


def _stands(account: Account, state: str, picked: dict[int, Picked]) -> bool:
    """Whether a contract needs a look, or could be billed and isn't all chosen."""
    mine = picked.get(account.contract_id, NOTHING)
    if state == "problem":
        return bool(mine.message) or account.blocked
    return len(mine.bills) < len([bill for bill in account.due if not bills.is_blocked(bill)])
