"""The home page: the month at a glance, and what to do next. It alone looks into every app."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from contracts import standing
from contracts.facts import unbilled
from contracts.models import CatalogItem, Contract, Ticket, TimeEntry
from customers.models import Customer
from invoices.models import Batch, Invoice, Payment
from whitelabel.models import Branding

from .models import Installation, RecipientRule, User
from .pages import Page

RECENT = dt.timedelta(days=92)


class OverviewPage(Page):
    """Money for those who see invoices; the own week for technicians."""

    title = "Overview"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.template_name = "overview/money.html" if self.sees_money else "overview/week.html"
        return super().get(request, *args, **kwargs)

    @property
    def sees_money(self) -> bool:
        return self.request.user.has_perm("invoices.view_invoice")

    def context(self) -> dict[str, Any]:
        today = timezone.localdate()
        if not self.sees_money:
            return super().context() | week(self.request.user, today)
        own = money(today)
        if not self.request.user.has_perm("customers.change_customer"):
            own["steps"] = []  # they are not theirs to do
        return super().context() | own


class RunningPage(Page):
    """The bars of what runs in the background, for htmx to ask for again."""

    permission = "invoices.view_invoice"
    template_name = "overview/batches.html"

    def context(self) -> dict[str, Any]:
        return super().context() | {"batches": under_way()}


def under_way() -> QuerySet[Batch]:
    return Batch.objects.exclude(state=Batch.State.READY)


def money(today: dt.date) -> dict[str, Any]:
    """What is to bill, unpaid and paid, a year of invoices, and what needs a person."""
    first, options = today.replace(day=1), Installation.current()
    live = Invoice.objects.filter(voided_at__isnull=True, settled_at__isnull=True)
    issued = Q(issued_at__isnull=False)
    late = issued & Q(due_date__lt=today)
    sums = live.aggregate(
        drafts=Count("pk", filter=~issued),
        draft_total=Sum("total", filter=~issued),
        unpaid=Count("pk", filter=issued),
        unpaid_total=Sum("balance", filter=issued),
        overdue=Count("pk", filter=late),
        overdue_total=Sum("balance", filter=late),
        **{
            age.name: Sum("balance", filter=issued & age.condition(today), default=Decimal(0))
            for age in AGES
        },
    )
    return {
        "today": today,
        "currency": options.currency,
        "open": sums,
        "ages": _shares([(age, sums[age.name]) for age in AGES], today),
        "paid": _paid_since(first),
        "work": _unbilled_work(today),
        "points": _by_month(first),
        "batches": under_way(),
        "latest": Invoice.objects.with_status(today).select_related("customer")[:6],
        "homeless": _without_contract(today),
        "unreachable": _unreachable(options.recipient_rule),
        "low_blocks": cache.get_or_set(f"low-blocks:{today}", lambda: _low_blocks(today), 60),
        "steps": [] if Invoice.objects.filter(issued).exists() else _first_steps(),
    }


@dataclass(frozen=True)
class Age:
    """Unpaid invoices by how long they are overdue, in days; `label` is what people call that."""

    name: str
    label: str
    tone: str
    least: int | None = None
    most: int | None = None

    def condition(self, today: dt.date) -> Q:
        """Due in this span."""
        first, last = self._due(today)
        return Q(**({"due_date__gte": first} if first else {})) & Q(
            **({"due_date__lte": last} if last else {})
        )

    def query(self, today: dt.date) -> str:
        """The filter of the invoice list that shows them."""
        first, last = self._due(today)
        bounds = {"due_after": first, "due_before": last}
        return urlencode({"unpaid": "true"} | {name: day for name, day in bounds.items() if day})

    def _due(self, today: dt.date) -> tuple[dt.date | None, dt.date | None]:
        first = None if self.most is None else today - dt.timedelta(days=self.most)
        last = None if self.least is None else today - dt.timedelta(days=self.least)
        return first, last


AGES = (
    Age("age_due", "Not due yet", "", most=0),
    Age("age_30", "1 to 30 days late", "warn", least=1, most=30),
    Age("age_60", "31 to 60 days late", "later", least=31, most=60),
    Age("age_more", "Over 60 days late", "bad", least=61),
)


@dataclass(frozen=True)
class Share:
    """A part of a bar 100 wide: where it begins, how wide it is, and the list behind it."""

    age: Age
    amount: Decimal
    query: str
    left: Decimal
    wide: Decimal


def _shares(amounts: list[tuple[Age, Decimal]], today: dt.date) -> list[Share]:
    whole = sum((amount for _, amount in amounts), Decimal(0))
    found, left = [], Decimal(0)
    for age, amount in amounts if whole > 0 else []:
        wide = (amount * 100 / whole).quantize(Decimal("0.01"))
        found.append(Share(age, amount, age.query(today), left, wide))
        left += wide
    return found


def _paid_since(day: dt.date) -> dict[str, Any]:
    """Payments less refunds received from a day on."""
    rows = Payment.objects.live().filter(received_on__gte=day)
    rows = rows.exclude(method=Payment.Method.DIFFERENCE)  # nobody paid it
    sums = rows.aggregate(
        came=Sum("amount", filter=Q(kind=Payment.Kind.PAYMENT)),
        went=Sum("amount", filter=Q(kind=Payment.Kind.REFUND)),
        count=Count("pk"),
    )
    return {"total": (sums["came"] or 0) - (sums["went"] or 0), "count": sums["count"]}


def _done_since(today: dt.date) -> Q:
    """Tickets finished in the last three months; older ones are the batch page's business."""
    since = timezone.make_aware(dt.datetime.combine(today - RECENT, dt.time()))
    return Q(status__in=Ticket.DONE, resolved_at__gte=since)


