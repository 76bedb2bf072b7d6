"""The whole way with Xero: consent for two organisations, the choice, the wizard in Xero's words,
what only Xero lets people choose, and from one accounting system to the other.
"""

from __future__ import annotations

import http.client
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

import simulators
from accounting import delivery, outbox, wizard
from accounting.models import Connection, Export, RemoteInvoice
from atera_invoicing.roles import Role
from tests import make

from . import books
from .test_setup_pages import commit, logged_in

pytestmark = pytest.mark.django_db(transaction=True)
BACKS = [f"http://testserver/accounting/connect/{key}/back/" for key in ("qbo", "xero")]
CONNECT = "/accounting/setup/connect/"


@pytest.fixture(scope="module")
def _running():
    xero = {"organisations": ["nz", "us"], "limits": "counted"}
    with simulators.start(redirect_uris=BACKS, xero=xero, limits="counted") as sims:
        yield sims


@pytest.fixture
def sims(_running, settings):
    """Xero with two organisations, of New Zealand and the United States, beside QuickBooks."""
    settings.XERO = books.xero_settings_for(_running)
    settings.QBO = books.settings_for(_running)
    yield _running
    _running.reset()
    assert not _running.world.errors


@pytest.fixture
def owner(db):
    return make.user(Role.OWNER)


@pytest.fixture
def client(owner):
    return logged_in(owner)


def american(sims) -> str:
    return next(tenant for tenant, name in sims.xero.organisations().items() if name == "us")


def consent(client: Client, *tenants: str) -> dict[str, str]:
    """Leave for Xero and tick organisations; what the browser brings back."""
    answer = client.post("/accounting/leave/", headers={"HX-Request": "true"})
    where = urlsplit(answer.headers["HX-Redirect"])
    browser = http.client.HTTPConnection(where.netloc, timeout=5)
    form = urlencode([("tenant", tenant) for tenant in tenants])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    browser.request("POST", f"{where.path}?{where.query}", form, headers)
    back = browser.getresponse()
    assert back.status == 302, back.read()
    browser.close()
    return dict(parse_qsl(urlsplit(back.headers["Location"]).query))


def connect(client: Client, sims) -> Connection:
    """Both organisations are ticked, the American one is chosen, the lists are read."""
    assert client.post("/accounting/connect/xero/").url == CONNECT
    answer = client.get(BACKS[1], consent(client, *sims.xero.organisations()))
    assert answer.url == CONNECT
    assert client.post(CONNECT, {"company": american(sims)}).status_code == 302
    assert client.post("/accounting/read/").url == "/accounting/setup/customers/"
    return wizard.draft()


def disconnect(client: Client) -> None:
    plan = client.get("/accounting/disconnect/").context["plan"]
    answer = client.post("/accounting/disconnect/", {"digest": plan.digest})
    assert answer.status_code == 302


def choices(**more: str) -> dict[str, str]:
    return {
        "tax_mode": "codes", "untaxed_id": "NONE", "income_account_id": "200",
        "fallback_item_id": "account:200", "numbering": "ours", "auto_export": "off",
        "go_live": "2026-11-01", **more,
    }  # fmt: skip


def test_the_addresses_that_an_app_at_xero_must_know_are_named_before_there_are_keys(
    client, settings
):
    settings.XERO = {**settings.XERO, "client_id": ""}
    assert '<a class="button" href="/accounting/connect/xero/">' in client.get("/accounting/").text
    page = client.get("/accounting/connect/xero/").text
    assert "There are no credentials for it yet." in page
    assert f"<code>{BACKS[1]}</code>" in page
    assert "<code>http://testserver/accounting/webhooks/xero/</code>" in page


def test_of_two_organisations_one_is_chosen_in_words_of_xero(client, sims):
    client.post("/accounting/connect/xero/")
    client.get(BACKS[1], consent(client, *sims.xero.organisations()))
    page = client.get(CONNECT).text
    assert "Which organisation?" in page
    for tenant in sims.xero.organisations():
        assert sims.xero.organisation(tenant).name in page
    assert client.post(CONNECT, {"company": "somebody-elses"}).status_code == 302
    assert wizard.draft().company_id == ""
    client.post(CONNECT, {"company": american(sims)})
    assert wizard.draft().company_id == american(sims)
    assert (
        "Contacts, items, tax rates and revenue accounts are read next" in client.get(CONNECT).text
    )


def test_another_organisation_can_be_chosen_later_and_begins_the_matching_anew(client, sims):
    make.customer("Harbor Coffee")
    connection = connect(client, sims)
    assert connection.links.exists()
    client.get(BACKS[1], consent(client, *sims.xero.organisations()))
    assert "Which organisation?" in client.get(CONNECT).text
    other = next(each for each in sims.xero.organisations() if each != american(sims))
    client.post(CONNECT, {"company": other})
    connection.refresh_from_db()
    assert (connection.company_id, connection.currency) == (other, "NZD")
    assert not connection.links.exists()


