"""Random walks through the wizard: whatever is clicked, in any order, only the commit changes the
configuration, and cancelling or disconnecting brings it back to the byte.

More walks: WALKS=1000 pytest tests/accounting/test_walks.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager, suppress
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from accounting import restoring, staging, wizard
from accounting.models import Connection
from accounting.providers import registry
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.roles import Role
from contracts import agreements, catalog
from contracts.models import CatalogItem, Category, Contract, ContractRate, TaxRate
from tests import make
from tests.accounting import build, tables
from tests.accounting.build import NOW, account, item, tax
from tests.accounting.build import customer as there
from whitelabel.models import Branding

pytestmark = pytest.mark.django_db
WALKS = settings(
    max_examples=int(os.environ.get("WALKS", "15")),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking a walk takes minutes
)
NAMES = ["Acme", "Acme Inc", "Bluewater", "Cable", "Dock", "Standard hour", "VAT", "Zero", "Other"]
KINDS = st.sampled_from([Kind.CUSTOMER, Kind.ITEM, Kind.TAX])
ids = st.lists(st.integers(0, 12), max_size=4)


@contextmanager
def nothing_remains():
    """What one example writes is gone before the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Walk:
    """One admin in front of the wizard, and a colleague."""

    def __init__(self, provider: str) -> None:
        self.people = [make.user(Role.OWNER), make.user(Role.OWNER)]
        Installation.current()
        Branding.current()
        vat = make.tax("VAT", "19", is_default=True)
        make.tax("Spare", "3")
        care = make.hourly("100", name="Care", tax_rate=vat, customer=make.customer("Acme"))
        make.rate(care, "additional", "150", name="After hours")
        make.monitoring(name="Watch", customer=make.customer("Bluewater Dental"))
        make.item("Dock", "200", "product", category="Hardware", sku="D-1", tax_rate=vat)
        make.item("Old thing", "5", "product")
        self.draft = build.draft(self.people[0], provider=provider)

    def do(self, act: Callable[..., object], *args, **named) -> None:
        """Rules may say no."""
        with suppress(Refused, ValidationError), transaction.atomic():
            act(*args, by=self.people[0], now=NOW, **named)
        self.draft.refresh_from_db()

    def links(self, places: list[int]) -> list[int]:
        known = list(self.draft.links.order_by("id").values_list("pk", flat=True))
        return [known[place % len(known)] for place in places] if known else []

    def remote(self, kind: Kind, place: int) -> str:
        known = list(self.draft.records.filter(kind=kind).order_by("id"))
        return known[place % len(known)].remote_id if known else "none"

    def take(self, step: tuple) -> None:
        name, *values = step
        getattr(self, name)(*values)

    # What can be clicked

    def read(self, names: list[str], price: int, inactive: bool) -> None:
        rows = [there(name) for name in names] + [item(name, f"{price}") for name in names]
        rows += [tax(name, f"{price % 30}") for name in names] + [account()]
        if inactive and names:
            rows[0] = there(names[0], active=False)
        build.read(self.draft, *rows)

    def confirm(self, places: list[int]) -> None:
        self.do(staging.confirm, self.draft, self.links(places))

    def sure(self, kind: Kind) -> None:
        self.do(staging.confirm_sure, self.draft, kind)

    def create(self, kind: Kind, places: list[int] | None) -> None:
        chosen = None if places is None else self.links(places)
        self.do(staging.create_there, self.draft, chosen, kind)

    def leave(self, kind: Kind, places: list[int] | None) -> None:
        chosen = None if places is None else self.links(places)
        self.do(staging.leave_out, self.draft, chosen, kind)

    def choose(self, place: int, remote: int) -> None:
        for pk in self.links([place]):
            link = self.draft.links.get(pk=pk)
            self.do(staging.choose, link, self.remote(Kind(link.kind), remote))

    def reconsider(self, places: list[int]) -> None:
        self.do(staging.reconsider, self.draft, self.links(places))

    def price(self, theirs: bool, places: list[int] | None) -> None:
        chosen = None if places is None else self.links(places)
        self.do(staging.keep_price, self.draft, chosen, theirs=theirs)

    def bring(self, kind: Kind, places: list[int] | None) -> None:
        chosen = None if places is None else [self.remote(kind, place) for place in places]
        self.do(staging.bring_in, self.draft, kind, chosen)

    def drop(self, kind: Kind) -> None:
        self.do(staging.leave_there, self.draft, kind, None)

    def settings(self, values: dict) -> None:
        self.do(wizard.choose, self.draft, values)

    def hand_over(self) -> None:
        self.people.reverse()
        self.do(wizard.take_over, self.draft)

    def visit(self, step: str) -> None:
        self.do(wizard.visit, self.draft, step)

    def other_company(self) -> None:
        wizard.forget_company(self.draft, now=NOW)

    def finish(self) -> Connection:
        """Decide what is still open, and commit."""
        by = self.people[0]
        self.read(NAMES, 7, inactive=False)
        for link in self.draft.links.all():
            if link.action == "skip" and (link.item_id or link.tax_rate_id):
                self.do(staging.reconsider, self.draft, [link.pk])
        build.decide_all(self.draft, by)
        self.settings({"income_account_id": "79", "numbering": "ours"})
        return build.commit(self.draft, by)