def _unbilled_work(today: dt.date) -> dict[str, Any]:
    """Hours and tickets of finished, billable work that no invoice claims yet."""
    tickets = Ticket.objects.filter(_done_since(today), contract__isnull=False)
    rows = unbilled(TimeEntry.objects.filter(ticket__in=tickets, billable=True))
    sums = rows.aggregate(minutes=Sum("minutes"), tickets=Count("ticket", distinct=True))
    return {"hours": Decimal(sums["minutes"] or 0) / 60, "tickets": sums["tickets"]}


def _without_contract(today: dt.date) -> int:
    """Finished tickets with billable time that no contract covers, so nobody bills them."""
    tickets = Ticket.objects.filter(_done_since(today), contract__isnull=True)
    return tickets.filter(entries__billable=True).distinct().count()


def _unreachable(rule: str) -> int:
    """Customers under contract none of whose contacts has an address for the invoices."""
    if rule in (RecipientRule.NONE, RecipientRule.ACCOUNTING_SYSTEM):
        return 0
    billed = Customer.objects.active().filter(contracts__is_active=True)
    return billed.unreachable().distinct().count()


def _low_blocks(today: dt.date) -> list[tuple[Contract, standing.Standing]]:
    """Active blocks that are used up to 80 % or more, the fullest first."""
    active = Contract.objects.active().select_related("customer")
    standings = standing.of_all(active, today=today, options=Installation.current())
    low = {id: found for id, found in standings.items() if found.alert}
    pairs = [(contract, low[contract.pk]) for contract in active.filter(pk__in=low)]
    return sorted(pairs, key=lambda pair: pair[1].percent, reverse=True)[:5]


def _by_month(first: dt.date) -> list[tuple[str, Decimal]]:
    """What was invoiced in each of the last twelve months: days from the date index, added up."""
    months = {_back(first, count): Decimal(0) for count in range(11, -1, -1)}
    days = (
        Invoice.objects.filter(
            issued_at__isnull=False, voided_at__isnull=True, invoice_date__gte=min(months)
        )
        .order_by()
        .values_list("invoice_date")
        .annotate(sum=Sum("total"))
    )
    for day, amount in days:
        month = min(day.replace(day=1), first)  # what is dated ahead counts as now
        months[month] += amount
    return [(f"{month:%b}", amount) for month, amount in months.items()]


def _back(first: dt.date, months: int) -> dt.date:
    years, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return dt.date(years, month + 1, 1)


@dataclass(frozen=True)
class Step:
    """One thing to do before the first invoice; `next` marks the first one that is left."""

    title: str
    text: str
    view: str
    button: str
    done: bool
    next: bool = False


STEPS = (
    ("Make it yours", "Logo, colours, address, number.", "whitelabel:look", "Set up"),
    ("Add customers", "By hand, or all at once from a CSV file.", "customers:list", "Customers"),
    ("Set your prices", "Services, products and taxes.", "contracts:catalog", "Catalogue"),
    ("Agree on contracts", "What each customer pays for.", "contracts:list", "Contracts"),
    ("Put in the work", "Tickets with time and products.", "contracts:tickets", "Tickets"),
    ("Bill the month", "Preview, create drafts, issue.", "invoices:batch-new", "Bill"),
)


def _first_steps() -> list[Step]:
    done = [
        Branding.objects.count() > 1,
        Customer.objects.exists(),
        CatalogItem.objects.exists(),
        Contract.objects.exists(),
        Ticket.objects.exists(),
        Invoice.objects.exists(),
    ]
    steps = [Step(*words, done=is_done) for words, is_done in zip(STEPS, done, strict=True)]
    following = next((step for step in steps if not step.done), None)
    return [replace(step, next=step is following) for step in steps]


def week(person: User, today: dt.date) -> dict[str, Any]:
    """A person's own time of this week, day by day, and the tickets that wait."""
    monday = today - dt.timedelta(days=today.weekday())
    days = [monday + dt.timedelta(days=count) for count in range(7)]
    start = timezone.make_aware(dt.datetime.combine(monday, dt.time()))
    entries = list(
        TimeEntry.objects.filter(technician=person, started_at__gte=start)
        .select_related("ticket__customer")
        .order_by("-started_at")[:200]
    )
    minutes = dict.fromkeys(days, 0)
    for entry in entries:
        day = timezone.localtime(entry.started_at).date()
        minutes[day] = minutes.get(day, 0) + entry.minutes
    return {
        "entries": entries[:25],
        "days": [(day, minutes[day], day == today) for day in days],
        "minutes": sum(minutes[day] for day in days),
        "most": max(480, *minutes.values()),
        "waiting": Ticket.objects.filter(status__in=Ticket.WAITING).count(),
    }