def test_connect_set_up_export_and_disconnect(client, sims, owner):
    customer, item = make.customer("Harbor Coffee"), make.item("Remote support")
    connection = connect(client, sims)
    commit_with(client, connection, option_status="SUBMITTED")
    connection.refresh_from_db()
    assert connection.is_active
    assert connection.options["status"] == "SUBMITTED"
    invoice = books.invoice(customer, item, message="Thank you")
    outbox.queue(connection, [invoice.pk], by=owner, now=timezone.now())
    delivery.work(connection.pk, now=timezone.now())
    assert Export.objects.get().state == "sent", Export.objects.get().message
    (document,) = [
        each
        for each in sims.xero.invoices(american(sims))
        if each["InvoiceNumber"] == invoice.number
    ]
    assert (document["Status"], document["Total"]) == ("SUBMITTED", invoice.total)
    assert client.get(urlsplit(document["Url"]).path, dict(
        parse_qsl(urlsplit(document["Url"]).query)
    )).url == f"/invoices/{invoice.pk}/"  # fmt: skip
    disconnect(client)
    assert american(sims) not in {each["tenant"] for each in sims.xero.connections()}
    assert RemoteInvoice.objects.get().invoice == invoice


def commit_with(client: Client, connection: Connection, **more: str) -> None:
    for kind in ("customers", "items"):
        for act in ("confirm", "create"):
            client.post(f"/accounting/setup/{kind}/", {"all": act})
        rows = connection.links.filter(confirmed=False).values_list("pk", flat=True)
        client.post(f"/accounting/setup/{kind}/", {"action": "confirm", "selected": list(rows)})
    answer = client.post("/accounting/setup/taxes-and-accounts/", choices(**more))
    assert answer.status_code == 302, answer.context["form"].errors
    connection.refresh_from_db()
    answer = client.post("/accounting/setup/review/", {"version": connection.version})
    assert answer.url == "/accounting/done/", client.get("/accounting/setup/review/").text


def test_what_only_xero_lets_people_choose_is_offered_and_kept(client, sims):
    connection = connect(client, sims)
    page = client.get("/accounting/setup/taxes-and-accounts/").text
    assert "Invoices arrive in Xero as" in page
    category = connection.facts["tracking"][0]
    assert f"Tracking: {category['name']}" in page
    assert "keeps no address with an invoice" in page
    option = category["options"][0]["id"]
    client.post(
        "/accounting/setup/taxes-and-accounts/",
        choices(**{"option_status": "AUTHORISED", "option_tracking-1": option}),
    )
    connection.refresh_from_db()
    assert connection.options["status"] == "AUTHORISED"
    assert connection.options["tracking-1"] == option
    refused = client.post("/accounting/setup/taxes-and-accounts/", choices(option_status="PAID"))
    assert refused.status_code != 302
    review = spoken(client, "/accounting/setup/review/")
    assert "E-mail Kept there with the contacts" in review
    assert "Invoices arrive in Xero as Approved at once" in review
    assert f"Tracking: {category['name']} {category['options'][0]['name']}" in review


def test_a_tracking_option_that_is_gone_there_counts_as_none(client, sims):
    connection = connect(client, sims)
    commit_with(client, connection)
    category = connection.facts["tracking"][0]["name"]
    Connection.objects.update(options={"tracking-1": "gone"})
    assert f"Tracking: {category} Not tracked" in spoken(client, "/accounting/")


def test_who_can_mend_a_lost_access_is_named_wherever_it_is_missed(client, sims, owner):
    customer, item = make.customer("Harbor Coffee"), make.item("Remote support")
    connection = connect(client, sims)
    commit_with(client, connection)
    invoice = books.invoice(customer, item)
    sims.xero.person(american(sims)).disconnect()
    client.post("/accounting/read/")
    home = spoken(client, "/accounting/")
    assert "Xero no longer lets us in. This connection was removed in Xero" in home
    assert "Connect again" in home
    biller = logged_in(make.user(Role.BILLING))
    home = spoken(biller, "/accounting/")
    assert "An owner can do it." in home
    assert "Connect again" not in home
    assert "1 to decide in accounting" in spoken(biller, "/")
    for path in ("/accounting/export/", f"/invoices/{invoice.pk}/"):
        page = biller.get(path).text
        assert "access has ended" in page or "Not connected any more" in page, path
        assert '<a class="button small" href="/accounting/">Accounting</a>' in page, path


FOREIGN = re.compile(
    r"tax codes?|products? (?:and|or) services?|income account|compan(?:y|ies)|quickbooks", re.I
)


def spoken(client: Client, path: str) -> str:
    """What a person reads in the middle of a page, without its mark-up and the forms' names."""
    page = client.get(path)
    assert page.status_code == 200, path
    main = re.search("<main.*</main>", page.text, re.DOTALL)
    assert main
    return " ".join(re.sub(r"<[^>]+>", " ", main[0]).split())


