"""Bad input per endpoint: the right status, a problem that points at the place, nothing written."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atera_invoicing import problems
from tests import database, make
from tests.invoices import web

pytestmark = pytest.mark.django_db
LINE = {"description": "Work", "unit_price": "10"}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """A body that is accepted for each endpoint that creates. Sent as a copy, never changed."""
    with database.shared(django_db_blocker):
        yield _bodies()


def _bodies():
    owner = make.user("owner")
    contract = make.hourly()
    ticket = make.ticket(contract, resolved=None)
    item = make.item("Dock", "180", "product")
    counted, block = make.monitoring(), make.block_hours()
    customer, bill = contract.customer.pk, web.issued("100")
    rate = {"role": "primary", "item": contract.rates.get().item_id}
    return {
        "customers": {"name": "Acme"},
        "contacts": {"customer": customer, "first_name": "Ana"},
        "tax-rates": {"name": "GST", "percent": "10"},
        "categories": {"name": "Hardware"},
        "catalog-items": {"kind": "product", "name": "Cable", "unit_price": "5"},
        "contracts": {
            "customer": customer, "name": "Care", "type": "hourly", "start_date": "2026-01-01",
            "rates": [rate],
        },
        "block-movements": {
            "contract": block.pk, "kind": "top_up", "period_start": "2026-10-01", "quantity": "5",
        },
        "usage-counts": {
            "contract": counted.pk, "counted": "servers", "counted_on": "2026-10-31",
            "quantity": "3",
        },
        "tickets": {"customer": customer, "title": "VPN down"},
        "time-entries": {
            "ticket": ticket.pk, "technician": owner.pk, "started_at": "2026-10-12T09:00:00Z",
            "minutes": 30,
        },
        "ticket-items": {"ticket": ticket.pk, "item": item.pk, "used_on": "2026-10-12"},
        "invoices": {"customer": customer, "lines": [LINE]},
        "payments": {"invoice": bill.pk, "amount": "40.00", "received_on": "2026-11-12"},
        "batches": {"name": "October", "through": "2026-10-31", "contracts": [
            {"contract": contract.pk}]},
    }  # fmt: skip


ENDPOINTS = [
    "customers", "contacts", "tax-rates", "categories", "catalog-items", "contracts",
    "block-movements", "usage-counts", "tickets", "time-entries", "ticket-items", "invoices",
    "payments", "batches",
]  # fmt: skip


def counts():
    """The rows of every table, in one query."""
    tables = [m._meta.db_table for m in apps.get_models() if m._meta.managed]
    columns = ", ".join(f'(SELECT count(*) FROM "{table}")' for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}")
        return dict(zip(tables, cursor.fetchone(), strict=True))


def refused(client, address, body, status, *, method="post"):
    """Sends it; the answer is a well-formed problem with this status, and nothing was written."""
    before = counts()
    answer = getattr(client, method)(address, body)
    assert answer.status_code == status, (address, body, answer.content)
    data = answer.json()
    assert answer.headers["Content-Type"] == problems.MEDIA_TYPE
    assert {"type", "title", "status", "detail", "code"} <= set(data)
    assert data["status"] == status
    assert counts() == before
    return data


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_right_body_is_accepted(api_as, world, name):
    answer = api_as("owner").post(f"/api/v1/{name}/", world[name])
    assert answer.status_code in (201, 202), answer.json()
    assert answer.headers["Location"].endswith(f"/{answer.json()['id']}/")


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_field_refuses_what_it_cannot_hold(api_as, world, name):
    client = api_as("owner")
    for field in world[name]:
        for bad in ({"a": 1}, [[[]]], "\ud7ff" * 9000, None):
            data = refused(client, f"/api/v1/{name}/", {**world[name], field: bad}, 422)
            assert data["errors"][0]["pointer"].startswith(f"/{field}"), (field, bad)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_missing_and_unknown_fields_are_named(api_as, world, name):
    client = api_as("owner")
    data = refused(client, f"/api/v1/{name}/", {}, 422)
    assert all(error["pointer"].startswith("/") for error in data["errors"])
    body = {**world[name], "id": 7, "created_by": 1}
    data = refused(client, f"/api/v1/{name}/", body, 422)
    assert {error["pointer"] for error in data["errors"]} >= {"/created_by"}


FOREIGN = [
    ("contacts", "customer"), ("categories", "tax_rate"), ("catalog-items", "category"),
    ("catalog-items", "tax_rate"), ("contracts", "customer"), ("contracts", "tax_rate"),
    ("block-movements", "contract"), ("usage-counts", "contract"), ("tickets", "customer"),
    ("tickets", "contract"), ("tickets", "contact"), ("time-entries", "ticket"),
    ("time-entries", "technician"), ("time-entries", "rate"), ("ticket-items", "ticket"),
    ("ticket-items", "item"), ("ticket-items", "tax_rate"), ("invoices", "customer"),
    ("payments", "invoice"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "field"), FOREIGN)
def test_an_unknown_id_is_pointed_at(api_as, world, name, field):
    client = api_as("owner")
    for bad in (999_999, 10**30, -1, "x", True, 1.5):
        data = refused(client, f"/api/v1/{name}/", {**world[name], field: bad}, 422)
        assert data["errors"][0]["pointer"] == f"/{field}", bad


def test_objects_of_another_customer_are_refused(api_as, world):
    client, other = api_as("owner"), make.hourly()
    foreign = make.contact(other.customer)
    for field, value in (("contract", other.pk), ("contact", foreign.pk)):
        body = {**world["tickets"], field: value}
        assert refused(client, "/api/v1/tickets/", body, 422)["errors"][0]["pointer"] == f"/{field}"
    body = {**world["time-entries"], "rate": other.rates.get().pk}
    assert refused(client, "/api/v1/time-entries/", body, 422)["code"] == "foreign_rate"


NUMBERS = [
    ("tax-rates", "percent"), ("catalog-items", "unit_price"), ("usage-counts", "quantity"),
    ("time-entries", "minutes"), ("ticket-items", "quantity"), ("ticket-items", "unit_price"),
    ("ticket-items", "discount_percent"), ("customers", "payment_days"), ("contracts", "quantity"),
    ("payments", "amount"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "field"), NUMBERS)
def test_numbers_have_bounds(api_as, world, name, field):
    client = api_as("owner")
    for bad in ("-1", "1e400", "9" * 30, "NaN", "Infinity", "", "٣" * 40, "0x10"):
        refused(client, f"/api/v1/{name}/", {**world[name], field: bad}, 422)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("quantity", "x"),
        ("quantity", "1.00001"),
        ("unit_price", "99999999999999"),
        ("discount_percent", "101"),
        ("discount_percent", "-1"),
        ("tax_rate", 999_999),
        ("item", 999_999),
        ("description", "x" * 8001),
        ("id", 999_999),
    ],
)
def test_a_bad_line_is_pointed_at(api_as, world, field, bad):
    body = {**world["invoices"], "lines": [LINE, {**LINE, field: bad}]}
    data = refused(api_as("owner"), "/api/v1/invoices/", body, 422)
    assert data["errors"][0]["pointer"] == f"/lines/1/{field}"


@pytest.mark.parametrize(
    ("verb", "body", "place"),
    [
        ("void", {}, "/reason"),
        ("void", {"reason": ""}, "/reason"),
        ("void", {"reason": "x" * 201}, "/reason"),
        ("void", {"reason": "x", "force": True}, "/force"),
        ("renumber", {"number": "A-1"}, "/reason"),
        ("renumber", {"number": "x" * 22, "reason": "x"}, "/number"),
        ("renumber", {"number": "<b>", "reason": "x"}, "/number"),
        ("renumber", {"number": ["A-1"], "reason": "x"}, "/number"),
    ],
)
def test_what_a_verb_can_not_use_is_pointed_at(api_as, verb, body, place):
    address = f"/api/v1/invoices/{web.issued().pk}/{verb}/"
    assert refused(api_as("owner"), address, body, 422)["errors"][0]["pointer"] == place


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "{{ 7*7 }}{% debug %}", "🧾 \u202eé"]
)
def test_markup_template_code_and_emoji_are_only_text(api_as, world, text):
    client = api_as("owner")
    made = client.post("/api/v1/customers/", {"name": text, "notes": text}).json()
    assert (made["name"], made["notes"]) == (text, text)
    assert client.get(f"/api/v1/customers/?q={text[:5]}").json()["results"][0]["name"] == text


@pytest.mark.parametrize("name", ENDPOINTS)
def test_nul_and_half_characters_are_refused_with_their_place(api_as, world, name):
    client = api_as("owner")
    for code, text in (("null_character", "a\x00b"), ("surrogate", "a\ud800b")):
        body = json.dumps({**world[name], "name": text})
        answer = client.post(f"/api/v1/{name}/", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["errors"][0]["pointer"] == "/name"


MALFORMED = {
    b"": 422,
    b"{": 400,
    b"[]": 400,
    b'"x"': 400,
    b"null": 400,
    b'{"name": NaN}': 400,
    b'{"name": -Infinity}': 400,
    b'{"name": "a", "name": "b"}': 400,
    b'{"name": "\xff"}': 400,
    b"[" * 100_000: 400,
    b'{"a":' * 40 + b"1" + b"}" * 40: 400,
    b'{"name": ' + b"1" * 5000 + b"}": 400,
    b'{"name": 1e999999999}': 422,
    b'{"name": "' + b"x" * (5 * 1024 * 1024) + b'"}': 413,
}


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:24]))
def test_a_body_that_is_not_plain_json_is_refused(api_as, body):
    answer = api_as("owner").post("/api/v1/customers/", body, content_type="application/json")
    assert answer.status_code == MALFORMED[body], answer.content
    assert answer.headers["Content-Type"] == problems.MEDIA_TYPE


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "text/xml"])
def test_only_json_is_read(api_as, kind):
    answer = api_as("owner").post("/api/v1/customers/", b"name=Acme", content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_wrong_methods_and_addresses_are_problems_too(api_as):
    client = api_as("owner")
    assert client.put("/api/v1/customers/1/", {}).status_code == 405
    for path in ("nothing/", "customers/abc/", "customers/1/burn/", "customers/" + "9" * 40 + "/"):
        answer = client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.get("/api/v1/customers/", headers={"Accept": "text/csv"}).status_code == 406


def test_what_is_in_use_is_not_deleted(api_as, world):
    client, contract = api_as("owner"), make.hourly()
    address = f"/api/v1/customers/{contract.customer_id}/"
    assert refused(client, address, None, 409, method="delete")["code"] == "in_use"


def test_a_name_that_is_taken_is_said_in_the_words_of_the_model(api_as):
    make.customer("Acme")
    data = refused(api_as("owner"), "/api/v1/customers/", {"name": " ACME "}, 422)
    assert data["detail"] == "A customer with this name already exists."


def test_an_unforeseen_error_says_nothing_of_the_inside(api_as, monkeypatch, caplog):
    from customers.api import CustomerViewSet

    def broken(self):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(CustomerViewSet, "get_queryset", broken)
    answer = api_as("owner").get("/api/v1/customers/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "hunter2" not in answer.content.decode()
    assert "hunter2" in caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("name", ENDPOINTS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_body_breaks_an_endpoint(api_as, world, name, data):
    fields = data.draw(st.lists(st.sampled_from(sorted(world[name])), unique=True, min_size=1))
    body = {**world[name], **{field: data.draw(JSON) for field in fields}}
    client = api_as("owner")
    text = json.dumps(body)
    answer = client.post(f"/api/v1/{name}/", text, content_type="application/json")
    assert answer.status_code < 500, (body, answer.content)
