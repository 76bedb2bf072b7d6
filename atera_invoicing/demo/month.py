"""A month of work: tickets, the time on them, and what was used. The same every time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random

from simple_history.utils import bulk_create_with_history

from atera_invoicing.models import User
from contracts.models import CatalogItem, Contract, ContractRate, Ticket, TicketItem, TimeEntry
from customers.models import Contact, Customer

from .agreements import is_running
from .dates import Month, at
from .stories import LONG_DESCRIPTION, STORIES, Story

MINUTES = (10, 15, 20, 20, 25, 30, 30, 40, 45, 45, 50, 60, 60, 75, 90, 95, 120, 150, 180)
# How often a contract gets a ticket, compared to others.
WEIGHTS = {"hourly": 5, "block_hours": 4, "block_money": 5, "retainer": 2, "project_hourly": 3}
USED = (
    *("Docking station", "Monitor 27″", "Solid-state drive 1 TB", "Network cable, 3 m", "Headset"),
    *("Wireless access point", "Mileage", "Mileage", "Parking", "Courier"),
)
# Minutes that must be on the blocks that run over, whatever the dice say.
PINNED = {"Block of 10 hours": (240, 210, 180, 150), "Block of 6 hours, rolls over": (180,)}
EVENING = 18
HOME_TIME = 20


class Desk:
    """The help desk: takes tickets in and has technicians work on them. `write` stores it all."""

    def __init__(
        self,
        contracts: Sequence[Contract],
        technicians: Sequence[User],
        items: dict[str, CatalogItem],
        *,
        dice: Random,
    ) -> None:
        self.contracts = [contract for contract in contracts if _takes_tickets(contract)]
        self.technicians, self.items, self.dice = technicians, items, dice
        self.evening_rates = _evening_rates(self.contracts)
        self.contacts = _contacts()
        self.tickets: list[Ticket] = []
        self.entries: list[TimeEntry] = []
        self.used: list[TicketItem] = []

    def resolve_some(self, month: Month, count: int) -> None:
        """Tickets that came in and were resolved within the month, each on a contract."""
        running = [c for c in self.contracts if is_running(c, month.working_days()[5])]
        weights = [WEIGHTS[contract.type] for contract in running]
        for contract in self.dice.choices(running, weights, k=count):
            self._resolve(month, contract.customer, contract, steps=self.dice.randint(1, 5))

    def pin(self, month: Month) -> None:
        """Long jobs on the blocks that must run over."""
        for contract in self.contracts:
            for minutes in PINNED.get(contract.name, ()):
                ticket = self._resolve(month, contract.customer, contract, steps=0)
                text = self.dice.choice(STORIES).steps[-1]
                self._log(ticket, ticket.opened_at, minutes, text).billable = True
                ticket.resolved_at = ticket.opened_at + dt.timedelta(minutes=minutes)

    def leave_open(self, days: Sequence[dt.date], count: int) -> None:
        """Tickets of these days that nobody has resolved yet."""
        for contract in self.dice.choices(self.contracts, k=count):
            story = self.dice.choice(STORIES)
            opened = self._moment(self.dice.choice(days), (8, 11))
            ticket = self._open(contract.customer, contract, story, opened)
            ticket.status = self.dice.choice([Ticket.Status.OPEN, Ticket.Status.PENDING])
            self._work(ticket, story, self.dice.randint(0, 2), until=opened)

    def without_contract(self, month: Month, customers: Sequence[Customer]) -> None:
        """Resolved tickets that no contract covers, so nobody can bill them yet."""
        for customer in customers:
            self._resolve(month, customer, None, steps=2)

    def oddities(self) -> None:
        """A very long description, and work that nobody described."""
        self.entries[-1].description, self.entries[-2].description = LONG_DESCRIPTION, ""

    def write(self) -> None:
        """Number the tickets by the time they came in, and store everything in bulk."""
        self.tickets.sort(key=lambda ticket: ticket.opened_at)
        for number, ticket in enumerate(self.tickets, start=1001):
            ticket.number = f"T-{number}"
        bulk_create_with_history(self.tickets, Ticket, batch_size=500)
        bulk_create_with_history(self.entries, TimeEntry, batch_size=500)
        bulk_create_with_history(self.used, TicketItem, batch_size=500)

    def _resolve(
        self, month: Month, customer: Customer, contract: Contract | None, *, steps: int
    ) -> Ticket:
        story = self.dice.choice(STORIES)
        days = month.working_days()
        opened = self._moment(self.dice.choice(days[:-1]), (7, 15))
        ticket = self._open(customer, contract, story, opened)
        ended = self._work(ticket, story, steps, until=at(days[-1], 15))
        ticket.resolved_at = min(max(ended, opened + dt.timedelta(hours=1)), at(days[-1], 20))
        ticket.status = self.dice.choice([Ticket.Status.RESOLVED, Ticket.Status.CLOSED])
        if steps and self.dice.random() < 0.24:
            self._use(ticket)
        return ticket

    def _open(
        self, customer: Customer, contract: Contract | None, story: Story, opened: dt.datetime
    ) -> Ticket:
        people = self.contacts.get(customer.pk)
        ticket = Ticket(
            title=story.title,
            description=story.description,
            customer=customer,
            contract=contract,
            contact=self.dice.choice(people) if people else None,
            opened_at=opened,
            priority=self.dice.choices(Ticket.Priority.values, [3, 6, 2, 1])[0],
        )
        self.tickets.append(ticket)
        return ticket

    def _work(self, ticket: Ticket, story: Story, steps: int, *, until: dt.datetime) -> dt.datetime:
        """Time on a ticket, one piece after the other, none begun after `until` but the first."""
        start = ticket.opened_at + dt.timedelta(minutes=self.dice.randrange(5, 60, 5))
        for step in range(steps):
            minutes = self.dice.choice(MINUTES)
            text = story.steps[step] if step < len(story.steps) else "Called the user, who confirms"
            self._log(ticket, start, minutes, text)
            start += dt.timedelta(minutes=minutes + self.dice.randrange(10, 120, 5))
            if start.hour >= HOME_TIME:
                start = at(_next_working_day(start.date()), 9)
            if start > until:
                break
        return start

    def _log(self, ticket: Ticket, start: dt.datetime, minutes: int, text: str) -> TimeEntry:
        entry = TimeEntry(
            ticket=ticket,
            technician=self.dice.choice(self.technicians),
            started_at=start,
            minutes=minutes,
            description=text,
            billable=self.dice.random() > 0.07,
            on_site=self.dice.random() < 0.3,
            rate=self.evening_rates.get(ticket.contract_id) if start.hour >= EVENING else None,
        )
        self.entries.append(entry)
        return entry

    def _use(self, ticket: Ticket) -> None:
        item = self.items[self.dice.choice(USED)]
        miles, pieces = self.dice.randint(8, 60), self.dice.choice([1, 1, 1, 2])
        self.used.append(
            TicketItem(
                ticket=ticket,
                item=item,
                unit_price=item.unit_price,
                used_on=(ticket.resolved_at or ticket.opened_at).date(),
                quantity=miles if item.name == "Mileage" else pieces,
                discount_percent=self.dice.choice([0, 0, 0, 0, 10]),
            )
        )

    def _moment(self, day: dt.date, hours: tuple[int, int]) -> dt.datetime:
        return at(day, self.dice.randint(*hours), self.dice.randrange(0, 60, 5))


def _next_working_day(day: dt.date) -> dt.date:
    return day + dt.timedelta(days={4: 3, 5: 2}.get(day.weekday(), 1))


def _takes_tickets(contract: Contract) -> bool:
    """Whether people would put tickets on it: mailbox fees and the like get none."""
    worked = contract.is_default or contract.type in ("hourly", "project_hourly")
    return worked and contract.type in WEIGHTS


def _evening_rates(contracts: Sequence[Contract]) -> dict[int | None, ContractRate]:
    """The first additional rate of each contract."""
    rates = ContractRate.objects.filter(contract__in=contracts, role="additional").order_by("-id")
    return {rate.contract_id: rate for rate in rates}


def _contacts() -> dict[int, list[Contact]]:
    found: dict[int, list[Contact]] = {}
    for contact in Contact.objects.order_by("id"):
        found.setdefault(contact.customer_id, []).append(contact)
    return found
