"""Pages of tickets: the list, one ticket with its time and goods, and what may happen to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from atera_invoicing.models import Installation
from atera_invoicing.pages import ActionPage, DetailPage, FormPage, ListPage
from contracts import standing, work
from contracts.filters import TicketFilter
from contracts.forms import TicketForm
from contracts.models import Contract, ContractRate, Ticket, TicketItem, TimeEntry
from contracts.standing import Standing

VIEW, CHANGE = "contracts.view_ticket", "contracts.change_ticket"
EVERYBODYS = "contracts.view_any_time"
HOME = (("Tickets & time", reverse_lazy("contracts:tickets")),)


# Each with the filters that it stands for.
TABS: tuple[tuple[str, dict[str, list[str]]], ...] = (
    ("All", {}),
    ("Open", {"status": ["open", "pending"]}),
    ("To be billed", {"unbilled": ["true"]}),
    ("Without a contract", {"contract": ["null"]}),
)
TABBED = ("status", "unbilled", "contract")


class TicketList(ListPage):
    permission = VIEW
    template_name = "contracts/tickets.html"
    title = "Tickets & time"
    filter_class = TicketFilter
    search_fields = ("number", "title", "customer__name")
    search_hint = "Search tickets"
    sortable = {
        "number": "number", "title": "title", "customer": "customer__name", "status": "status",
        "opened": "opened_at",
    }  # fmt: skip
    sort = "-opened"

    def get_queryset(self) -> QuerySet[Ticket]:
        person = self.request.user
        spent = TimeEntry.objects.filter(ticket=OuterRef("pk")).order_by().values("ticket")
        if not person.has_perm(EVERYBODYS):
            spent = spent.filter(technician=person)
        minutes = Subquery(spent.annotate(sum=Sum("minutes")).values("sum"))
        return Ticket.objects.select_related("customer", "contract").annotate(minutes=minutes)

    def context(self) -> dict[str, Any]:
        get = self.request.GET
        chosen = {name: get.getlist(name) for name in TABBED if any(get.getlist(name))}
        tabs = [(label, urlencode(wanted, True), wanted == chosen) for label, wanted in TABS]
        return super().context() | {"tabs": tabs}

    def count_to(self) -> int:
        """What is billed shows only in the claims of each ticket's work, so a page is enough."""
        return self.size if self.request.GET.get("unbilled") else super().count_to()


class TicketPage(DetailPage):
    """A ticket. Bills that hold its work are found by their claims."""

    permission = VIEW
    template_name = "contracts/ticket.html"
    queryset = Ticket.objects.select_related("customer", "contract", "contact")
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        person = self.request.user
        rows = self._rows()
        everybodys = person.has_perm(EVERYBODYS)
        times = [
            row
            for row in rows
            if isinstance(row, TimeEntry) and (everybodys or row.technician_id == person.pk)
        ]
        return super().context() | {
            "entries": times,
            "items": [row for row in rows if isinstance(row, TicketItem)],
            "minutes": sum(row.minutes for row in times),
            "bills": {row.bill.pk: row.bill for row in rows if row.bill}.values(),
            "locked": any(row.locked for row in rows),
            "done": self.object.status in Ticket.DONE,
            "usual_rate": self._usual_rate(),
            "held": block_of(self.object.contract, person),
        }

    def _usual_rate(self) -> ContractRate | None:
        """What time without a rate of its own is charged at."""
        rates = work.time_rates(self.object.contract)
        return rates.filter(role=ContractRate.Role.PRIMARY).first()

    def _rows(self) -> list[Any]:
        """Time and items; `bill` is the invoice that holds a row, `locked` whether that or the
        accounting system does, `mine` whether it is this person's to change.
        """
        person = self.request.user
        entries = self.object.entries.select_related("technician", "rate__item")
        items = self.object.items.select_related("item", "tax_rate")
        rows: list[Any] = [
            *entries.prefetch_related(live(TimeEntry)), *items.prefetch_related(live(TicketItem)),
        ]  # fmt: skip
        any_time = person.has_perm("contracts.change_any_time")
        for row in rows:
            row.bill = next((claim.invoice for claim in row.live_claims), None)
            row.locked = bool(row.live_claims)
            row.mine = isinstance(row, TicketItem) or any_time or row.technician_id == person.pk
        return rows


