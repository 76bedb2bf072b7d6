"""The wizard in a browser's hands, from the first click to disconnecting, at a simulated
QuickBooks.
"""

from __future__ import annotations

import http.client
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

import simulators
from accounting import connecting, past, wizard
from accounting.models import Connection, RemoteInvoice
from accounting.providers import registry
from accounting.providers.port import Unauthorized
from atera_invoicing.models import Installation
from atera_invoicing.roles import Role
from contracts.models import CatalogItem
from customers.models import Customer
from invoices.models import Invoice
from tests import make, pages
from tests.accounting import books, build, tables
from whitelabel.models import Branding

pytestmark = pytest.mark.django_db
BACK = "http://testserver/accounting/connect/qbo/back/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def _running():
    with simulators.start(
        redirect_uris=[BACK], consent="grant", scenarios=["us", "uk"], limits="counted"
    ) as sims:
        yield sims


@pytest.fixture
def sims(_running, settings):
    """QuickBooks with two companies, American and British, and the product pointed at it."""
    settings.QBO = books.settings_for(_running)
    _running.qbo.switch(consent="grant")
    yield _running
    _running.reset()
    assert not _running.world.errors


@pytest.fixture
def client(owner):
    return logged_in(owner)


def logged_in(person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def begin(client: Client) -> None:
    assert client.post("/accounting/connect/qbo/").url == "/accounting/setup/connect/"


def consent(client: Client, sims, realm: str = "") -> dict[str, str]:
    """Leave for the provider; what the browser brings back."""
    answer = client.post("/accounting/leave/", headers=HTMX)
    where = urlsplit(answer.headers["HX-Redirect"])
    if realm:
        sims.qbo.switch(consent="ask")
    browser = http.client.HTTPConnection(where.netloc, timeout=5)
    path = f"{where.path}?{where.query}"
    if realm:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        browser.request("POST", path, f"realm={realm}", form)
    else:
        browser.request("GET", path)
    back = browser.getresponse()
    assert back.status == 302, back.read()
    browser.close()
    return dict(parse_qsl(urlsplit(back.headers["Location"]).query))


def connect(client: Client, sims, realm: str = "") -> Connection:
    """Begin, sign in there, and read the lists."""
    begin(client)
    assert client.get(BACK, consent(client, sims, realm)).url == "/accounting/setup/connect/"
    assert client.post("/accounting/read/").url == "/accounting/setup/customers/"
    return wizard.draft()


def commit(client: Client, connection: Connection) -> None:
    for kind in ("customers", "items"):
        for act in ("confirm", "create"):
            client.post(f"/accounting/setup/{kind}/", {"all": act})
        rows = connection.links.filter(confirmed=False).values_list("pk", flat=True)
        client.post(f"/accounting/setup/{kind}/", {"action": "confirm", "selected": list(rows)})
    choose(client, connection)
    connection.refresh_from_db()
    answer = client.post("/accounting/setup/review/", {"version": connection.version})
    assert answer.url == "/accounting/done/", client.get("/accounting/setup/review/").text


def choose(client: Client, connection: Connection, **values) -> None:
    account = connection.records.filter(kind="account", active=True).first()
    data = {
        "tax_mode": connection.tax_modes[0], "income_account_id": account.remote_id,
        "fallback_item_id": "", "numbering": "ours", "auto_export": "off", "go_live": "2026-11-01",
    }  # fmt: skip
    answer = client.post("/accounting/setup/taxes-and-accounts/", {**data, **values})
    assert answer.status_code == 302, answer.context["form"].errors


# The whole way ------------------------------------------------------------------------------------


def test_connect_set_up_commit_and_disconnect(client, sims, owner):
    Installation.current()
    Branding.current()
    make.hourly("100", customer=make.customer("Ballard Boatworks"))
    before = tables.configuration()
    assert "What will change" in client.get("/accounting/connect/qbo/").text
    connection = connect(client, sims)
    assert connection.company_name == "Northwind IT"
    assert "Accept 1 exact match" in client.get("/accounting/setup/customers/").text
    assert tables.configuration() == before
    commit(client, connection)
    home = client.get("/accounting/")
    assert "Northwind IT" in home.text
    assert "Connected" in home.text
    page = client.get("/accounting/disconnect/")
    assert client.post("/accounting/disconnect/", {"digest": page.context["plan"].digest}).url == (
        "/accounting/"
    )
    assert "is disconnected" in client.get("/accounting/").text
    assert tables.configuration() == before
    connection.refresh_from_db()
    assert (connection.state, connection.sealed) == ("closed", "")


def test_disconnecting_ends_our_access_there_as_well(client, sims):
    connection = connect(client, sims)
    commit(client, connection)
    connection.refresh_from_db()
    session = connecting.session(connection, now=build.NOW)
    digest = client.get("/accounting/disconnect/").context["plan"].digest
    client.post("/accounting/disconnect/", {"digest": digest})
    with pytest.raises(Unauthorized):
        registry.get("qbo").company(session)


def test_connecting_the_same_company_again_goes_on_where_it_was(client, sims):
    make.customer("Ballard Boatworks")
    make.item("Dock", "200")
    connection = connect(client, sims)
    commit(client, connection)
    digest = client.get("/accounting/disconnect/").context["plan"].digest
    client.post("/accounting/disconnect/", {"digest": digest})
    again = connect(client, sims)
    assert (
        again.links.filter(confirmed=False).exclude(kind="tax").exclude(kind="person").count() == 0
    )
    answer = client.post("/accounting/setup/review/", {"version": again.version})
    assert answer.url == "/accounting/done/"
    assert Customer.objects.count() == 1


def test_leaving_and_coming_back_leads_to_the_step_where_one_was(client, sims):
    connect(client, sims)
    client.get("/accounting/setup/items/")
    assert "is being set up" in client.get("/accounting/").text
    assert client.get("/accounting/setup/").url == "/accounting/setup/items/"
    assert client.post("/accounting/connect/qbo/").url == "/accounting/setup/connect/"
    assert Connection.objects.count() == 1


# Consent ------------------------------------------------------------------------------------------


def test_without_javascript_a_page_goes_on_to_the_provider_by_itself(client, sims):
    begin(client)
    text = client.post("/accounting/leave/").text
    assert f'content="0;url={sims.url}/qbo/' in text
    assert "Continue" in text


def test_a_consent_that_was_not_given_is_told_and_can_be_tried_again(client, sims):
    begin(client)
    sims.qbo.switch(consent="deny")
    answer = client.get(BACK, consent(client, sims))
    assert answer.status_code == 409
    assert "nothing is connected" in answer.text
    assert "Sign in to QuickBooks Online again" in answer.text
    assert wizard.draft().company_id == ""


def test_an_answer_that_somebody_else_brings_is_refused(client, sims):
    begin(client)
    brought = consent(client, sims)
    other = logged_in(make.user(Role.OWNER)).get(BACK, brought)
    assert (other.status_code, wizard.draft().company_id) == (409, "")
    assert client.get(BACK, brought).status_code == 302


@pytest.mark.parametrize("query", [{}, {"state": "made up"}, {"code": "x", "realmId": "1"}])
def test_an_invented_answer_is_refused(client, sims, query):
    assert client.get(BACK, query).status_code == 409


def test_an_unknown_system_has_no_pages(client):
    assert client.get("/accounting/connect/abacus/").status_code == 404
    assert client.get("/accounting/connect/abacus/back/").status_code == 404


def test_without_credentials_nothing_is_begun(client, settings):
    settings.QBO = {**settings.QBO, "client_id": ""}
    assert "no credentials" in client.get("/accounting/").text
    client.post("/accounting/connect/qbo/")
    assert wizard.draft() is None


def test_another_company_in_between_is_asked_for_and_begins_anew(client, sims):
    make.customer("Ballard Boatworks")
    draft = connect(client, sims)
    client.post("/accounting/setup/customers/", {"all": "confirm"})
    (uk,) = [realm for realm, scenario in sims.qbo.companies().items() if scenario == "uk"]
    client.get(BACK, consent(client, sims, uk))
    page = client.get("/accounting/setup/connect/")
    assert "Which company?" in page.text
    assert draft.links.filter(confirmed=True).exists()
    client.post("/accounting/setup/connect/", {"company": uk})
    draft.refresh_from_db()
    assert (draft.company_id, draft.links.count(), draft.read_at) == (uk, 0, None)


# Reading ------------------------------------------------------------------------------------------


def test_lists_are_read_part_by_part_with_a_moving_bar(client, sims):
    begin(client)
    client.get(BACK, consent(client, sims))
    part, seen = "company", []
    while True:
        answer = client.post("/accounting/read/", {"part": part}, headers=HTMX)
        if "HX-Redirect" in answer.headers:
            break
        part = answer.context["part"]
        seen.append((answer.context["done"], part))
        assert 'hx-trigger="load, submit"' in answer.text
    assert seen == [(1, "customer"), (2, "item"), (3, "tax"), (4, "account"), (5, "person")]
    assert answer.headers["HX-Redirect"] == "/accounting/setup/customers/"


def test_reading_that_fails_says_why_and_goes_on_from_there(client, sims):
    begin(client)
    client.get(BACK, consent(client, sims))
    sims.unplug()
    answer = client.post("/accounting/read/", {"part": "item"}, headers=HTMX)
    sims.plug()
    assert "Reading stopped." in answer.text
    assert "Try again" in answer.text
    assert answer.context["part"] == "item"
    assert wizard.draft().read_at is None
    assert client.post("/accounting/read/").url == "/accounting/setup/customers/"


def test_access_that_is_lost_half_way_is_healed_by_connecting_again(client, sims):
    make.customer("Ballard Boatworks")
    draft = connect(client, sims)
    client.post("/accounting/setup/customers/", {"all": "confirm"})
    sims.qbo.disconnect()
    answer = client.post("/accounting/read/")
    assert answer.status_code == 409
    assert "Connect again" in answer.text
    assert "The access has ended" in client.get("/accounting/setup/connect/").text
    client.get(BACK, consent(client, sims))
    draft.refresh_from_db()
    assert draft.lost_at is None
    assert draft.links.filter(confirmed=True).count() == 1


def test_refreshing_while_connected_tells_what_changed(client, sims):
    make.item("Headset", "80")
    sims.qbo.as_person.create(
        "Item", Name="Headset", Type="Service", UnitPrice=Decimal(80),
        IncomeAccountRef={"value": income(sims)},
    )  # fmt: skip
    connection = connect(client, sims)
    client.post("/accounting/setup/items/", {"all": "confirm"})
    client.post("/accounting/setup/items/", {"all": "theirs"})
    commit(client, connection)
    there = next(d for d in sims.qbo.documents("Item") if d["Name"] == "Headset")
    sims.qbo.as_person.change("Item", there["Id"], UnitPrice=Decimal(95))
    answer = client.post("/accounting/read/", {"next": "/accounting/items/"}, follow=True)
    assert "1 prices or taxes changed here" in answer.text
    assert CatalogItem.objects.get(name="Headset").unit_price == Decimal(95)


def income(sims) -> str:
    accounts = sims.qbo.documents("Account")
    return next(a["Id"] for a in accounts if a["AccountType"] == "Income")


# Two people ---------------------------------------------------------------------------------------


def test_a_second_admin_sees_who_sets_up_and_takes_over(client, sims, owner):
    make.customer("Nobody like this")
    connect(client, sims)
    other = logged_in(make.user(Role.OWNER, first_name="Dana", last_name="Other"))
    assert f"{owner}</b> is setting this up" in other.get("/accounting/").text
    answer = other.get("/accounting/setup/customers/", follow=True)
    assert "You can take it over here." in answer.text
    refused = other.post("/accounting/connect/qbo/", follow=True)
    assert "is setting up QuickBooks Online" in refused.text
    assert other.post("/accounting/setup/take-over/").url == "/accounting/setup/"
    assert other.get("/accounting/setup/customers/").status_code == 200
    assert client.get("/accounting/setup/customers/").status_code == 302
    assert client.post("/accounting/setup/customers/", {"all": "create"}).status_code == 302
    assert not wizard.draft().links.filter(confirmed=True).exists()


def test_cancelling_asks_first_and_leaves_nothing(client, sims):
    connect(client, sims)
    assert "Nothing in your catalogue" in client.get("/accounting/setup/cancel/").text
    assert client.post("/accounting/setup/cancel/").url == "/accounting/"
    assert wizard.draft() is None
    assert client.get("/accounting/setup/items/", follow=True).redirect_chain[-1][0] == (
        "/accounting/"
    )
    client.post("/accounting/setup/cancel/")


# Matching -----------------------------------------------------------------------------------------


@pytest.fixture
def draft(owner):
    """Without a company to ask: one exact, one similar, one without a match."""
    for name in ("Acme", "Bluewater Dental", "Zenith"):
        make.customer(name, city="Oslo")
    make.item("Dock", "200")
    return build.read(
        build.draft(owner, tax_modes=["codes", "provider"]),
        build.customer("Acme", email="ap@acme.example"),
        build.customer("Bluewater Dental Group"),
        build.customer("Only There"),
        build.item("Dock", "240"),
        build.tax("VAT", "20"),
        build.account(),
    )


LIST = "/accounting/setup/customers/"


@pytest.mark.parametrize(
    ("show", "names"),
    [
        ("", {"Acme", "Bluewater Dental", "Zenith"}),
        ("exact", {"Acme"}),
        ("open", {"Bluewater Dental"}),
        ("none", {"Zenith"}),
        ("skip", set()),
        ("nonsense", {"Acme", "Bluewater Dental", "Zenith"}),
    ],
)
def test_tabs_show_what_is_to_be_decided(draft, client, show, names):
    rows = client.get(LIST, {"show": show}).context["rows"].items
    assert {row.customer.name for row in rows} == names


def test_rows_are_decided_one_by_one_by_htmx_in_place(draft, client):
    similar = draft.links.get(origin="fuzzy")
    data = {"action": "confirm", "selected": similar.pk}
    answer = client.post(f"{LIST}?show=open", data, headers=HTMX)
    assert answer.status_code == 200
    assert "Nothing to confirm" in answer.text
    assert 'hx-swap-oob="true"' in answer.text
    similar.refresh_from_db()
    assert similar.confirmed


def test_many_rows_are_decided_at_once(draft, client):
    ids = list(draft.links.filter(kind="customer").values_list("pk", flat=True))
    client.post(LIST, {"action": "skip", "selected": ids})
    assert draft.links.filter(kind="customer", action="skip").count() == 3
    client.post(LIST, {"action": "undo", "selected": ids})
    assert draft.links.filter(kind="customer", confirmed=True).count() == 0


def test_a_button_without_a_row_or_of_another_page_is_refused_in_words(draft, client):
    assert "Tick at least one row first." in client.post(LIST, {"action": "skip"}, follow=True).text
    answer = client.post(LIST, {"action": "explode", "selected": 1}, follow=True)
    assert "This button is not known" in answer.text


def test_a_record_is_chosen_by_searching(draft, client):
    zenith = draft.links.get(customer__name="Zenith")
    url = reverse("accounting:link", args=[zenith.pk])
    page = client.get(url)
    assert "Which one is Zenith?" in page.text
    found = client.get(url, {"q": "only"}, headers=HTMX)
    assert [row.name for row in found.context["found"]] == ["Only There"]
    assert "<html" not in found.text
    client.post(url, {"remote_id": "c-Only There", "next": LIST})
    zenith.refresh_from_db()
    assert (zenith.remote_name, zenith.origin) == ("Only There", "person")


def test_a_record_that_is_taken_is_offered_with_its_owner_and_refused(draft, client):
    client.post(LIST, {"all": "confirm"})
    zenith = draft.links.get(customer__name="Zenith")
    url = reverse("accounting:link", args=[zenith.pk])
    assert "linked with Acme" in client.get(url, {"q": "acme"}).text
    answer = client.post(url, {"remote_id": "c-Acme"}, follow=True)
    assert "Acme is linked with Acme already" in answer.text


def test_prices_are_shown_side_by_side_and_chosen(draft, client):
    text = client.get("/accounting/setup/items/").text
    assert "theirs 240.00" in text
    link = draft.links.get(item__name="Dock")
    client.post("/accounting/setup/items/", {"action": "theirs", "selected": link.pk})
    assert "was 200.00" in client.get("/accounting/setup/items/").text


def test_what_only_they_have_is_imported_by_choice(draft, client):
    url = "/accounting/setup/customers/only-there/"
    page = client.get(url)
    assert [row.name for row in page.context["rows"].items] == ["Only There"]
    row = page.context["rows"].items[0]
    client.post(url, {"action": "bring", "selected": row.pk})
    assert "Will be imported" in client.get(url).text
    client.post(url, {"action": "leave", "selected": row.pk})
    assert not draft.links.filter(action="import").exists()
    client.post(url, {"all": "bring"})
    assert draft.links.get(action="import").remote_name == "Only There"


def test_text_from_there_is_shown_as_text_only(owner, client):
    build.read(build.draft(owner), build.customer(pages.HOSTILE), build.item(pages.HOSTILE, "1"))
    for page in ("customers/only-there/", "items/only-there/"):
        text = client.get(f"/accounting/setup/{page}").text
        assert pages.INERT in text
        assert pages.HOSTILE not in text


def test_a_long_list_is_paged_and_costs_the_same_for_any_number(
    owner, client, django_assert_max_num_queries
):
    names = [f"Customer {n:04}" for n in range(300)]
    Customer.objects.bulk_create([Customer(name=name) for name in names])
    build.read(build.draft(owner), *(build.customer(name) for name in names))
    with django_assert_max_num_queries(45):
        page = client.get(LIST)
    assert len(page.context["rows"].items) == 50
    assert page.context["rows"].after
    client.post(LIST, {"all": "confirm"})
    assert wizard.draft().links.filter(confirmed=True).count() == 300


# Settings and review ------------------------------------------------------------------------------


def test_settings_are_kept_and_choosing_codes_shows_the_taxes(draft, client):
    make.tax("VAT", "19")
    wizard.prepare(draft, today=build.TODAY, now=build.NOW)
    url = "/accounting/setup/taxes-and-accounts/"
    data = {
        "tax_mode": "codes", "numbering": "theirs", "auto_export": "on_issue",
        "go_live": "2026-12-01", "income_account_id": "79", "fallback_item_id": "i-Dock",
    }  # fmt: skip
    draft.tax_mode = "provider"
    draft.save()
    assert client.post(url, data).url == url
    text = client.get(url).text
    assert "Which tax is which" in text
    assert "Main contact, else the first contact with an address" in text
    draft.refresh_from_db()
    assert (draft.tax_mode, draft.numbering, draft.auto_export) == ("codes", "theirs", "on_issue")
    assert str(draft.go_live) == "2026-12-01"


def test_the_review_lists_changes_problems_and_warnings(draft, client):
    link = draft.links.get(item__name="Dock")
    client.post("/accounting/setup/items/", {"action": "theirs", "selected": link.pk})
    client.post("/accounting/setup/items/", {"all": "confirm"})
    text = client.get("/accounting/setup/review/").text
    assert "1 customer is matched exactly, but not accepted." in text
    assert "1 customer is similar to one there, but not confirmed." in text
    assert "1 customer is without a match, and not decided." in text
    assert "<del>200.00</del>" in text
    assert "disabled>" in text
    answer = client.post("/accounting/setup/review/", {"version": draft.version + 99})
    assert answer.url == "/accounting/setup/review/"


def test_the_whole_review_is_a_file_as_well(draft, client):
    client.post("/accounting/setup/items/", {"all": "confirm"})
    client.post("/accounting/setup/items/", {"all": "theirs"})
    answer = client.get("/accounting/setup/review/all.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "catalog item,Dock,unit price,200,240" in text.replace('"', "")


# History ------------------------------------------------------------------------------------------


@pytest.fixture
def invoices(owner):
    """Two issued invoices of a customer, of 100.00 each."""
    customer, hour = make.customer("Ballard Boatworks"), make.item("Hour")
    return [books.invoice(customer, hour, quantity="1") for _ in range(2)]


def test_invoices_that_are_there_are_linked_by_number_and_total(client, sims, invoices):
    same, other = invoices
    there = sims.qbo.as_person
    ballard = next(
        d["Id"] for d in sims.qbo.documents("Customer") if d["DisplayName"] == "Ballard Boatworks"
    )
    there.create_invoice(ballard, same.total, number=same.number)
    there.create_invoice(ballard, 55, number=other.number)
    connection = connect(client, sims)
    client.post("/accounting/setup/customers/", {"all": "confirm"})
    text = client.post("/accounting/setup/history/").text
    assert "Some numbers are taken there." in text
    linked = RemoteInvoice.objects.get()
    assert (linked.invoice, linked.linked, linked.total) == (same, True, same.total)
    assert "1 found" in client.get("/accounting/setup/history/").text
    commit(client, connection)
    same.refresh_from_db()
    other.refresh_from_db()
    assert same.exported_at
    assert other.exported_at is None
    assert same.events.filter(code="linked").exists()


def test_a_found_invoice_can_be_left_unlinked(client, sims, invoices):
    connection = connect(client, sims)
    RemoteInvoice.objects.create(
        connection=connection, invoice=invoices[0], remote_id="9", subtotal=0, tax=0, total=0,
        balance=0, linked=True, seen_at=build.NOW,
    )  # fmt: skip
    client.post("/accounting/setup/history/", {"unlink": invoices[0].pk})
    assert not RemoteInvoice.objects.exists()
    assert past.candidates(connection).count() == 2


def test_looking_that_fails_says_so_and_keeps_what_was_found(client, sims, invoices):
    connect(client, sims)
    sims.unplug()
    text = client.post("/accounting/setup/history/", headers=HTMX).text
    sims.plug()
    assert "Looking stopped." in text
    assert Invoice.objects.filter(exported_at__isnull=False).count() == 0


# Who may ------------------------------------------------------------------------------------------


CHANGING = (
    "connect/qbo/", "leave/", "read/", "setup/customers/", "setup/review/", "setup/cancel/",
    "setup/take-over/", "setup/connect/", "setup/history/", "disconnect/", "settings/",
    "customers/", "items/only-there/",
)  # fmt: skip


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.OWNER])
def test_only_owners_change_anything(draft, client_as, role):
    before, client = (draft.version, draft.links.count(), draft.state), client_as(role)
    for address in CHANGING:
        answer = client.post(f"/accounting/{address}", {"all": "create"})
        assert (address, answer.status_code) in ((address, 403), (address, 405))
        draft.refresh_from_db()
        assert (address, draft.version, draft.links.count(), draft.state) == (address, *before)


