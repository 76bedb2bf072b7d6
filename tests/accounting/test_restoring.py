"""Disconnecting brings the configuration back exactly, whatever was done before and meanwhile."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet

from accounting import restoring, snapshots, staging, wizard
from accounting.models import Call, Export, Link, RemoteInvoice
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from contracts import agreements, catalog
from contracts.models import CatalogItem, Category, Contract, ContractRate, TaxRate, TimeEntry
from customers.models import Customer
from invoices.models import Invoice
from tests import make
from tests.accounting import build, tables
from tests.accounting.build import NOW, account, item, tax
from tests.accounting.build import customer as there
from whitelabel.models import Branding

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(days=3)


@pytest.fixture
def before(owner):
    """A configuration with something of everything; the tables as they are now."""
    Installation.current()
    Branding.current()
    vat = make.tax("VAT", "19", is_default=True)
    make.hourly("100", name="Care", tax_rate=vat, customer=make.customer("Acme"))
    make.item("Dock", "200", "product", category="Hardware", sku="D-1")
    make.item("Old thing", "5", "product")
    return tables.configuration()


@pytest.fixture
def connection(before, owner):
    """Connected: prices taken, things left out, imported, percents changed."""
    draft = build.read(build.draft(owner, tax_modes=["codes"]), *lists())
    build.decide_all(draft, owner)
    wizard.choose(draft, {"tax_mode": "codes"}, by=owner, now=NOW)
    out = CatalogItem.objects.get(name="Old thing")
    staging.leave_out(draft, [build.link_of(draft, out).pk], Kind.ITEM, by=owner, now=NOW)
    staging.keep_price(draft, None, theirs=True, by=owner, now=NOW)
    for kind in (Kind.CUSTOMER, Kind.ITEM, Kind.TAX):
        staging.bring_in(draft, kind, None, by=owner, now=NOW)
    return build.commit(draft, owner)


def lists():
    return [
        there("Acme"), there("Only There"), item("Dock", "240", sku="D-1"), item("Cable", "9"),
        tax("VAT", "20"), tax("Reduced", "5"), account(),
    ]  # fmt: skip


def disconnect(connection, owner, **named):
    return restoring.disconnect(connection, by=owner, now=LATER, **named)


def same_rows(before, after):
    """The rows of before, exactly; and which came to them, by table."""
    assert {t: {pk: after[t].get(pk) for pk in rows} for t, rows in before.items()} == before
    return {
        t: set(rows) - set(before[t]) for t, rows in after.items() if set(rows) - set(before[t])
    }


def test_committing_and_disconnecting_leaves_the_configuration_as_it_was(before, connection, owner):
    assert tables.configuration() != before
    assert disconnect(connection, owner)
    assert tables.configuration() == before


def test_our_own_fingerprint_agrees(owner):
    make.hourly(tax_rate=make.tax())
    Installation.current()
    mark = snapshots.fingerprint()
    connection = build.connected(item("Cable", "9"), by=owner)
    assert snapshots.fingerprint() != mark
    disconnect(connection, owner)
    assert snapshots.fingerprint() == mark


def test_links_and_imported_customers_stay(connection, owner):
    count = connection.links.count()
    disconnect(connection, owner)
    connection.refresh_from_db()
    assert (connection.state, connection.sealed, connection.closed_by) == ("closed", "", owner)
    assert connection.links.count() == count
    assert connection.links.get(remote_name="Cable").action == "import"
    assert Customer.objects.filter(name="Only There").exists()


def test_disconnecting_twice_is_disconnecting_once(before, connection, owner):
    disconnect(connection, owner)
    make.item("New afterwards")
    now = tables.configuration()
    assert disconnect(connection, owner)
    assert tables.configuration() == now


def test_what_came_from_there_and_is_used_stays_as_a_copy_of_ours(before, connection, owner):
    cable, reduced = CatalogItem.objects.get(name="Cable"), TaxRate.objects.get(name="Reduced")
    contract = make.hourly(tax_rate=reduced)
    make.used(make.ticket(contract), item=cable)
    plan = restoring.plan(connection, now=LATER)
    assert {row.name for row in plan.restoration.copies if hasattr(row, "name")} >= {
        "Cable", "Reduced",
    }  # fmt: skip
    disconnect(connection, owner)
    cable.refresh_from_db()
    assert (cable.archived_at, cable.priced_elsewhere) == (None, False)
    assert build.link_of(connection, cable).action == "link"
    added = same_rows(before, tables.configuration())
    assert cable.pk in added["contracts_catalogitem"]
    assert reduced.pk in added["contracts_taxrate"]


def test_what_was_imported_after_the_commit_stays(before, connection, owner):
    build.read(connection, *lists(), item("Later", "3"))
    staging.bring_in(connection, Kind.ITEM, ["i-Later"], by=owner, now=LATER)
    disconnect(connection, owner)
    assert CatalogItem.objects.get(name="Later").priced_elsewhere is False


def test_edits_of_contracts_made_while_connected_are_taken_back_too(before, connection, owner):
    contract = Contract.objects.get(name="Care")
    rate = contract.rates.get()
    cable = CatalogItem.objects.get(name="Cable")
    rate.item, rate.unit_price = cable, Decimal("1")
    contract.tax_rate = TaxRate.objects.get(name="Reduced")
    agreements.change(contract, [rate], by=owner)
    told = {
        (c.field, str(c.after)) for c in restoring.plan(connection, now=LATER).restoration.changes()
    }
    assert ("unit_price", "None") in told
    disconnect(connection, owner)
    assert tables.configuration() == before


def test_a_rate_removed_while_connected_comes_back_with_its_id(before, owner):
    contract = Contract.objects.get(name="Care")
    extra = make.rate(contract, "additional", "150", name="After hours")
    before = tables.configuration()
    connection = build.connected(by=owner)
    agreements.change(contract, [contract.rates.get(role="primary")], by=owner)
    assert not ContractRate.objects.filter(pk=extra.pk).exists()
    disconnect(connection, owner)
    assert tables.configuration() == before


def test_a_rate_added_while_connected_goes_and_its_unbilled_time_follows_the_primary_rate(
    before, connection, owner
):
    contract = Contract.objects.get(name="Care")
    rate = make.rate(contract, "additional", item=CatalogItem.objects.get(name="Cable"))
    entry = make.entry(make.ticket(contract), rate=rate)
    disconnect(connection, owner)
    entry.refresh_from_db()
    assert entry.rate is None
    assert tables.configuration() == before


def test_a_rate_that_billed_time_names_stays(before, connection, owner):
    contract = Contract.objects.get(name="Care")
    cable = CatalogItem.objects.get(name="Cable")
    old = contract.rates.get()
    ContractRate.objects.filter(pk=old.pk).update(role="additional")
    rate = make.rate(contract, "primary", item=cable)
    entry = make.entry(make.ticket(contract), rate=rate)
    make.claim(entry)
    disconnect(connection, owner)
    rate.refresh_from_db()
    assert (rate.role, rate.item, TimeEntry.objects.get(pk=entry.pk).rate) == (
        "additional", cable, rate,
    )  # fmt: skip
    same_rows(before, tables.configuration())


def test_billed_time_moves_to_the_contracts_own_rate_for_the_same_item(before, owner):
    contract = Contract.objects.get(name="Care")
    night = make.rate(contract, "additional", "150", name="Night")
    before = tables.configuration()
    connection = build.connected(by=owner)
    ContractRate.objects.filter(pk=night.pk).delete()
    rate = make.rate(contract, "additional", item=night.item)
    entry = make.entry(make.ticket(contract), rate=rate)
    make.claim(entry)
    disconnect(connection, owner)
    assert tables.configuration() == before
    assert TimeEntry.objects.get(pk=entry.pk).rate == night


def test_rows_that_changed_places_change_back(before, owner):
    contract = make.monitoring({"servers": "40", "pcs": "9"})
    a, b = make.tax("One", "1"), make.tax("Two", "2")
    one, two = Category.objects.create(name="Left"), Category.objects.create(name="Right")
    before = tables.configuration()
    connection = build.connected(by=owner)
    servers, pcs = contract.rates.order_by("id")
    move = ContractRate.objects.filter
    move(pk=servers.pk).update(counted="macs")
    move(pk=pcs.pk).update(counted="servers")
    move(pk=servers.pk).update(counted="pcs")
    for x, y in ((a, b), (one, two)):
        rows = type(x).objects.filter
        rows(pk=x.pk).update(name="~tmp")
        rows(pk=y.pk).update(name=x.name)
        rows(pk=x.pk).update(name=y.name)
    catalog.make_default_tax(a, by=owner)
    disconnect(connection, owner)
    assert tables.configuration() == before


def test_a_copy_gives_its_name_to_the_one_that_returns(before, owner):
    draft = build.read(build.draft(owner), item("Old thing", "9", sku="X"), account())
    ours = CatalogItem.objects.get(name="Old thing")
    CatalogItem.objects.filter(pk=ours.pk).update(sku="X")
    before = tables.configuration()
    build.decide_all(draft, owner)
    staging.leave_out(draft, [build.link_of(draft, ours).pk], Kind.ITEM, by=owner, now=NOW)
    staging.bring_in(draft, Kind.ITEM, None, by=owner, now=NOW)
    connection = build.commit(draft, owner)
    theirs = CatalogItem.objects.get(name="Old thing", archived_at=None)
    make.used(make.ticket(), item=theirs)
    tax_made_here = make.tax("Made while connected", is_default=False)
    catalog.make_default_tax(tax_made_here, by=owner)
    disconnect(connection, owner)
    theirs.refresh_from_db()
    tax_made_here.refresh_from_db()
    assert (theirs.name, theirs.sku, tax_made_here.is_default) == ("Old thing (2)", "", False)
    same_rows(before, tables.configuration())


def test_a_default_tax_that_was_brought_and_goes_leaves_room_for_ours(before, owner):
    draft = build.read(build.draft(owner, tax_modes=["codes"]), *lists())
    build.decide_all(draft, owner)
    wizard.choose(draft, {"tax_mode": "codes"}, by=owner, now=NOW)
    staging.bring_in(draft, Kind.TAX, None, by=owner, now=NOW)
    connection = build.commit(draft, owner)
    catalog.make_default_tax(TaxRate.objects.get(name="Reduced"), by=owner)
    disconnect(connection, owner)
    assert tables.configuration() == before


def test_the_list_is_refused_once_it_is_old(before, connection, owner):
    plan = restoring.plan(connection, now=LATER)
    build.read(connection, *lists()[2:], item("Dock", "250", sku="D-1"))
    CatalogItem.objects.filter(name="Dock").update(unit_price="250")
    with pytest.raises(Refused) as caught:
        disconnect(connection, owner, digest=plan.digest)
    assert caught.value.code == "changed_meanwhile"
    assert disconnect(connection, owner, digest=restoring.plan(connection, now=LATER).digest)
    assert tables.configuration() == before


@pytest.fixture
def export(connection):
    claim = make.claim(make.entry(make.ticket(Contract.objects.get(name="Care"))), "INV-1")
    Invoice.objects.filter(pk=claim.invoice_id).update(export_queued_at=NOW)
    return Export.objects.create(
        connection=connection, invoice=claim.invoice, operation="create", document={},
        digest="x", marker="m", queued_at=NOW,
    )  # fmt: skip


def test_what_waits_for_export_is_cancelled(before, connection, owner, export):
    assert restoring.plan(connection, now=LATER).cancelled == 1
    disconnect(connection, owner)
    export.refresh_from_db()
    assert export.state == "cancelled"
    assert tables.configuration() == before


def test_while_an_answer_is_out_disconnecting_is_refused_and_changes_nothing(
    connection, owner, export
):
    call = Call.objects.create(
        connection=connection, operation="create", key="k", body=b"", places=[],
        first_sent_at=NOW, sent_at=NOW,
    )  # fmt: skip
    Export.objects.filter(pk=export.pk).update(state="unknown", call=call)
    now = tables.configuration()
    assert restoring.plan(connection, now=LATER).under_way == 1
    with pytest.raises(Refused) as caught:
        disconnect(connection, owner)
    assert caught.value.code == "export_under_way"
    assert tables.configuration() == now
    connection.refresh_from_db()
    assert connection.is_active


def test_a_connection_whose_key_is_lost_can_still_be_cut(before, connection, owner, settings):
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert disconnect(connection, owner)
    connection.refresh_from_db()
    assert (connection.state, connection.sealed) == ("closed", "")
    assert tables.configuration() == before


# Connecting again ---------------------------------------------------------------------------------


def test_connecting_the_same_company_again_asks_nothing_and_creates_nothing(
    before, connection, owner
):
    disconnect(connection, owner)
    again = build.read(build.draft(owner, tax_modes=["codes"]), *lists())
    open_links = again.links.filter(confirmed=False)
    assert list(open_links) == []
    decided = {link.remote_name: link.action for link in again.links.exclude(remote_id="")}
    assert decided == {
        "Acme": "link", "Only There": "link", "Dock": "link", "Cable": "import", "VAT": "link",
        "Reduced": "import",
    }  # fmt: skip
    customers = Customer.objects.count()
    build.commit(again, owner)
    assert Customer.objects.count() == customers
    assert CatalogItem.objects.get(name="Dock").unit_price == Decimal("240")
    assert CatalogItem.objects.get(name="Old thing").archived_at is not None
    disconnect(again, owner)
    assert tables.configuration() == before


def test_another_company_begins_from_nothing(connection, owner):
    disconnect(connection, owner)
    other = build.read(build.draft(owner, company_id="777", tax_modes=["codes"]), *lists())
    assert {link.origin for link in other.links.all()}.isdisjoint({Link.Origin.EARLIER})


def test_what_is_known_of_our_invoices_moves_to_the_new_connection(connection, owner):
    claim = make.claim(make.entry(make.ticket(Contract.objects.get(name="Care"))), "INV-1")
    RemoteInvoice.objects.create(
        connection=connection, invoice=claim.invoice, remote_id="145", subtotal=0, tax=0, total=0,
        balance=0, seen_at=NOW,
    )  # fmt: skip
    disconnect(connection, owner)
    again = build.read(build.draft(owner, tax_modes=["codes"]), *lists())
    build.commit(again, owner)
    assert RemoteInvoice.objects.get().connection == again
