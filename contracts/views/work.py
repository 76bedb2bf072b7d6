"""Pages of what is done on a ticket: time, products, expenses."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from atera_invoicing.pages import ActionPage, FormPage
from contracts import locks, work
from contracts.forms import EntryForm, TicketItemForm
from contracts.models import Ticket, TicketItem, TimeEntry

from .tickets import HOME, block_of

LOG = "contracts.log_time"


class WorkWrite(FormPage):
    """A row of work on a ticket: new ones name the ticket in the address."""

    permission = LOG

    @cached_property
    def ticket(self) -> Ticket:
        if self.object:
            return self.object.ticket
        return get_object_or_404(Ticket, pk=self.kwargs["ticket"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form, unless saving it would be refused anyway: nobody shall type in vain."""
        self.refuse_billed()
        return super().get(request, *args, **kwargs)

    def refuse_billed(self) -> None:
        raise NotImplementedError

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*HOME, (f"#{self.ticket.number}", self.get_back())]

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "ticket": self.ticket,
            "held": block_of(self.ticket.contract, self.request.user),
        }

    def get_back(self) -> str:
        return reverse("contracts:ticket", args=[self.ticket.pk])

    def form_kwargs(self) -> dict[str, Any]:
        row = self.object or self.form_class._meta.model(ticket=self.ticket)  # type: ignore[attr-defined]
        return super().form_kwargs() | {"instance": row, "person": self.request.user}


class OwnTime:
    """Time of others is not there for people who may not change it."""

    request: Any

    def get_queryset(self) -> QuerySet[TimeEntry]:
        rows = TimeEntry.objects.select_related("ticket__contract")
        person = self.request.user
        may = person.has_perm("contracts.change_any_time")
        return rows if may else rows.filter(technician=person)


class EntryWrite(OwnTime, WorkWrite):
    form_class = EntryForm
    template_name = "contracts/entry_edit.html"

    def refuse_billed(self) -> None:
        if self.object:
            locks.refuse_billed_entry(self.object)
        else:
            locks.refuse_billed_ticket(self.ticket)

    def get_title(self) -> str:
        return "Edit time" if self.object else "Log time"

    def success(self, result: TimeEntry) -> str:
        return f"{result.minutes} minutes are saved."

    def perform(self, form: EntryForm) -> TimeEntry:
        entry = form.save(commit=False)
        if entry.pk:
            return work.change_time(entry, by=self.request.user)
        if "technician" not in form.fields:
            entry.technician = self.request.user
        return work.log_time(entry, by=self.request.user)


class ItemWrite(WorkWrite):
    queryset = TicketItem.objects.select_related("ticket__contract", "item")
    form_class = TicketItemForm
    template_name = "contracts/item_edit.html"

    def refuse_billed(self) -> None:
        if self.object:
            locks.refuse_billed_item(self.object)
        else:
            locks.refuse_billed_ticket(self.ticket)

    def get_title(self) -> str:
        return "Edit product or expense" if self.object else "Add product or expense"

    def perform(self, form: TicketItemForm) -> TicketItem:
        item = form.save(commit=False)
        verb = work.change_item if item.pk else work.add_item
        return verb(item, by=self.request.user)


class WorkDelete(ActionPage):
    permission = LOG
    button = "Delete"
    danger = True
    question = "It will not be billed. The history keeps it."

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*HOME, (f"#{self.object.ticket.number}", self.get_back())]

    def get_back(self) -> str:
        return reverse("contracts:ticket", args=[self.object.ticket_id])


class EntryDelete(OwnTime, WorkDelete):
    title = "Delete time"

    def perform(self, form: Any) -> str:
        work.delete_time(self.object, by=self.request.user)
        return "The time is deleted."


class ItemDelete(WorkDelete):
    queryset = TicketItem.objects.select_related("ticket", "item")
    title = "Delete product or expense"

    def perform(self, form: Any) -> str:
        if not self.request.user.has_perm("contracts.change_ticket"):
            raise PermissionDenied
        work.delete_item(self.object, by=self.request.user)
        return "It is deleted."