def block_of(contract: Contract | None, person: Any) -> Standing | None:
    """What a block contract still holds; money is only for those who may see prices."""
    if contract is None or not contract.is_block:
        return None
    if contract.type == Contract.Type.BLOCK_MONEY and not person.has_perm("contracts.view_prices"):
        return None
    return standing.of(contract, today=timezone.localdate(), options=Installation.current())


def live(model: type[TimeEntry] | type[TicketItem]) -> Prefetch:
    """The claims that bill a row now, as `live_claims`."""
    claims: Any = model._meta.get_field("claims").related_model
    found = claims.objects.filter(released_at=None).select_related("invoice")
    return Prefetch("claims", queryset=found, to_attr="live_claims")


class TicketWrite(FormPage):
    permission = CHANGE
    template_name = "contracts/ticket_edit.html"
    queryset = Ticket.objects.all()
    form_class = TicketForm
    back = reverse_lazy("contracts:tickets")
    crumbs = HOME

    def done(self, result: Ticket) -> str:
        return reverse("contracts:ticket", args=[result.pk])


class TicketNew(TicketWrite):
    title = "New ticket"

    def get_initial(self) -> dict[str, Any]:
        customer = self.request.GET.get("customer", "")
        return {"customer": customer} if customer.isdecimal() and len(customer) < 19 else {}

    def perform(self, form: TicketForm) -> Ticket:
        ticket = form.save(commit=False)
        ticket.opened_at = timezone.now()
        return work.open_ticket(ticket, by=self.request.user)


class TicketEdit(TicketWrite):
    title = "Edit ticket"

    def get_crumbs(self) -> list[tuple[str, Any]]:
        return [*HOME, (f"#{self.object.number}", self.get_back())]

    def get_back(self) -> str:
        return reverse("contracts:ticket", args=[self.object.pk])

    def perform(self, form: TicketForm) -> Ticket:
        ticket = form.save(commit=False)
        agreed = form.cleaned_data["repoint_rates"]
        return work.change_ticket(ticket, by=self.request.user, repoint_rates=agreed)


class TicketAction(ActionPage):
    permission = CHANGE
    queryset = Ticket.objects.all()

    def get_crumbs(self) -> list[tuple[str, Any]]:
        return [*HOME, (f"#{self.object.number}", self.get_back())]

    def get_back(self) -> str:
        return reverse("contracts:ticket", args=[self.object.pk])


class TicketResolve(TicketAction):
    title = "Resolve ticket"

    def get_question(self) -> str:
        """What resolving means for the bill."""
        if self.object.contract_id is None:
            return (
                "It has no contract, so none of its work can be billed. You can choose one later."
            )
        by = Installation.current().ticket_period
        when = "today" if by == Installation.TicketPeriod.RESOLVED else "the day it was done"
        return f"Its work can then be billed on {self.object.contract}, in the period of {when}."

    button = "Resolve"

    def perform(self, form: Any) -> str:
        work.resolve(self.object, by=self.request.user, now=timezone.now())
        return "Resolved."


class TicketClose(TicketAction):
    title = "Close ticket"
    question = "Nothing more will be done on it."
    button = "Close"

    def perform(self, form: Any) -> str:
        work.close(self.object, by=self.request.user, now=timezone.now())
        return "Closed."


class TicketReopen(TicketAction):
    title = "Reopen ticket"
    question = "Its work can't be billed until it is resolved again."
    button = "Reopen"

    def perform(self, form: Any) -> str:
        work.reopen(self.object, by=self.request.user)
        return "Open again."


class TicketDelete(TicketAction):
    permission = "contracts.delete_ticket"
    title = "Delete ticket"
    question = "Its time, products and expenses go with it. This can't be undone."
    button = "Delete"
    danger = True

    def done(self) -> str:
        return reverse("contracts:tickets")

    def perform(self, form: Any) -> str:
        name = str(self.object)
        work.delete_ticket(self.object, by=self.request.user)
        return f"{name} is deleted."
