"""The whole way over the wire: consent, lists, decisions, commit, export, disconnect, and again.
What must be as before is compared as whole tables, here, and as whole lists, there.
"""

from __future__ import annotations

import pytest

from accounting import (
    access,
    calling,
    connecting,
    delivery,
    outbox,
    refreshing,
    restoring,
    staging,
    wizard,
)
from accounting.models import Connection, RemoteInvoice
from accounting.providers import port
from accounting.providers.port import Kind
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from contracts.models import CatalogItem, Contract, TaxRate
from customers.models import Customer
from invoices.models import Invoice
from tests import make
from whitelabel.models import Branding

from . import books, build, tables
from .providers.backends import REDIRECT

pytestmark = pytest.mark.django_db(transaction=True)
RECORDS = (Kind.CUSTOMER, Kind.ITEM)


@pytest.fixture
def before(system, owner) -> tables.Tables:
    """A configuration with something of everything, some of it there under the same name."""
    Installation.current()
    Branding.current()
    vat = make.tax("VAT", "19", is_default=True)
    customer = make.customer(system.names(Kind.CUSTOMER)[0])
    make.hourly("100", name="Care", tax_rate=vat, customer=customer)
    make.item(system.names(Kind.ITEM)[0], "1")
    make.item("Dock", "200", "product", category="Hardware", sku="D-1")
    make.item("Old thing", "5", "product")
    return tables.configuration()


def set_up(system, owner) -> Connection:
    """A draft whose owner consented there, and whose lists are read."""
    now = system.clock.now()
    draft = wizard.start(system.key, by=owner, now=now)
    session = {"by": owner, "session_key": "browser", "redirect_uri": REDIRECT, "now": now}
    answer = system.consent(connecting.begin(draft, **session))
    connection = connecting.finish(answer, provider=system.key, **session)
    refreshing.everything(connection, today=now.date(), now=now, by=owner)
    connection.refresh_from_db()
    return connection


def decide(system, draft: Connection, owner) -> None:
    """Their prices, everything that only they have, and one of ours left out."""
    now = system.clock.now()
    out = build.link_of(draft, CatalogItem.objects.get(name="Old thing"))
    staging.leave_out(draft, [out.pk], Kind.ITEM, by=owner, now=now)
    vat = build.link_of(draft, TaxRate.objects.get(name="VAT"))
    staging.choose(
        vat, draft.records.filter(kind=Kind.TAX, active=True)[0].remote_id, by=owner, now=now
    )
    build.decide_all(draft, owner)
    staging.keep_price(draft, None, theirs=True, by=owner, now=now)
    for kind in (*RECORDS, Kind.TAX):
        staging.bring_in(draft, kind, None, by=owner, now=now)
    chosen = {
        "tax_mode": draft.tax_modes[-1], "income_account_id": system.account_id(),
        "go_live": make.day("2026-11-01"),
    }  # fmt: skip
    wizard.choose(draft, chosen, by=owner, now=now)


def connect(system, owner) -> Connection:
    draft = set_up(system, owner)
    decide(system, draft, owner)
    return build.commit(draft, owner)


def export(system, connection: Connection) -> Invoice:
    """An invoice that is there, with an item that had to be created for it."""
    customer = Contract.objects.get(name="Care").customer
    invoice = books.invoice(customer, CatalogItem.objects.get(name="Dock"))
    outbox.queue(connection, [invoice.pk], by=None, now=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    assert len(system.of(invoice)) == 1
    return invoice


def disconnect(system, connection: Connection, owner) -> bool:
    listed = restoring.plan(connection, now=system.clock.now())
    return restoring.disconnect(connection, by=owner, now=system.clock.now(), digest=listed.digest)


def there(system) -> list[list[str]]:
    """Everything that a connection could have made there."""
    return [*(system.names(kind) for kind in RECORDS), system.ids()]


def test_cancelling_leaves_nothing_here_and_there(system, before, owner):
    theirs = there(system)
    draft = set_up(system, owner)
    assert tables.configuration() == before
    decide(system, draft, owner)
    assert tables.configuration() == before
    assert system.connected()
    wizard.abandon(draft, by=owner, now=system.clock.now())
    assert tables.configuration() == before
    assert (there(system), system.connected()) == (theirs, False)


@pytest.mark.parametrize("removed", ["by us", "by them", "by them, and we know"])
def test_disconnecting_after_an_export_brings_the_configuration_back(
    system, before, owner, removed
):
    connection = connect(system, owner)
    options = Installation.current()
    assert (options.connected_to, options.tax_method) == (system.name, system.provider.tax_method)
    assert tables.configuration() != before
    invoice = export(system, connection)
    if removed != "by us":
        system.cut()
    if removed == "by them, and we know":
        with pytest.raises(port.Unauthorized):
            calling.ask(connection, "company", now=system.clock.now())
        assert Connection.objects.get().lost_at
    assert disconnect(system, connection, owner)
    assert tables.configuration() == before
    assert not system.connected()
    assert len(system.of(invoice)) == 1
    assert RemoteInvoice.objects.get().invoice == invoice


def test_connecting_the_same_company_again_creates_nothing_here_and_there(system, before, owner):
    first = connect(system, owner)
    invoice = export(system, first)
    here = [Customer.objects.count(), CatalogItem.objects.count(), Invoice.objects.count()]
    theirs = there(system)
    disconnect(system, first, owner)
    again = set_up(system, owner)
    assert not again.links.filter(confirmed=False).exists()
    again = build.commit(again, owner)
    with pytest.raises(Refused) as refused:
        outbox.queue(again, [invoice.pk], by=None, now=system.clock.now())
    assert refused.value.code == "nothing_to_export"
    delivery.work(again.pk, now=system.clock.now())
    assert there(system) == theirs
    assert here == [Customer.objects.count(), CatalogItem.objects.count(), Invoice.objects.count()]
    disconnect(system, again, owner)
    assert tables.configuration() == before
    assert access.rotate_keys() == (0, [])  # no token is left on any row
