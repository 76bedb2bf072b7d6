"""The set-up and the end of a connection over REST: the same verbs as the pages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounting import wizard
from accounting.models import Connection
from accounting.providers.port import Kind
from atera_invoicing.models import Installation
from contracts.models import CatalogItem
from tests import make
from whitelabel.models import Branding

from . import build, tables
from .making import activate, connect

pytestmark = pytest.mark.django_db
URL = "/api/v1/accounting/connections/"


@pytest.fixture
def client(api_as):
    return api_as("owner")


@pytest.fixture
def me(client):
    return client.handler._force_user


@pytest.fixture
def draft(me):
    """Read, with suggestions for a customer and an item, and one of each only there."""
    Installation.current()
    Branding.current()
    make.customer("Acme")
    make.item("Dock", "200", "product")
    return build.read(
        build.draft(me), build.customer("Acme"), build.customer("Only there"),
        build.item("Dock", "240"), build.item("Cable", "9"), build.account(),
    )  # fmt: skip


def post(client, connection, verb: str, body: dict | None = None, status: int = 200):
    answer = client.post(f"{URL}{connection.pk}/{verb}/", body or {}, format="json")
    assert answer.status_code == status, answer.json()
    return answer.json()


def get(client, connection, verb: str, status: int = 200):
    answer = client.get(f"{URL}{connection.pk}/{verb}/")
    assert answer.status_code == status, answer.json()
    return answer.json()


def test_a_set_up_is_begun_once_and_needs_credentials(client, settings):
    assert client.post(URL, {"provider": "qbo"}, format="json").json()["code"] == "not_configured"
    settings.QBO = {**settings.QBO, "client_id": "known"}
    made = client.post(URL, {"provider": "qbo"}, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    again = client.post(URL, {"provider": "qbo"}, format="json")
    assert again.json()["id"] == made.json()["id"]
    stands = client.get(f"{URL}{made.json()['id']}/setup/").json()
    assert [problem["code"] for problem in stands["problems"]] == ["not_connected"]


def test_a_set_up_is_staged_reviewed_and_committed(client, draft):
    before = tables.configuration()
    open_ = {problem["code"] for problem in get(client, draft, "setup")["problems"]}
    assert open_
    confirmed = {"decision": "confirm"}
    assert post(client, draft, "decide", {"kind": "customer", **confirmed}) == {"changed": 1}
    assert post(client, draft, "decide", {"kind": "item", **confirmed}) == {"changed": 1}
    post(client, draft, "decide", {"kind": "item", "decision": "create"})
    post(client, draft, "decide", {"kind": "item", "decision": "theirs"})
    wanted = {"kind": "item", "decision": "import", "remote_ids": ["i-Cable"]}
    assert post(client, draft, "import", wanted) == {"changed": 1}
    review = get(client, draft, "review")
    assert review["problems"] == []
    assert {
        "what": "catalog item", "record": "Dock", "field": "unit price", "before": "200",
        "after": "240",
    } in [{**change, "what": change["what"].lower()} for change in review["changes"]]  # fmt: skip
    assert [arrival["remote_id"] for arrival in review["arrivals"]] == ["i-Cable"]
    assert tables.configuration() == before
    done = post(client, draft, "commit", {"version": review["version"]})
    assert done["state"] == "active"
    assert CatalogItem.objects.get(name="Dock").unit_price == Decimal(240)
    assert CatalogItem.objects.filter(name="Cable").exists()


def test_a_commit_of_something_else_than_was_reviewed_is_refused(client, draft, me):
    build.decide_all(draft, me)
    version = get(client, draft, "review")["version"]
    post(client, draft, "decide", {"kind": "item", "decision": "theirs"})
    refused = post(client, draft, "commit", {"version": version}, status=409)
    assert refused["code"] == "stale"
    assert Connection.objects.get().is_draft


def test_what_is_not_ready_is_not_committed_and_says_why(client, draft):
    version = get(client, draft, "setup")["version"]
    refused = post(client, draft, "commit", {"version": version}, status=409)
    assert refused["code"] == "not_ready"
    assert refused["facts"]["problems"]


def test_a_link_is_chosen_from_the_records_that_were_read(client, draft):
    link = build.link_of(draft, make_item := CatalogItem.objects.get(name="Dock"))
    records = client.get(f"/api/v1/accounting/records/?connection={draft.pk}&kind=item").json()
    assert {row["remote_id"] for row in records["results"]} == {"i-Dock", "i-Cable"}
    answer = client.post(
        f"/api/v1/accounting/links/{link.pk}/choose/", {"remote_id": "i-Cable"}, format="json"
    )
    assert (answer.json()["remote_id"], answer.json()["confirmed"]) == ("i-Cable", True)
    gone = client.post(
        f"/api/v1/accounting/links/{link.pk}/choose/", {"remote_id": "i-None"}, format="json"
    )
    assert (gone.status_code, gone.json()["code"]) == (422, "record_gone")
    undone = {"kind": "item", "decision": "undo", "links": [link.pk]}
    assert post(client, draft, "decide", undone) == {"changed": 1}
    assert build.link_of(draft, make_item).remote_id == "i-Dock"


@pytest.mark.parametrize(
    ("resource", "query", "found"),
    [
        ("links", "kind=item&confirmed=false", 1),
        ("links", "kind=item&confirmed=true", 0),
        ("records", "kind=customer&active=true", 2),
        ("records", "connection=999", None),
        ("remote-invoices", "status=open", 0),
    ],
)
def test_lists_are_narrowed_by_what_they_say_they_can_be(client, draft, resource, query, found):
    answer = client.get(f"/api/v1/accounting/{resource}/?{query}")
    rows = answer.json().get("results")
    assert (rows if found is None else len(rows)) == found, answer.json()


def test_undo_needs_to_know_what(client, draft):
    wrong = post(client, draft, "decide", {"kind": "item", "decision": "undo"}, status=422)
    assert wrong["code"] == "nothing_chosen"


def test_another_persons_set_up_is_taken_over_first(client, draft, api_as):
    other = api_as("owner")
    body = {"kind": "item", "decision": "confirm"}
    assert post(other, draft, "decide", body, status=409)["code"] == "held_by_other"
    post(other, draft, "take-over")
    post(other, draft, "decide", body)
    assert post(client, draft, "decide", body, status=409)["code"] == "held_by_other"


def test_settings_are_taken_only_as_the_company_allows(client, draft):
    address = f"{URL}{draft.pk}/"
    changed = client.patch(address, {"tax_mode": "codes", "go_live": "2026-10-01"}, format="json")
    assert (changed.json()["tax_mode"], changed.json()["go_live"]) == ("codes", "2026-10-01")
    wrong = client.patch(address, {"fallback_item_id": "i-None"}, format="json")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/fallback_item_id"
    assert client.patch(address, {"sealed": "x"}, format="json").status_code == 422


def test_a_set_up_can_be_given_up_and_leaves_nothing(client, draft):
    before = tables.configuration()
    assert post(client, draft, "abandon")["state"] == "abandoned"
    assert not draft.links.exists()
    assert tables.configuration() == before
    assert get(client, draft, "setup", status=409)["code"] == "ended"


def test_disconnecting_is_listed_then_done_by_the_same_list(client, draft, me):
    before = tables.configuration()
    build.decide_all(draft, me)
    post(client, draft, "decide", {"kind": "item", "decision": "theirs"})
    build.commit(draft, me)
    listed = get(client, draft, "disconnect")
    assert "200" in [change["after"] for change in listed["changes"]]
    refused = post(client, draft, "disconnect", {"digest": "another"}, status=409)
    assert refused["code"] == "changed_meanwhile"
    done = post(client, draft, "disconnect", {"digest": listed["digest"]})
    assert done["state"] == "closed"
    assert tables.configuration() == before


def test_a_draft_has_nothing_to_disconnect(client, draft):
    assert get(client, draft, "disconnect", status=409)["code"] == "not_connected"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "once"}])
def test_what_asks_the_provider_is_outside_of_transactions(backend, client, me, key):
    connection = activate(connect(backend, by=me))
    answer = client.post(f"{URL}{connection.pk}/refresh-lists/", {}, format="json", **key)
    assert answer.status_code == 200, answer.json()
    assert connection.records.filter(kind=Kind.ITEM).exists()
    digest = get(client, connection, "disconnect")["digest"]
    answer = client.post(
        f"{URL}{connection.pk}/disconnect/", {"digest": digest}, format="json", **key
    )
    assert answer.json()["state"] == "closed"
    assert not wizard.active()


@pytest.mark.django_db(transaction=True)
def test_a_provider_that_does_not_answer_is_a_reason_not_a_crash(backend, client, me):
    connection = activate(connect(backend, by=me))
    backend.sim.arm("server_error", on="any", times=None)
    refused = post(client, connection, "refresh-lists", status=409)
    assert refused["code"] == "provider"
