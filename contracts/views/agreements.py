"""Pages of contracts: list, one contract with all it means, make and change it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from atera_invoicing.models import Installation
from atera_invoicing.pages import ActionPage, DetailPage, FormPage, ListPage, Page
from atera_invoicing.pages.keyset import Rows
from contracts import agreements, blocks, schedule, standing, usage
from contracts.agreement_forms import (
    OWN,
    SENTENCES,
    ContractForm,
    EndForm,
    MovementForm,
    RateFormSet,
    UsageForm,
)
from contracts.filters import ContractFilter
from contracts.models import BlockMovement, Contract, Ticket, UsageCount

VIEW, CHANGE = "contracts.view_contract", "contracts.change_contract"
HOME = (("Contracts", reverse_lazy("contracts:list")),)
BLOCKS = (Contract.Type.BLOCK_HOURS, Contract.Type.BLOCK_MONEY)
COUNTING = (Contract.Type.MONITORING, Contract.Type.BACKUP)
Type = Contract.Type
GROUPS = (
    ("For a fee", (Type.RETAINER, Type.MONITORING, Type.BACKUP)),
    ("By the hour", (Type.HOURLY, Type.BLOCK_HOURS, Type.BLOCK_MONEY)),
    ("For a project", (Type.PROJECT_FIXED, Type.PROJECT_HOURLY)),
)
ICONS = {
    Type.RETAINER: "arrow-path",
    Type.HOURLY: "clock",
    Type.BLOCK_HOURS: "battery-100",
    Type.BLOCK_MONEY: "wallet",
    Type.MONITORING: "computer-desktop",
    Type.BACKUP: "server-stack",
    Type.PROJECT_FIXED: "flag",
    Type.PROJECT_HOURLY: "wrench-screwdriver",
}
TONES = {80: "warn", 95: "bad"}


def way_to(contract: Contract) -> list[tuple[str, Any]]:
    """The path to a page below a contract's own."""
    return [*HOME, (str(contract), reverse("contracts:detail", args=[contract.pk]))]


class ContractList(ListPage):
    permission = VIEW
    template_name = "contracts/list.html"
    title = "Contracts"
    filter_class = ContractFilter
    search_fields = ("name", "customer__name")
    search_hint = "Search contracts"
    sortable = {"name": "name", "customer": "customer__name", "type": "type", "start": "start_date"}
    sort = "customer"

    def get_queryset(self) -> QuerySet[Contract]:
        return Contract.objects.select_related("customer", "tax_rate")

    def rows(self) -> Rows:
        """The page, each block with what it holds today as `held`."""
        page = super().rows()
        blocks_shown = [row for row in page.items if row.is_block]
        if blocks_shown:
            shown = Contract.objects.filter(pk__in=[row.pk for row in blocks_shown])
            today, options = timezone.localdate(), Installation.current()
            held = standing.of_all(shown, today=today, options=options)
            for row in blocks_shown:
                row.held = held.get(row.pk)
        return page


class ContractPage(DetailPage):
    """A contract: terms and rates, its calendar, what was counted, what its block holds and why."""

    permission = VIEW
    template_name = "contracts/detail.html"
    queryset = Contract.objects.select_related("customer", "tax_rate")
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        contract, today = self.object, timezone.localdate()
        options = Installation.current()
        slots = schedule.slots(contract, today=today, options=options)
        return (
            super().context()
            | {
                "rates": contract.rates.select_related(
                    "item__tax_rate", "item__category__tax_rate"
                ),
                "slots": slots[: schedule.SHOWN],
                "next_bill": schedule.next_bill(contract, slots, today=today),
                "today": today,
                "currency": options.currency,
                "counting": contract.type in COUNTING,
                "periodic": "anchor" in OWN[contract.type],
                "rounds": "rounding_increment" in OWN[contract.type],
                "counts": contract.usage.select_related("created_by")[:50],
                "waiting": contract.tickets.exclude(status__in=Ticket.DONE)[:10],
            }
            | (self._block() if contract.is_block else {})
        )

    def _block(self) -> dict[str, Any]:
        """The ledger, newest first, and how much of the running period is used."""
        contract, today = self.object, timezone.localdate()
        now = standing.of(contract, today=today, options=Installation.current())
        return {
            "ledger": blocks.ledger(contract)[::-1],
            "standing": now,
            "tone": TONES.get(now.alert or 0, "") if now else "",
            "unit": "h" if contract.type == Contract.Type.BLOCK_HOURS else "",
        }


class ContractChoose(Page):
    """Eight types, a sentence each."""

    permission = CHANGE
    template_name = "contracts/choose.html"
    title = "New contract"
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "groups": [
                (title, [(type.value, type.label, SENTENCES[type], ICONS[type]) for type in types])
                for title, types in GROUPS
            ]
        }