def test_who_may_look_sees_the_lists_without_buttons(owner, client_as):
    make.customer("Acme")
    build.connected(build.customer("Acme"), by=owner)
    text = client_as("billing").get("/accounting/customers/").text
    assert "Acme" in text
    assert "Choose…" not in text
    assert "Disconnect" not in client_as("billing").get("/accounting/").text


def test_the_navigation_counts_what_waits(owner, client_as):
    build.connected(by=owner)
    make.customer("Newcomer")
    wizard.prepare(wizard.active(), today=build.TODAY, now=build.NOW)
    nav = client_as("billing").get("/accounting/").context["shell"]["nav"]
    (entry,) = [e for group in nav for e in group.entries if e.label == "Accounting"]
    assert (entry.count, entry.current) == (1, True)
    assert "1 to decide" in client_as("billing").get("/accounting/").text


def test_a_lost_connection_is_said_and_healed_by_connecting_again(client, sims):
    connection = connect(client, sims)
    commit(client, connection)
    sims.qbo.disconnect()
    client.post("/accounting/read/")
    assert "no longer lets us in" in client.get("/accounting/").text
    assert client.get(BACK, consent(client, sims)).url == "/accounting/"
    connection.refresh_from_db()
    assert connection.is_active
    assert connection.lost_at is None


def test_no_page_shows_a_token(client, sims):
    connection = connect(client, sims)
    commit(client, connection)
    connection.refresh_from_db()
    secret = connection.reveal()
    for address in ("", "settings/", "customers/", "disconnect/", "done/"):
        text = client.get(f"/accounting/{address}").text
        assert secret["access"] not in text
        assert secret["refresh"] not in text
        assert connection.sealed not in text
