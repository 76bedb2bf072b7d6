"""The Projects API: /projects.xro/2.0/... Another base, camelCase, ISO dates, pages of its own.

Its time entries never make an invoice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..wire import Request, Response, dump_json, load_json
from . import rest, scopes
from .oauth import USER, Grant
from .organisation import Doc, Organisation, new_id
from .refusals import Refusal, not_simulated, problem

if TYPE_CHECKING:
    from .app import Xero

BASE = "/projects.xro/2.0"
JSON = "application/json; charset=utf-8"
PAGE_SIZE, LARGEST_PAGE = 50, 500
LONGEST = 59_940  # minutes
FIELDS = {
    "projects": {"contactId", "name", "estimateAmount", "deadlineUtc"},
    "tasks": {"name", "rate", "chargeType", "estimateMinutes"},
    "time": {"userId", "taskId", "dateUtc", "duration", "description"},
    "status": {"status"},
}
CHARGES = ("TIME", "FIXED", "NON_CHARGEABLE")


class Wrong(Exception):
    """What was sent is refused."""


def answer(xero: Xero, request: Request) -> Response:
    """One call, past the same gate as the accounting API."""

    def work(org: Organisation, grant: Grant) -> Response:
        writing = request.method != "GET"
        if not scopes.allows(
            grant.scopes, scopes.PROJECTS, writing=writing, switches=xero.switches
        ):
            return problem(
                401, "Unauthorized", "AuthorizationUnsuccessful", case=xero.switches.problem_case
            )
        return _answered(xero, request, org, grant.client_id)

    return rest.admitted(xero, request, work)


def _answered(xero: Xero, request: Request, org: Organisation, app: str) -> Response:
    def work() -> Response:
        request.reach("commit")
        with xero.lock:
            try:
                status, body = _work(request, org)
            except Wrong as wrong:
                status, body = 400, {"message": str(wrong)}
            except LookupError:
                status, body = 404, {"message": "Not found"}
            except Refusal as refusal:
                return refusal.response
        return Response(status, dump_json(body), JSON)

    if request.method == "GET":
        return work()
    key = request.headers.get("idempotency-key", "")
    content = f"{org.tenant} {request.method} {request.target} ".encode() + request.body
    return xero.keys.once(app, key, content, work, now=xero.clock.now())


def _work(request: Request, org: Organisation) -> tuple[int, Doc]:
    parts = [part.lower() for part in request.path.removeprefix(BASE).split("/") if part]
    known = org.projects
    if request.method == "GET":
        return 200, _read(request, known, parts)
    match [request.method, *parts]:
        case ["POST", "projects"]:
            return 201, _shown(_new_project(org, _body(request, "projects")))
        case ["POST", "projects", id, "tasks"]:
            return 201, _new_task(known[id], _body(request, "tasks"))
        case ["POST", "projects", id, "time"]:
            return 201, _new_time(known[id], _body(request, "time"))
        case ["PATCH", "projects", id]:
            return 204, _set_status(known[id], _body(request, "status"))
    raise not_simulated(f"there is no {request.method} /{'/'.join(parts)} here")


def _read(request: Request, known: Doc, parts: list[str]) -> Doc:
    match parts:
        case ["projectsusers"]:
            user = {"userId": USER, "name": "Robin Bookkeeper", "email": "bookkeeper@example.com"}
            return _page(request, [user])
        case ["projects"]:
            return _page(request, [_shown(each) for each in known.values()])
        case ["projects", id]:
            return _shown(known[id])
        case ["projects", id, ("tasks" | "time") as kind]:
            entries: list[Doc] = known[id][f"_{kind}"]
            return _page(request, entries)
    raise not_simulated(f"there is no GET /{'/'.join(parts)} here")


def _body(request: Request, kind: str) -> Doc:
    try:
        sent = load_json(request.body)
    except ValueError:
        raise Wrong("The body can't be read as JSON") from None
    unknown = set(sent) - FIELDS[kind] if isinstance(sent, dict) else {"the body"}
    if unknown:
        raise Wrong(f"simulated: {', '.join(sorted(unknown))} is not known here")
    body: Doc = sent
    return body


def _new_project(org: Organisation, sent: Doc) -> Doc:
    if org.find("Contact", str(sent.get("contactId", ""))) is None or not sent.get("name"):
        raise Wrong("simulated: a project needs a name and the contactId of a contact")
    project = {
        "projectId": new_id(), **sent, "currencyCode": org.currency, "status": "INPROGRESS",
        "minutesLogged": 0, "minutesToBeInvoiced": 0, "_tasks": [], "_time": [],
    }  # fmt: skip
    org.projects[project["projectId"]] = project
    return project


def _new_task(project: Doc, sent: Doc) -> Doc:
    if not sent.get("name") or sent.get("chargeType") not in CHARGES:
        raise Wrong("simulated: a task needs a name and a chargeType")
    task = {"taskId": new_id(), "projectId": project["projectId"], "status": "ACTIVE",
            "totalMinutes": 0, **sent}  # fmt: skip
    project["_tasks"].append(task)
    return task


def _new_time(project: Doc, sent: Doc) -> Doc:
    duration = sent.get("duration")
    task = next((each for each in project["_tasks"] if each["taskId"] == sent.get("taskId")), None)
    if project["status"] != "INPROGRESS":
        raise Wrong("simulated: the project is closed")
    if sent.get("userId") != USER or task is None:
        raise Wrong("simulated: a time entry needs a user of projects and a task of this project")
    if not isinstance(duration, int) or not 1 <= duration <= LONGEST:
        raise Wrong(f"simulated: duration is 1 to {LONGEST} minutes")
    entry = {
        "timeEntryId": str(UUID(new_id())), "projectId": project["projectId"], **sent,
        "dateEnteredUtc": _iso(sent.get("dateUtc")), "status": "ACTIVE",
    }  # fmt: skip
    project["_time"].append(entry)
    task["totalMinutes"] += duration
    project["minutesLogged"] += duration
    project["minutesToBeInvoiced"] += duration
    return entry


def _set_status(project: Doc, sent: Doc) -> Doc:
    if sent.get("status") not in ("INPROGRESS", "CLOSED"):
        raise Wrong("simulated: status is INPROGRESS or CLOSED")
    project["status"] = sent["status"]
    return {}


def _iso(moment: Any) -> str:
    try:
        at = datetime.fromisoformat(str(moment))
    except ValueError:
        raise Wrong("simulated: dateUtc is a moment in ISO 8601") from None
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _shown(project: Doc) -> Doc:
    return {name: _plain(value) for name, value in project.items() if not name.startswith("_")}


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _page(request: Request, items: list[Doc]) -> Doc:
    page, size = (request.query.get(name, default) for name, default in (
        ("page", "1"), ("pageSize", str(PAGE_SIZE)),
    ))  # fmt: skip
    if not (page.isdecimal() and size.isdecimal() and int(page) and 1 <= int(size) <= LARGEST_PAGE):
        raise Wrong(f"simulated: page from 1, pageSize up to {LARGEST_PAGE}")
    number, length = int(page), int(size)
    pagination = {
        "page": number, "pageSize": length, "pageCount": -(-len(items) // length),
        "itemCount": len(items),
    }  # fmt: skip
    return {"pagination": pagination, "items": items[(number - 1) * length : number * length]}