class ContractWrite(FormPage):
    permission = CHANGE
    template_name = "contracts/edit.html"
    queryset = Contract.objects.select_related("customer")
    form_class = ContractForm
    formset_class = RateFormSet
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        return super().context() | {"sentence": SENTENCES[self.form.instance.type]}

    def done(self, result: Contract) -> str:
        return reverse("contracts:detail", args=[result.pk])


class ContractNew(ContractWrite):
    back = reverse_lazy("contracts:list")
    crumbs = (*HOME, ("New contract", reverse_lazy("contracts:new")))

    @cached_property
    def kind(self) -> Contract.Type:
        try:
            return Contract.Type(self.kwargs["type"])
        except ValueError:
            raise Http404 from None

    def get_title(self) -> str:
        return f"New contract: {self.kind.label}"

    def form_kwargs(self) -> dict[str, Any]:
        period = (
            Contract.Period.ONCE if self.kind.startswith("project") else Contract.Period.MONTHLY
        )
        return super().form_kwargs() | {"instance": Contract(type=self.kind, period=period)}

    def get_initial(self) -> dict[str, Any]:
        customer = self.request.GET.get("customer", "")
        return {"customer": customer} if customer.isdecimal() and len(customer) < 19 else {}

    def formset_kwargs(self) -> dict[str, Any]:
        return {"kind": self.kind}

    def perform(self, form: ContractForm) -> Contract:
        person: Any = self.request.user
        with transaction.atomic():
            return agreements.create(form.save(commit=False), self.formset.rates(person), by=person)


class ContractEdit(ContractWrite):
    def get_crumbs(self) -> list[tuple[str, Any]]:
        return way_to(self.object)

    def get_title(self) -> str:
        return "Edit contract"

    def get_back(self) -> str:
        return reverse("contracts:detail", args=[self.object.pk])

    def formset_kwargs(self) -> dict[str, Any]:
        rates = self.object.rates.select_related("item")
        initial = [
            {
                "id": r.pk,
                "role": r.role,
                "counted": r.counted,
                "item": r.item_id,
                "price": r.unit_price,
            }
            for r in rates
        ]
        return {"kind": self.object.type, "initial": initial}

    def perform(self, form: ContractForm) -> Contract:
        person: Any = self.request.user
        with transaction.atomic():
            return agreements.change(
                form.save(commit=False), self.formset.rates(person), by=person,
                repoint_rates=form.cleaned_data["repoint_rates"],
            )  # fmt: skip


class OfContract:
    """A page that returns to its contract."""

    object: Any

    @property
    def contract(self) -> Contract:
        return self.object if isinstance(self.object, Contract) else self.object.contract

    def get_crumbs(self) -> list[tuple[str, Any]]:
        return way_to(self.contract)

    def get_back(self) -> str:
        return reverse("contracts:detail", args=[self.contract.pk])


class ContractEnd(OfContract, ActionPage):
    permission = CHANGE
    queryset = Contract.objects.all()
    title = "End contract"
    question = "Nothing after the last day is billed. Work that is done stays billable."
    button = "End"
    form_class = EndForm

    def perform(self, form: EndForm) -> str:
        ended = agreements.end(self.object, on=form.cleaned_data["on"], by=self.request.user)
        return f"{ended} ends on {ended.end_date}."


class UsageNew(OfContract, FormPage):
    """Count devices or gigabytes of a contract that is billed by them."""

    permission = "contracts.change_usage"
    queryset = Contract.objects.filter(type__in=COUNTING)
    form_class = UsageForm
    title = "Record a count"

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"counted_on": timezone.localdate()}, "contract": self.object}

    def success(self, result: Any) -> str:
        return "The count is recorded."

    def done(self, result: Any) -> str:
        return self.get_back()

    def perform(self, form: UsageForm) -> Any:
        data = form.cleaned_data
        return usage.record(
            self.object, data["counted"], data["counted_on"], data["quantity"], by=self.request.user
        )


class UsageDelete(OfContract, ActionPage):
    permission = "contracts.change_usage"
    queryset = UsageCount.objects.select_related("contract")
    title = "Delete count"
    question = "The count before it holds again."
    button = "Delete"
    danger = True

    def perform(self, form: Any) -> str:
        usage.remove(self.object, by=self.request.user)
        return "The count is deleted."


class MovementNew(OfContract, FormPage):
    """Top up or correct a block."""

    permission = CHANGE
    queryset = Contract.objects.filter(type__in=BLOCKS)
    form_class = MovementForm
    title = "Change the balance"

    def get_initial(self) -> dict[str, Any]:
        return {"on": timezone.localdate()}

    def success(self, result: Any) -> str:
        return "The balance is changed."

    def done(self, result: Any) -> str:
        return self.get_back()

    def perform(self, form: MovementForm) -> Any:
        data = form.cleaned_data
        verb = blocks.top_up if data["kind"] == BlockMovement.Kind.TOP_UP else blocks.adjust
        return verb(
            self.object, data["quantity"], data["note"], on=data["on"], by=self.request.user,
            now=timezone.now(),
        )  # fmt: skip
