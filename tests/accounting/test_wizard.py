"""The wizard stages; only the commit changes anything, exactly what was reviewed, and once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError

from accounting import changes, obstacles, staging, wizard
from accounting.models import Connection, RemoteRecord
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.roles import Role
from contracts.models import CatalogItem, TaxRate
from customers.models import Contact, Customer
from tests import make
from tests.accounting import build, tables
from tests.accounting.build import NOW, account, item, tax
from tests.accounting.build import customer as there

pytestmark = pytest.mark.django_db


def codes(connection: Connection) -> list[str]:
    return [problem.code for problem in obstacles.problems(connection)]


def refused(code: str, act, *args, **named) -> Refused:
    with pytest.raises(Refused) as caught:
        act(*args, **named)
    assert caught.value.code == code, caught.value.message
    return caught.value


@pytest.fixture
def dana(db):
    return make.user(Role.OWNER, first_name="Dana", last_name="Other")


# Who sets up --------------------------------------------------------------------------------------


def test_starting_twice_goes_on_with_the_same_draft(owner):
    first = wizard.start("qbo", by=owner, now=NOW)
    assert wizard.start("qbo", by=owner, now=NOW) == first


def test_a_second_admin_is_told_who_holds_the_draft_and_can_take_it_over(owner, dana):
    make.customer("Acme")
    draft = build.read(build.draft(owner), there("Acme"))
    error = refused("held_by_other", wizard.start, "qbo", by=dana, now=NOW)
    assert str(owner) in error.message
    refused("held_by_other", staging.confirm_sure, draft, Kind.CUSTOMER, by=dana, now=NOW)
    wizard.take_over(draft, by=dana, now=NOW)
    assert wizard.start("qbo", by=dana, now=NOW) == draft
    assert staging.confirm_sure(draft, Kind.CUSTOMER, by=dana, now=NOW) == 1
    refused("held_by_other", staging.create_there, draft, None, Kind.ITEM, by=owner, now=NOW)


def test_while_one_is_connected_another_is_refused_with_the_way_to_go(owner):
    build.connected(by=owner)
    error = refused("already_connected", wizard.start, "qbo", by=owner, now=NOW)
    assert "Disconnect it on the Accounting page first" in error.message


def test_an_unknown_system_is_refused(owner):
    refused("unknown_provider", wizard.start, "abacus", by=owner, now=NOW)


def test_a_draft_that_nobody_came_back_to_is_cancelled(owner, settings):
    settings.CONNECTION_DRAFT_DAYS = 14
    draft = build.read(build.draft(owner), there("Acme"))
    assert wizard.expire(now=NOW + dt.timedelta(days=13)) == 0
    assert wizard.expire(now=NOW + dt.timedelta(days=15)) == 1
    draft.refresh_from_db()
    assert (draft.state, draft.sealed, draft.records.count()) == ("abandoned", "", 0)


# Suggestions and decisions ------------------------------------------------------------------------


@pytest.fixture
def three(owner):
    """An exact match, a similar one, and one that is not there."""
    rows = [make.customer(name) for name in ("Acme", "Bluewater Dental", "Zenith")]
    lists = [there("ACME"), there("Bluewater Dental Group"), there("Only There")]
    draft = build.read(build.draft(owner), *lists, account())
    return draft, [build.link_of(draft, row) for row in rows]


def test_each_record_of_ours_gets_one_suggestion_that_waits(three):
    _, links = three
    told = [(link.action, link.origin, link.confirmed) for link in links]
    assert told == [
        ("link", "exact", False),
        ("link", "fuzzy", False),
        ("create", "person", False),
    ]


def test_sure_ones_are_accepted_in_bulk_and_similar_ones_are_not(three, owner):
    draft, links = three
    assert staging.confirm_sure(draft, Kind.CUSTOMER, by=owner, now=NOW) == 1
    assert staging.confirm(draft, [links[1].pk], by=owner, now=NOW) == 1
    assert codes(draft) == ["customers_undecided"]


def test_decisions_survive_a_refresh_and_suggestions_follow_it(three, owner):
    draft, (acme, bluewater, zenith) = three
    staging.choose(acme, "c-Only There", by=owner, now=NOW)
    build.read(draft, there("ACME"), there("Only There!", id="c-Only There"), there("Zenith"))
    for link in (acme, bluewater, zenith):
        link.refresh_from_db()
    assert (acme.remote_name, acme.confirmed) == ("Only There!", True)
    assert (bluewater.action, bluewater.remote_id) == ("create", "")
    assert (zenith.action, zenith.origin) == ("link", "exact")


def test_one_of_theirs_is_linked_once(three, owner):
    _, (acme, bluewater, zenith) = three
    staging.choose(zenith, "c-ACME", by=owner, now=NOW)  # only suggested for Acme: it gives way
    acme.refresh_from_db()
    assert (acme.action, acme.confirmed) == ("create", False)
    error = refused("taken", staging.choose, bluewater, "c-ACME", by=owner, now=NOW)
    assert "Zenith" in error.message


def test_an_inactive_record_can_not_be_chosen(three, owner):
    _, (acme, *_) = three
    RemoteRecord.objects.filter(remote_id="c-Only There").update(active=False)
    refused("record_gone", staging.choose, acme, "c-Only There", by=owner, now=NOW)
    refused("record_gone", staging.choose, acme, "nonsense", by=owner, now=NOW)


def test_a_decision_can_be_taken_back(three, owner):
    draft, (acme, *_) = three
    staging.leave_out(draft, [acme.pk], Kind.CUSTOMER, by=owner, now=NOW)
    staging.reconsider(draft, [acme.pk], by=owner, now=NOW)
    acme.refresh_from_db()
    assert (acme.action, acme.origin, acme.confirmed) == ("link", "exact", False)


def test_two_customers_may_change_places_between_two_readings(owner):
    a, b = make.customer("Alpha Foods"), make.customer("Beta Motors")
    draft = build.read(build.draft(owner), there("Alpha Foods", "1"), there("Beta Motors", "2"))
    build.read(draft, there("Alpha Foods", "2"), there("Beta Motors", "1"))
    assert [build.link_of(draft, row).remote_id for row in (a, b)] == ["2", "1"]


def test_taxes_can_not_be_created_there_nor_people_imported(owner):
    draft = build.read(build.draft(owner, takes_time=True))
    refused("cannot_create", staging.create_there, draft, None, Kind.TAX, by=owner, now=NOW)
    refused("cannot_import", staging.bring_in, draft, Kind.PERSON, None, by=owner, now=NOW)


def test_importing_lists_what_only_they_have_and_can_be_taken_back(three, owner):
    draft, _ = three
    assert [row.name for row in staging.only_there(draft, Kind.CUSTOMER)] == ["Only There"]
    assert staging.bring_in(draft, Kind.CUSTOMER, None, by=owner, now=NOW) == 1
    assert not staging.only_there(draft, Kind.CUSTOMER).exists()
    assert staging.leave_there(draft, Kind.CUSTOMER, ["c-Only There"], by=owner, now=NOW) == 1
    assert Customer.objects.count() == 3


def test_their_price_is_taken_for_all_that_have_one_there(owner):
    rows = [make.item(name, "100") for name in ("Priced", "Free there", "Unpriced")]
    lists = [item("Priced", "120"), item("Free there", "0"), item("Unpriced")]
    draft = build.read(build.draft(owner), *lists)
    staging.keep_price(draft, None, theirs=True, by=owner, now=NOW)
    assert [build.link_of(draft, row).their_price for row in rows] == [True, False, False]
    staging.keep_price(draft, None, theirs=False, by=owner, now=NOW)
    assert build.link_of(draft, rows[0]).their_price is False


# What blocks --------------------------------------------------------------------------------------


def test_nothing_is_asked_of_the_steps_before_there_is_a_company(owner):
    draft = wizard.start("qbo", by=owner, now=NOW)
    assert codes(draft) == ["not_connected"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"lost_at": NOW}, "lost"),
        ({"read_at": None}, "lists_unread"),
        ({"tax_mode": ""}, "tax_mode_missing"),
        ({"numbering": "ours", "takes_numbers": False}, "numbers_refused"),
        ({"fallback_item_id": "gone"}, "fallback_gone"),
    ],
)
def test_what_is_wrong_with_the_draft_itself_is_said(owner, fields, code):
    draft = build.read(build.draft(owner))
    assert codes(draft) == []
    for name, value in fields.items():
        setattr(draft, name, value)
    assert codes(draft) == [code]


def test_a_record_that_is_gone_or_inactive_there_blocks(owner):
    acme = make.customer("Acme")
    draft = build.decide_all(build.read(build.draft(owner), there("Acme")))
    build.read(draft, there("Acme", active=False))
    assert codes(draft) == ["customers_stale"]
    assert [link.customer for link in obstacles.stale(draft)] == [acme]


def test_an_item_that_a_contract_or_unbilled_work_needs_can_not_be_left_out(owner):
    contract = make.hourly(name="Care")
    dock = make.item("Dock", kind="product")
    make.used(make.ticket(contract), item=dock)
    spare = make.item("Spare", kind="product")
    draft = build.decide_all(build.read(build.draft(owner), account(), there("X")))
    ids = list(draft.links.filter(kind="item").values_list("pk", flat=True))
    staging.leave_out(draft, ids, Kind.ITEM, by=owner, now=NOW)
    found = obstacles.problems(draft)
    assert [problem.code for problem in found] == ["item_needed", "item_needed"]
    assert "a rate of Care" in found[0].message
    assert "used on tickets that are not billed yet" in found[1].message
    assert not any(spare.name in problem.message for problem in found)


def test_creating_items_there_needs_an_income_account(owner):
    make.item("Dock")
    draft = build.decide_all(build.read(build.draft(owner)))
    assert codes(draft) == ["account_missing"]
    build.read(draft, account())
    wizard.choose(draft, {"income_account_id": "79"}, by=owner, now=NOW)
    draft.refresh_from_db()
    assert codes(draft) == []


def test_taxes_matter_only_where_lines_bear_codes(owner):
    vat = make.tax("VAT", "20")
    make.hourly(tax_rate=vat)
    draft = build.decide_all(build.read(build.draft(owner), account()))
    assert codes(draft) == []
    wizard.choose(draft, {"tax_mode": "codes"}, by=owner, now=NOW)
    draft.refresh_from_db()
    assert codes(draft) == ["tax_needed"]
    assert "untaxed_missing" in [problem.code for problem in obstacles.warnings(draft)]


def test_settings_that_the_company_does_not_allow_are_refused(owner):
    draft = build.read(build.draft(owner, tax_modes=["provider"], takes_numbers=False))
    refused("tax_mode", wizard.choose, draft, {"tax_mode": "codes"}, by=owner, now=NOW)
    refused("numbers_refused", wizard.choose, draft, {"numbering": "ours"}, by=owner, now=NOW)


def test_what_will_be_felt_later_is_a_warning(owner):
    contract = make.hourly()
    draft = build.read(build.draft(owner, currency="CAD"))
    link = build.link_of(draft, contract.customer)
    staging.leave_out(draft, [link.pk], Kind.CUSTOMER, by=owner, now=NOW)
    draft.refresh_from_db()
    told = {problem.code for problem in obstacles.warnings(draft)}
    assert told == {"currency_differs", "fallback_missing", "billed_left_out"}


def test_another_company_makes_everything_staged_worthless(three, owner):
    draft, _ = three
    wizard.forget_company(draft, now=NOW)
    assert (draft.links.count(), draft.records.count(), draft.read_at) == (0, 0, None)


# Committing ---------------------------------------------------------------------------------------


@pytest.fixture
def office(owner):
    """A draft in which every kind of change is chosen."""
    Installation.current()
    make.customer("Acme")
    std, out = make.item("Standard hour", "100", sku="STD"), make.item("Old thing", "5")
    make.item("Keeps ours", "70")
    make.tax("VAT", "19")
    make.tax("Unused", "3")
    draft = build.read(
        build.draft(owner, tax_modes=["codes"], country="GB"),
        there("Acme"), there("New Co", email="ap@new.example", contact="Ana Ruiz", phone="555",
                             address=("1 Main", "", "Town", "CA", "90210", "US")),
        item("Standard hour", "120", sku="STD"), item("Keeps ours", "75"), item("Cable", "9.5"),
        tax("VAT", "20"), tax("Reduced", "5"), account(),
    )  # fmt: skip
    build.decide_all(draft, owner)
    staging.keep_price(draft, [build.link_of(draft, std).pk], theirs=True, by=owner, now=NOW)
    staging.leave_out(draft, [build.link_of(draft, out).pk], Kind.ITEM, by=owner, now=NOW)
    for kind in (Kind.CUSTOMER, Kind.ITEM, Kind.TAX):
        staging.bring_in(draft, kind, None, by=owner, now=NOW)
    draft.refresh_from_db()
    return draft


def test_before_the_commit_nothing_of_ours_is_changed(office):
    before = tables.configuration()
    wizard.review(office, now=NOW)
    assert tables.configuration() == before
    assert Customer.objects.get().name == "Acme"


def test_the_commit_changes_exactly_what_the_review_lists(office, owner):
    before = tables.configuration()
    plan = wizard.review(office, now=NOW)
    listed = {
        (type(change.row)._meta.db_table, change.row.pk, change.field): change.after
        for change in plan.changes()
    }
    build.commit(office, owner)
    changed, new = tables.difference(before, tables.configuration())
    assert {(table, pk, field) for table, pk, field in changed} == set(listed)
    assert len(new) == sum(not isinstance(arrival.row, Customer) for arrival in plan.arrivals)


def test_the_commit_takes_prices_archives_imports_and_locks(office, owner):
    build.commit(office, owner)
    std = CatalogItem.objects.get(name="Standard hour")
    assert (std.unit_price, std.priced_elsewhere) == (Decimal("120"), True)
    assert CatalogItem.objects.get(name="Keeps ours").unit_price == Decimal("70")
    assert CatalogItem.objects.get(name="Old thing").archived_at == NOW
    cable = CatalogItem.objects.get(name="Cable")
    assert (cable.unit_price, cable.kind, cable.priced_elsewhere) == (
        Decimal("9.5"),
        "service",
        True,
    )
    assert TaxRate.objects.get(name="VAT").percent == Decimal("20")
    assert TaxRate.objects.get(name="Unused").archived_at == NOW
    assert TaxRate.objects.get(name="Reduced").percent == Decimal("5")
    options = Installation.current()
    assert (options.connected_to, options.taxes_elsewhere) == ("QuickBooks Online", True)
    assert options.tax_method == "per_rate"
    assert {link.action for link in office.links.exclude(action="skip")} == {"link"}


def test_an_imported_customer_has_its_address_and_one_main_contact(office, owner):
    build.commit(office, owner)
    customer = Customer.objects.get(name="New Co")
    assert customer.address == "1 Main\n90210 Town, CA\nUS"
    contact = Contact.objects.get(customer=customer)
    told = (str(contact), contact.email, contact.phone, contact.is_main)
    assert told == ("Ana Ruiz", "ap@new.example", "555", True)


def test_an_imported_name_that_is_taken_here_gets_the_systems_name_behind_it(owner):
    old = make.item("Cable", "1")
    draft = build.read(build.draft(owner), item("Cable", "9"), item("Other", "2"), account())
    staging.choose(build.link_of(draft, old), "i-Other", by=owner, now=NOW)
    staging.bring_in(draft, Kind.ITEM, None, by=owner, now=NOW)
    build.commit(draft, owner)
    names = set(CatalogItem.objects.values_list("name", flat=True))
    assert names == {"Cable", "Cable (QuickBooks Online)"}


def test_a_stale_review_is_refused(office, owner):
    version = office.version
    staging.leave_there(office, Kind.ITEM, None, by=owner, now=NOW)
    refused("stale", wizard.commit, office, version=version, by=owner, now=NOW)
    office.refresh_from_db()
    assert office.state == "draft"


def test_an_unready_draft_is_refused_with_its_problems(owner):
    make.customer("Acme")
    draft = build.read(build.draft(owner))
    error = refused("not_ready", wizard.commit, draft, version=draft.version, by=owner, now=NOW)
    assert error.facts["problems"] == ["customers_undecided"]


def test_committing_twice_is_committing_once(office, owner):
    version = office.version
    wizard.commit(office, version=version, by=owner, now=NOW)
    count = CatalogItem.objects.count()
    again = wizard.commit(office, version=version, by=owner, now=NOW + dt.timedelta(seconds=1))
    assert again.committed_at == NOW
    assert CatalogItem.objects.count() == count


def test_a_commit_that_fails_half_way_leaves_everything_as_it_was(office, owner, monkeypatch):
    before = tables.configuration()

    def fail(connection):
        raise IntegrityError("at the very end")

    monkeypatch.setattr("accounting.past.carry_over", fail)
    refused("changed_meanwhile", build.commit, office, owner)
    office.refresh_from_db()
    assert office.state == "draft"
    assert tables.configuration() == before
    assert Customer.objects.count() == 1


def test_what_was_archived_between_review_and_commit_stays_as_it_is(office, owner):
    kept = CatalogItem.objects.get(name="Standard hour")
    CatalogItem.objects.filter(pk=kept.pk).update(archived_at=NOW)
    build.commit(office, owner)
    kept.refresh_from_db()
    assert (kept.archived_at, kept.unit_price) == (NOW, Decimal("100"))


def test_abandoning_leaves_no_trace(office, owner):
    before = tables.configuration()
    wizard.abandon(office, by=owner, now=NOW)
    office.refresh_from_db()
    assert (office.state, office.sealed) == ("abandoned", "")
    assert (office.links.count(), office.records.count()) == (0, 0)
    assert tables.configuration() == before
    assert wizard.start("qbo", by=owner, now=NOW).pk != office.pk


def test_only_the_holder_abandons(office, dana):
    refused("held_by_other", wizard.abandon, office, by=dana, now=NOW)


def test_the_plan_of_an_unchanged_configuration_is_empty(owner):
    make.item("Dock", "10")
    connection = build.connected(item("Dock", "10"), by=owner)
    links = staging.loaded(connection.links.all())
    assert list(changes.plan(connection, links, now=NOW).changes()) == []