steps = st.one_of(
    st.tuples(st.just("read"), st.lists(st.sampled_from(NAMES), unique=True), st.integers(0, 300),
              st.booleans()),
    st.tuples(st.just("confirm"), ids),
    st.tuples(st.just("sure"), KINDS),
    st.tuples(st.sampled_from(["create", "leave"]), KINDS, st.none() | ids),
    st.tuples(st.just("choose"), st.integers(0, 12), st.integers(0, 12)),
    st.tuples(st.just("reconsider"), ids),
    st.tuples(st.just("price"), st.booleans(), st.none() | ids),
    st.tuples(st.just("bring"), KINDS, st.none() | ids),
    st.tuples(st.just("drop"), KINDS),
    st.tuples(st.just("settings"), st.fixed_dictionaries({}, optional={
        "tax_mode": st.sampled_from(["provider", "codes"]),
        "numbering": st.sampled_from(["ours", "theirs"]),
        "auto_export": st.sampled_from(["off", "on_issue"]),
        "income_account_id": st.sampled_from(["", "79"]),
        "fallback_item_id": st.sampled_from(["", "i-Cable"]),
    })),
    st.tuples(st.just("hand_over")),
    st.tuples(st.just("visit"), st.sampled_from(wizard.STEPS)),
    st.tuples(st.just("other_company")),
)  # fmt: skip
providers = st.sampled_from(registry.keys())
walks = st.lists(steps, min_size=1, max_size=12)


@WALKS
@given(providers, walks)
def test_r29_wherever_the_wizard_is_cancelled_nothing_of_ours_was_changed(provider, steps):
    with nothing_remains():
        walk = Walk(provider)
        before = tables.configuration()
        for step in steps:
            walk.take(step)
            assert tables.configuration() == before, step
        walk.do(wizard.abandon, walk.draft)
        assert walk.draft.state == "abandoned"
        assert tables.configuration() == before


@WALKS
@given(providers, walks)
def test_r31_after_commit_and_disconnect_the_configuration_is_what_it_was(provider, steps):
    with nothing_remains():
        walk = Walk(provider)
        before = tables.configuration()
        for step in steps:
            walk.take(step)
        connection = walk.finish()
        restoring.disconnect(connection, by=walk.people[0], now=NOW)
        assert tables.configuration() == before


# While connected ----------------------------------------------------------------------------------


