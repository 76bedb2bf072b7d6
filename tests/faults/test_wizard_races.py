"""Two admins, two clicks, a price changed at the same moment: one outcome, whoever comes first.

More rounds: ROUNDS=200 pytest tests/faults/test_wizard_races.py
"""

from __future__ import annotations

import os
from decimal import Decimal

import pytest

from accounting import restoring, staging, wizard
from accounting.models import Connection
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.roles import Role
from contracts import catalog
from contracts.models import CatalogItem
from customers.models import Customer
from tests import make
from tests.accounting import build
from tests.accounting.build import NOW, account, item
from tests.accounting.build import customer as there

from .test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = int(os.environ.get("ROUNDS", "3"))


@pytest.fixture
def draft():
    """Ready to be committed: a price will change, a customer and an item will come."""
    owner = make.user(Role.OWNER)
    Installation.current()
    make.item("Dock", "200")
    connection = build.read(
        build.draft(owner), there("Only There"), item("Dock", "240"), item("Cable", "9"), account()
    )
    build.decide_all(connection, owner)
    staging.keep_price(connection, None, theirs=True, by=owner, now=NOW)
    for kind in (Kind.CUSTOMER, Kind.ITEM):
        staging.bring_in(connection, kind, None, by=owner, now=NOW)
    connection.refresh_from_db()
    return connection


def attempt(act) -> str:
    try:
        act()
    except Refused as refused:
        return refused.code
    return "done"


@pytest.mark.parametrize("_", range(ROUNDS))
def test_r30_a_double_click_commits_once(draft, _):
    owner, version = draft.held_by, draft.version
    told = at_once(
        4,
        lambda i: attempt(lambda: wizard.commit(draft, version=version, by=owner, now=NOW)),
    )
    assert set(told) == {"done"}
    assert Customer.objects.filter(name="Only There").count() == 1
    assert CatalogItem.objects.filter(name="Cable").count() == 1
    draft.refresh_from_db()
    assert draft.snapshot["items"][str(CatalogItem.objects.get(name="Dock").pk)]["unit_price"] == (
        "200.0000"
    )


@pytest.mark.parametrize("_", range(ROUNDS))
def test_two_admins_who_begin_at_once_get_one_draft_and_one_is_told(_):
    admins = [make.user(Role.OWNER) for _ in range(4)]
    told = at_once(4, lambda i: attempt(lambda: wizard.start("qbo", by=admins[i], now=NOW)))
    assert sorted(told) == ["done", "held_by_other", "held_by_other", "held_by_other"]
    assert Connection.objects.count() == 1


@pytest.mark.parametrize("_", range(ROUNDS))
def test_r30_who_takes_over_during_the_commit_commits_it_or_finds_it_done(draft, _):
    owner, other = draft.held_by, make.user(Role.OWNER)
    version = draft.version
    acts = [
        lambda: wizard.commit(draft, version=version, by=owner, now=NOW),
        lambda: wizard.take_over(draft, by=other, now=NOW),
    ]
    told = at_once(2, lambda i: attempt(acts[i]))
    draft.refresh_from_db()
    assert (draft.state, *told) in {
        ("active", "done", "ended"),
        ("draft", "held_by_other", "done"),
    }


@pytest.mark.parametrize("_", range(ROUNDS))
def test_a_price_changed_at_the_same_moment_is_kept_or_refused_but_never_lost(draft, _):
    owner = draft.held_by
    dock = CatalogItem.objects.get(name="Dock")
    dock.unit_price = Decimal(210)
    acts = [
        lambda: wizard.commit(draft, version=draft.version, by=owner, now=NOW),
        lambda: catalog.save(dock, by=owner),
    ]
    committed, saved = at_once(2, lambda i: attempt(acts[i]))
    assert (committed, saved) in {("done", "done"), ("done", "kept_elsewhere")}
    assert CatalogItem.objects.get(name="Dock").unit_price == Decimal(240)
    draft.refresh_from_db()
    restoring.disconnect(draft, by=owner, now=NOW)
    kept = Decimal(210 if saved == "done" else 200)
    assert CatalogItem.objects.get(name="Dock").unit_price == kept


@pytest.mark.parametrize("_", range(ROUNDS))
def test_disconnecting_twice_at_once_disconnects_once(draft, _):
    owner = draft.held_by
    wizard.commit(draft, version=draft.version, by=owner, now=NOW)
    told = at_once(3, lambda i: attempt(lambda: restoring.disconnect(draft, by=owner, now=NOW)))
    assert set(told) == {"done"}
    assert CatalogItem.objects.get().unit_price == Decimal(200)
    assert Installation.current().connected_to == ""
