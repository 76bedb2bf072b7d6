"""The Projects API: behaviour 57."""

from __future__ import annotations

import pytest
from xero_python.project import (
    Amount,
    ChargeType,
    CurrencyCode,
    ProjectCreateOrUpdate,
    TaskCreateOrUpdate,
)

from . import sdk

BASE = "/projects.xro/2.0"


@pytest.fixture
def api(xero):
    return sdk.Api(xero, scope="openid projects accounting.contacts")


@pytest.fixture
def project(xero, api):
    contact = xero.documents("Contact")[0]["ContactID"]
    answer = api.call("POST", f"{BASE}/Projects", {"contactId": contact, "name": "Move"})
    assert answer.status_code == 201
    return answer.json()["projectId"]


@pytest.fixture
def entry(api, project):
    """A time entry that fits."""
    task = {"name": "Work", "rate": {"currency": "NZD", "value": 100}, "chargeType": "TIME"}
    made = api.call("POST", f"{BASE}/Projects/{project}/Tasks", task)
    user = api.get(f"{BASE}/ProjectsUsers").json()["items"][0]["userId"]
    return {
        "userId": user, "taskId": made.json()["taskId"], "dateUtc": "2026-11-20T10:00:00Z",
        "duration": 90, "description": "Cabling",
    }  # fmt: skip


def test_b57_time_makes_no_invoice(xero, api, project, entry):
    answer = api.call("POST", f"{BASE}/Projects/{project}/Time", entry)
    assert answer.status_code == 201
    assert answer.json()["duration"] == 90
    assert api.get(f"{BASE}/Projects/{project}").json()["minutesLogged"] == 90
    body = api.get(f"{BASE}/Projects/{project}/Time").json()
    assert body["pagination"] == {"page": 1, "pageSize": 50, "pageCount": 1, "itemCount": 1}
    assert xero.invoices() == []


@pytest.mark.parametrize(
    "wrong",
    [{"duration": 0}, {"duration": 59_941}, {"userId": "x"}, {"taskId": "x"}, {"dateUtc": "soon"},
     {"hours": 1}],
)  # fmt: skip
def test_b57_time_that_is_refused(api, project, entry, wrong):
    answer = api.call("POST", f"{BASE}/Projects/{project}/Time", {**entry, **wrong})
    assert answer.status_code == 400


def test_b57_a_closed_project_takes_no_time(api, project, entry):
    closed = api.call("PATCH", f"{BASE}/Projects/{project}", {"status": "CLOSED"})
    assert closed.status_code == 204
    assert api.call("POST", f"{BASE}/Projects/{project}/Time", entry).status_code == 400


def test_b57_keys_scopes_and_limits_hold_here_too(xero, api, project, entry):
    for _ in range(2):
        headers = {"Idempotency-Key": "k"}
        api.call("POST", f"{BASE}/Projects/{project}/Time", entry, headers=headers)
    assert len(api.get(f"{BASE}/Projects/{project}/Time").json()["items"]) == 1
    assert sdk.Api(xero).get(f"{BASE}/Projects").status_code == 401
    xero.switch(limits="enforced", calls_per_minute=1)
    assert api.get(f"{BASE}/Projects").status_code == 429


def test_b57_what_is_not_there(api, project):
    assert api.get(f"{BASE}/Projects/none").status_code == 404
    assert api.get(f"{BASE}/Elsewhere").status_code == 501
    assert api.call("DELETE", f"{BASE}/Projects/{project}").status_code == 501
    assert api.call("POST", f"{BASE}/Projects", {"name": "x"}).status_code == 400
    assert api.call("POST", f"{BASE}/Projects", b"{").status_code == 400
    assert api.get(f"{BASE}/Projects", pageSize=501).status_code == 400


def test_b57_the_sdk_speaks_it(xero):
    client = sdk.Client(xero, xero.connect(scope="openid projects"))
    contact = xero.documents("Contact")[0]["ContactID"]
    sent = ProjectCreateOrUpdate(contact_id=contact, name="Move")
    made = client.projects.create_project(client.tenant, sent)
    task = TaskCreateOrUpdate(
        name="Work",
        rate=Amount(currency=CurrencyCode.NZD, value=100.0),
        charge_type=ChargeType.TIME,
    )
    client.projects.create_task(client.tenant, made.project_id, task)
    assert client.projects.get_projects(client.tenant).items[0].name == "Move"
