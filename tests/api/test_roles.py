"""Every endpoint asked by every role. An endpoint that is not in the table fails."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import EndpointEnumerator

from atera_invoicing.roles import Role
from tests import make
from tests.conftest import NOBODY

EVERYBODY = {Role.OWNER, Role.BILLING, Role.TECHNICIAN, Role.BOOKKEEPER, Role.READ_ONLY}
OFFICE = EVERYBODY - {Role.TECHNICIAN}
WRITERS = {Role.OWNER, Role.BILLING}
WORKERS = {*WRITERS, Role.TECHNICIAN}
WORK_READERS = {*WORKERS, Role.READ_ONLY}
BILL_READERS = {*WRITERS, Role.READ_ONLY}
PAYERS = {*WRITERS, Role.BOOKKEEPER}
API = "/api/v1/"


def crud(name: str, see: set, change: set, *actions: str) -> dict[tuple[str, str], set]:
    table = {("GET", f"{name}/"): see, ("GET", f"{name}/{{id}}/"): see}
    for action in actions:
        method = action if action.isupper() else "POST"
        where = {"POST": f"{name}/"}.get(action, f"{name}/{{id}}/")
        path = where if action.isupper() else f"{name}/{{id}}/{action}/"
        table[method, path] = change
    return table


TABLE: dict[tuple[str, str], set] = {
    **crud("customers", EVERYBODY, WRITERS, "POST", "PATCH", "DELETE", "archive", "restore"),
    ("GET", "customers/{id}/recipient/"): EVERYBODY,
    **crud("contacts", EVERYBODY, WRITERS, "POST", "PATCH", "DELETE", "archive", "restore"),
    **crud("tax-rates", OFFICE, WRITERS, "POST", "PATCH", "archive", "restore", "make-default"),
    **crud("categories", OFFICE, WRITERS, "POST", "PATCH", "DELETE"),
    **crud("catalog-items", OFFICE, WRITERS, "POST", "PATCH", "archive", "restore"),
    **crud("contracts", OFFICE, WRITERS, "POST", "PATCH"),
    ("GET", "contracts/{id}/ledger/"): OFFICE,
    **crud("block-movements", OFFICE, WRITERS, "POST"),
    **crud("usage-counts", OFFICE, WRITERS, "POST", "DELETE"),
    **crud("tickets", WORK_READERS, WORKERS, "POST", "PATCH", "resolve", "close", "reopen"),
    ("DELETE", "tickets/{id}/"): WRITERS,
    **crud("time-entries", WORK_READERS, WORKERS, "POST", "PATCH", "DELETE"),
    **crud("ticket-items", WORK_READERS, WORKERS, "POST", "PATCH", "DELETE"),
    **crud("batches", BILL_READERS, WRITERS, "POST", "DELETE", "issue"),
    ("POST", "batches/preview/"): BILL_READERS,
    **crud("invoices", OFFICE, WRITERS, "POST", "PATCH", "DELETE", "issue", "renumber", "void"),
    ("GET", "invoices/{id}/events/"): OFFICE,
    ("GET", "invoices/{id}/pdf/"): OFFICE,
    **crud("payments", OFFICE, PAYERS, "POST", "remove"),
    **crud("accounting/connections", OFFICE, WRITERS, "pause", "resume"),
    ("GET", "accounting/connections/{id}/progress/"): OFFICE,
    **crud(
        "accounting/connections",
        OFFICE,
        {Role.OWNER},
        "POST",
        "PATCH",
        "take-over",
        "decide",
        "import",
        "find-old-invoices",
        "unlink-old-invoices",
        "commit",
        "abandon",
        "refresh-lists",
        "disconnect",
    ),
    ("GET", "accounting/connections/{id}/companies/"): {Role.OWNER},
    ("POST", "accounting/connections/{id}/companies/"): {Role.OWNER},
    ("GET", "accounting/connections/{id}/setup/"): {Role.OWNER},
    ("GET", "accounting/connections/{id}/review/"): {Role.OWNER},
    ("GET", "accounting/connections/{id}/disconnect/"): {Role.OWNER},
    **crud("accounting/links", OFFICE, {Role.OWNER}, "choose"),
    **crud("accounting/records", OFFICE, set()),
    **crud(
        "accounting/exports",
        OFFICE,
        WRITERS,
        "POST",
        "retry",
        "cancel",
        "there",
        "absent",
        "take-back",
    ),
    ("GET", "accounting/exports/{id}/attempts/"): OFFICE,
    ("POST", "accounting/exports/plan/"): WRITERS,
    ("POST", "accounting/exports/time/"): WRITERS,
    **crud("accounting/remote-invoices", OFFICE, WRITERS, "void", "void-there", "send"),
    ("GET", "accounting/remote-invoices/{id}/plan/"): WRITERS,
    **crud("accounting/findings", OFFICE, WRITERS, "accept", "push", "ignore"),
    ("GET", "schema/"): EVERYBODY,
    ("GET", "docs/"): EVERYBODY,
    ("GET", "branding/"): OFFICE,
    ("PATCH", "branding/"): WRITERS,
    ("PUT", "branding/logo/"): WRITERS,
    ("DELETE", "branding/logo/"): WRITERS,
}


def endpoints() -> set[tuple[str, str]]:
    found = EndpointEnumerator().get_api_endpoints()
    return {
        (method, path.removeprefix(API).replace("{pk}", "{id}"))
        for path, _, method, _ in found
        if path.startswith(API)
    }


def test_every_endpoint_is_in_the_table():
    assert endpoints() == set(TABLE)


def test_every_action_names_its_permission():
    from atera_invoicing.api import LOGO, LOOK, router
    from whitelabel.api import BrandingViewSet

    views = [view for _, view, _ in router.registry]
    missing = [
        (view.__name__, name)
        for view in views
        for name in [
            *(a.__name__ for a in view.get_extra_actions()),
            *(m for m in ("list", "retrieve", "create", "partial_update", "destroy")
              if hasattr(view, m)),
        ]
        if name not in view.permissions
    ]  # fmt: skip
    assert missing == []
    assert {*LOOK.values(), *LOGO.values()} == set(BrandingViewSet.permissions)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [*Role, NOBODY])
def test_each_role_may_do_what_the_table_says(api_as, role):
    client = api_as(role)
    target = make.customer().pk + 10_000  # so that who may, finds nothing or nothing valid
    wrong = []
    for (method, path), allowed in sorted(TABLE.items()):
        body = b"" if method == "PUT" else "{}"
        kind = "image/png" if method == "PUT" else "application/json"
        address = API + path.replace("{id}", str(target))
        answer = client.generic(method, address, body, content_type=kind)
        expected = 401 if role == NOBODY else 403
        refused = answer.status_code == expected
        if refused == (role in allowed) or answer.status_code >= 500:
            wrong.append((method, path, answer.status_code))
    assert wrong == []


@pytest.mark.django_db
def test_a_technician_sees_and_changes_own_time_only(api_as):
    client = api_as("technician")
    me = client.handler._force_user
    ticket = make.ticket(make.hourly(), resolved=None)
    mine, foreign = make.entry(ticket, technician=me), make.entry(ticket, technician=make.user())
    rows = client.get("/api/v1/time-entries/").json()["results"]
    assert [row["id"] for row in rows] == [mine.pk]
    address = f"/api/v1/time-entries/{foreign.pk}/"
    assert client.get(address).status_code == 404
    assert client.patch(address, {"minutes": 5}).status_code == 404
    assert client.delete(address).status_code == 404
    body = {
        "ticket": ticket.pk,
        "technician": foreign.technician_id,
        "minutes": 5,
        "started_at": "2026-10-12T09:00:00Z",
    }
    answer = client.post("/api/v1/time-entries/", body)
    assert answer.status_code == 409
    assert answer.json()["code"] == "not_yours"


@pytest.mark.django_db
def test_a_technician_never_sees_or_sets_a_price(api_as):
    client = api_as("technician")
    used = make.used(make.ticket(make.hourly(), resolved=None), "180")
    address = f"/api/v1/ticket-items/{used.pk}/"
    for row in (
        client.get(address).json(),
        client.get("/api/v1/ticket-items/").json()["results"][0],
    ):
        assert not {"unit_price", "discount_percent", "tax_rate"} & set(row)
        assert "180" not in str(row)
    assert client.patch(address, {"unit_price": "1"}).status_code == 422
    answer = client.post(
        "/api/v1/ticket-items/",
        {"ticket": used.ticket_id, "item": used.item_id, "used_on": "2026-10-12"},
    )
    assert answer.status_code == 201, answer.json()
    used.refresh_from_db()
    assert used.unit_price == 180


@pytest.mark.django_db
def test_a_bookkeeper_sees_no_ticket_behind_an_invoice_line(api_as):
    body = {
        "customer": make.customer().pk,
        "lines": [{"description": "Work", "unit_price": "10"}],
    }
    made = api_as("billing").post("/api/v1/invoices/", body).json()
    address = f"/api/v1/invoices/{made['id']}/"
    assert "sources" in api_as("billing").get(address).json()["lines"][0]
    assert "sources" not in api_as("bookkeeper").get(address).json()["lines"][0]