def test_every_page_speaks_words_of_xero(client, sims, owner):
    customer, item = make.customer("Harbor Coffee"), make.item("Remote support")
    assert not FOREIGN.findall(spoken(client, "/accounting/connect/xero/"))
    connection = connect(client, sims)
    assert re.search("Contacts 1 to do .* Items 1 to do", spoken(client, CONNECT))
    for step in ("connect", "customers", "items", "taxes-and-accounts", "history", "review"):
        assert not FOREIGN.findall(spoken(client, f"/accounting/setup/{step}/")), step
    for kind in ("customers", "items", "taxes"):
        assert not FOREIGN.findall(spoken(client, f"/accounting/setup/{kind}/only-there/")), kind
    page = spoken(client, "/accounting/setup/taxes-and-accounts/")
    assert "Tax rate of lines without tax" in page
    assert "Revenue account of new items" in page
    commit_with(client, connection)
    invoice = books.invoice(customer, item)
    pages = [
        "done/", "", "settings/", "customers/", "items/", "taxes/", "export/", "differences/",
        f"export/plan/?invoice={invoice.pk}", "time/", "disconnect/",
    ]  # fmt: skip
    for page in pages:
        assert not FOREIGN.findall(spoken(client, f"/accounting/{page}")), page
    outbox.queue(connection, [invoice.pk], by=owner, now=timezone.now())
    assert not FOREIGN.findall(spoken(client, f"/accounting/export/{Export.objects.get().pk}/"))


def test_lines_can_go_to_an_account_which_is_nothing_to_import(client, sims):
    item = make.item("Remote support", sku="200")
    connection = connect(client, sims)
    link = connection.links.get(item=item)
    assert link.action != "link"  # the account 200 is not taken for the item with that SKU
    only = spoken(client, "/accounting/setup/items/only-there/")
    assert "Hours" in only
    assert "account 200" not in only
    client.post("/accounting/setup/items/only-there/", {"all": "bring"})
    assert not connection.links.filter(remote_id="account:200").exists()
    client.post(f"/accounting/links/{link.pk}/", {"remote_id": "account:200"})
    link.refresh_from_db()
    assert link.remote_name == "Sales (account 200)"


def test_the_plan_names_an_item_that_is_still_to_be_created(client, sims):
    customer, item = make.customer("Harbor Coffee"), make.item("Remote support")
    commit_with(client, connect(client, sims))
    invoice = books.invoice(customer, item)
    plan = spoken(client, f"/accounting/export/plan/?invoice={invoice.pk}")
    assert (
        "Created in Xero first Harbor Coffee Contact Remote support Item price 100, revenue" in plan
    )
    assert "Item Description Quantity Price Tax rate Amount Remote support Work in October" in plan


def test_the_other_system_is_connected_only_after_this_one_is_disconnected(client, sims, owner):
    sims.qbo.switch(consent="grant")
    client.post("/accounting/connect/qbo/")
    answer = client.post("/accounting/leave/", headers={"HX-Request": "true"})
    where = urlsplit(answer.headers["HX-Redirect"])
    browser = http.client.HTTPConnection(where.netloc, timeout=5)
    browser.request("GET", f"{where.path}?{where.query}")
    back = dict(parse_qsl(urlsplit(browser.getresponse().headers["Location"]).query))
    browser.close()
    client.get(BACKS[0], back)
    client.post("/accounting/read/")
    commit(client, wizard.draft())
    page = client.post("/accounting/connect/xero/", follow=True).text
    assert "is connected. Disconnect it on the Accounting page first." in page
    assert wizard.draft() is None
    disconnect(client)
    connection = connect(client, sims)
    commit_with(client, connection)
    assert wizard.active().provider == "xero"
    assert Connection.objects.filter(provider="qbo", state="closed").exists()
    assert "Earlier connections" in client.get("/accounting/").text


# REST ---------------------------------------------------------------------------------------------


def test_an_organisation_and_options_are_chosen_over_rest(client, sims, owner):
    client.post("/accounting/connect/xero/")
    client.get(BACKS[1], consent(client, *sims.xero.organisations()))
    connection = wizard.draft()
    api = APIClient()
    api.force_authenticate(owner)
    url = f"/api/v1/accounting/connections/{connection.pk}/"
    offered = api.get(f"{url}companies/").json()
    assert {each["id"] for each in offered} == set(sims.xero.organisations())
    assert api.post(f"{url}companies/", {"company": "other"}).status_code == 409
    chosen = api.post(f"{url}companies/", {"company": american(sims)})
    assert chosen.json()["company_id"] == american(sims)
    taken = api.patch(url, {"options": {"status": "AUTHORISED"}, "tax_mode": "codes"})
    assert taken.json()["options"]["status"] == "AUTHORISED"
    assert api.patch(url, {"options": {"status": "PAID"}}).status_code == 422
    assert api.patch(url, {"options": {"colour": "red"}}).status_code == 422