class Office(Walk):
    """The same admin, after the commit."""

    def reprice(self, price: int) -> None:
        self.read(NAMES, price, inactive=False)

    def rename(self, names: list[str]) -> None:
        """Somebody gives records there other names."""
        rows = [there(name) for name in NAMES] + [account()]
        rows += [
            item(f"{name} {'II' if name in names else ''}", "8", f"i-{name}") for name in NAMES
        ]
        build.read(self.draft, *rows, *(tax(name, "8") for name in NAMES))

    def swap_item(self, place: int, remote: int) -> None:
        rates, items = ContractRate.objects.order_by("id"), CatalogItem.objects.order_by("id")
        rate = rates[place % rates.count()]
        rate.item = items[remote % items.count()]
        rates = [rate, *rate.contract.rates.exclude(pk=rate.pk)]
        self.quietly(agreements.change, rate.contract, rates)

    def drop_rate(self, place: int) -> None:
        rates = list(ContractRate.objects.order_by("id"))
        rate = rates[place % len(rates)]
        rest = [other for other in rates if other.contract == rate.contract and other != rate]
        self.quietly(agreements.change, rate.contract, rest)

    def retax(self, place: int, remote: int) -> None:
        contracts, taxes = Contract.objects.order_by("id"), TaxRate.objects.order_by("id")
        contract = contracts[place % contracts.count()]
        contract.tax_rate = taxes[remote % taxes.count()]
        self.quietly(agreements.change, contract)

    def new_contract(self, remote: int) -> None:
        items = CatalogItem.objects.active().order_by("id")
        make.rate(make.contract("retainer"), "fee", item=items[remote % items.count()])

    def use(self, remote: int) -> None:
        items = CatalogItem.objects.order_by("id")
        make.used(make.ticket(), item=items[remote % items.count()])

    def archive(self, remote: int) -> None:
        items = CatalogItem.objects.order_by("id")
        with suppress(Refused):
            catalog.archive(items[remote % items.count()], by=self.people[0], now=NOW)

    def default_tax(self, remote: int) -> None:
        taxes = TaxRate.objects.filter(archived_at=None).order_by("id")
        self.quietly(catalog.make_default_tax, taxes[remote % taxes.count()])

    def own_price(self, remote: int, price: int) -> None:
        items = CatalogItem.objects.order_by("id")
        row = items[remote % items.count()]
        row.unit_price, row.unit = Decimal(price), "each"
        self.quietly(catalog.save, row)

    def swap_categories(self) -> None:
        """A new one takes the name of the oldest."""
        first = Category.objects.earliest("id")
        name, first.name = first.name, f"New {make.n()}"
        first.save()
        Category.objects.create(name=name)

    def quietly(self, act: Callable[..., object], *args) -> None:
        with suppress(Refused, ValidationError), transaction.atomic():
            act(*args, by=self.people[0])


n = st.integers(0, 12)
acts = st.one_of(
    st.tuples(st.just("reprice"), st.integers(0, 300)),
    st.tuples(st.just("rename"), st.lists(st.sampled_from(NAMES), unique=True)),
    *(st.tuples(st.just(name), n, n) for name in ("swap_item", "retax", "choose", "own_price")),
    *(
        st.tuples(st.just(name), n)
        for name in ("drop_rate", "new_contract", "use", "archive", "default_tax")
    ),
    st.tuples(st.just("swap_categories")),
    st.tuples(st.sampled_from(["create", "leave"]), KINDS, ids),
    st.tuples(st.just("price"), st.booleans(), st.none() | ids),
    st.tuples(st.just("bring"), KINDS, st.none() | ids),
)


@WALKS
@given(providers, walks, st.lists(acts, min_size=1, max_size=10))
def test_whatever_happens_while_connected_every_row_of_before_comes_back(provider, steps, acts):
    with nothing_remains():
        walk = Office(provider)
        before = tables.configuration()
        for step in steps:
            walk.take(step)
        connection = walk.finish()
        for act in acts:
            walk.take(act)
        restoring.disconnect(connection, by=walk.people[0], now=NOW)
        after = tables.configuration()
        assert {t: {pk: after[t].get(pk) for pk in rows} for t, rows in before.items()} == before
        kept = Q(priced_elsewhere=True) | Q(named_elsewhere=True)
        assert not CatalogItem.objects.filter(kept).exists()
