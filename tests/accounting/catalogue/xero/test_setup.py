"""What a set-up with an organisation at Xero begins with."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from accounting import access, refreshing, wizard
from accounting.models import Connection, Link
from accounting.providers import port
from tests import make
from tests.accounting import books
from tests.accounting.making import draft


def begun(sims, owner, tenant: str) -> Connection:
    """A draft that is connected to an organisation, its lists not read yet."""
    given = sims.xero.connect(tenant)
    connection = draft(owner, provider="xero", company_id=tenant, held_by=owner)
    tokens = port.Tokens(
        given.access_token, given.refresh_token, sims.clock.now() + dt.timedelta(minutes=25)
    )
    access.put(connection, access.freeze(tokens), tokens)
    connection.refresh_from_db()
    return connection


def read(sims, connection: Connection) -> Connection:
    today = sims.clock.now().date()
    refreshing.everything(connection, today=today, now=sims.clock.now())
    connection.refresh_from_db()
    return connection


def add_free_tax(sims, tenant: str, type: str) -> None:
    """A rate of the bookkeeper's own, which adds nothing."""
    org = sims.xero.organisation(tenant)
    free = next(doc for doc in org.of("TaxRate") if not doc["EffectiveRate"])
    org.put("TaxRate", {**free, "TaxType": type, "Name": "For the accountant only"})


@pytest.mark.parametrize(
    ("region", "untaxed"), [("nz", "NONE"), ("au", "BASEXCLUDED"), ("gb", "NONE"), ("us", "NONE")]
)
def test_lines_without_tax_bear_the_code_that_xero_has_for_them(
    sims, transactional_db, owner, region, untaxed
):
    tenant = sims.xero.add_organisation(region)
    add_free_tax(sims, tenant, "TAX001" if region != "us" else "TAX9")
    connection = read(sims, begun(sims, owner, tenant))
    assert connection.untaxed_id == untaxed == connection.facts["untaxed_id"]


def test_what_was_chosen_for_the_organisation_before_is_chosen_again(sims, transactional_db, owner):
    tenant = sims.xero.add_organisation("au")
    now = sims.clock.now()
    Connection.objects.create(
        provider="xero", company_id=tenant, state="closed", untaxed_id="EXEMPTOUTPUT",
        created_at=now, touched_at=now, created_by=owner,
    )  # fmt: skip
    assert read(sims, begun(sims, owner, tenant)).untaxed_id == "EXEMPTOUTPUT"


def test_what_somebody_chose_stays_when_the_lists_are_read_again(sims, transactional_db, owner):
    tenant = sims.xero.add_organisation("au")
    connection = read(sims, begun(sims, owner, tenant))
    wizard.choose(
        Connection.objects.get(pk=connection.pk), {"untaxed_id": "EXEMPTOUTPUT"},
        by=owner, now=sims.clock.now(),
    )  # fmt: skip
    assert read(sims, connection).untaxed_id == "EXEMPTOUTPUT"


def test_lines_typed_in_by_hand_go_to_the_sales_account(sims, transactional_db, owner):
    make.item("Remote support")
    tenant = sims.xero.add_organisation("nz")
    connection = read(sims, begun(sims, owner, tenant))
    assert connection.fallback_item_id == "account:200"
    assert connection.income_account_id == "200"


@pytest.mark.parametrize("what", ["recoded", "given away"])
def test_what_was_linked_by_a_code_before_is_the_same_account_again_or_none(
    sims, transactional_db, owner, what
):
    item = make.item("Remote support")
    tenant = sims.xero.add_organisation("nz")
    earlier = read(sims, begun(sims, owner, tenant))
    Link.objects.filter(item=item).delete()
    books.link(earlier, item, "account:210")
    Connection.objects.filter(pk=earlier.pk).update(
        state="closed", sealed="", fallback_item_id="account:210", income_account_id="210"
    )
    org = sims.xero.organisation(tenant)
    old = org.account("210")
    if what == "recoded":
        org.put("Account", {**old, "Code": "215"})
    else:
        del org.docs["Account"][old["AccountID"]]
    org.index()
    org.put("Account", {**old, "AccountID": str(uuid.uuid4()), "Name": "Donations"})
    connection = read(sims, begun(sims, owner, tenant))
    assert connection.records.filter(remote_id="account:210", active=True).exists()
    link = connection.links.get(item=item)
    if what == "recoded":
        assert (link.remote_id, link.origin) == ("account:215", "earlier")
        assert (connection.fallback_item_id, connection.income_account_id) == ("account:215", "215")
    else:
        assert link.remote_id != "account:210"
        assert (connection.fallback_item_id, connection.income_account_id) == ("account:200", "200")
