"""The accounting API: /api.xro/2.0/... From the bearer token to the answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..wire import Request, Response, load_json
from . import oauth_web, routes, scopes
from .limits import Problem
from .oauth import Grant
from .organisation import Act, Doc, Organisation
from .refusals import PLAIN_JSON, Invalid, Refusal, not_found, not_simulated, problem, unreadable
from .wireform import of_moment, pretty

if TYPE_CHECKING:
    from .app import Xero

BASE = "/api.xro/2.0"
HTML = "text/html; charset=utf-8"
MEGABYTE = 1024 * 1024


class Broken(Exception):
    """Xero breaks down in the middle: this answer is kept under the key like any other."""

    def __init__(self, response: Response, *, kept: bool) -> None:
        super().__init__(str(response.status))
        self.response = response
        self.kept = kept


def resource(request: Request) -> list[str]:
    """What follows the base of the API: ["Invoices", "<id>", "Email"]."""
    return [unquote(part) for part in request.path[len(BASE) :].split("/") if part]


def answer(xero: Xero, request: Request) -> Response:
    """One call of the accounting API."""
    return admitted(xero, request, lambda org, grant: Call(xero, request, org, grant).answer())


def admitted(
    xero: Xero, request: Request, work: Callable[[Organisation, Grant], Response]
) -> Response:
    """The work of a call that has a good token, an organisation, and room in its limits."""
    grant = oauth_web.bearer(xero, request)
    if grant is None:
        return oauth_web.unauthorized(xero, request)
    org = tenant(xero, request, grant)
    if org is None:
        return forbidden(xero)
    who = (org.tenant, grant.client_id)
    with xero.lock:
        hit = xero.limits.enter(*who, now=xero.clock.now())
    if hit is not None:
        return throttled(xero, hit, *who)
    try:
        response = work(org, grant)
    finally:
        with xero.lock:
            xero.limits.leave(*who)
    left = xero.limits.headers(*who, now=xero.clock.now())
    return response.with_headers({**left, **response.headers})


def tenant(xero: Xero, request: Request, grant: Grant) -> Organisation | None:
    """The organisation of the header, if this app is let in and its user still may."""
    id = request.headers.get("xero-tenant-id", "").lower()
    with xero.lock:
        org = xero.organisations.get(id)
        if org is None or not org.rights or grant.revoked:
            return None
        return org if xero.oauth.connection(grant.client_id, id) else None


def forbidden(xero: Xero) -> Response:
    case = xero.switches.problem_case
    return problem(403, "Forbidden", "AuthenticationUnsuccessful", case=case)


def throttled(xero: Xero, hit: Problem, tenant: str, client_id: str) -> Response:
    """429: no body; the headers tell which limit it was."""
    headers = {"X-Rate-Limit-Problem": hit.name}
    if hit.retry_after is not None:
        headers["Retry-After"] = str(hit.retry_after)
    left = xero.limits.headers(tenant, client_id, now=xero.clock.now())
    if hit.name == "minute":
        left["X-MinLimit-Remaining"] = "0"
    return Response(429, b"", HTML, {**left, **headers})


class Call:
    """One authorised call to one organisation."""

    def __init__(self, xero: Xero, request: Request, org: Organisation, grant: Grant) -> None:
        self.xero = xero
        self.request = request
        self.org = org
        self.grant = grant
        self.path = resource(request)
        self.query = request.query
        self.correlation = str(uuid.uuid4())

    @property
    def act(self) -> Act:
        app = self.xero.oauth.apps[self.grant.client_id]
        return Act(
            self.org, self.xero.switches, self.xero.clock.now(), app=app.client_id, who=app.name,
            places=self.places,
        )  # fmt: skip

    @property
    def places(self) -> int:
        return 4 if self.query.get("unitdp") == "4" else 2

    @property
    def strict(self) -> bool:
        return self.xero.switches.unknown_property == "refuse"

    def answer(self) -> Response:
        try:
            self.check_size()
            route, ids = routes.find(self.request.method, self.path)
            writing = self.request.method != "GET"
            if not scopes.allows(
                self.grant.scopes, route.scope, writing=writing, switches=self.xero.switches
            ):
                return self.unentitled()
            self.check_form(route)
            response = self.write(route, ids) if writing else self.run(route, ids)
        except Refusal as refusal:
            response = refusal.response
        if "Xero-Correlation-Id" not in response.headers:
            response = response.with_headers({"Xero-Correlation-Id": self.correlation})
        return response

    def unentitled(self) -> Response:
        """The scope is missing, or the app is not entitled."""
        case = self.xero.switches.problem_case
        return problem(401, "Unauthorized", "AuthorizationUnsuccessful", case=case)

    def check_size(self) -> None:
        switches = self.xero.switches
        if len(self.request.target) > switches.longest_url:
            raise Refusal(Response(HTTPStatus.REQUEST_URI_TOO_LONG, b"", HTML))
        if len(self.request.body) > switches.largest_body_megabytes * MEGABYTE:
            raise Refusal(Response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"", HTML))

    def check_form(self, route: routes.Route) -> None:
        """The parameters, and the form of answer that is asked for."""
        switches = self.xero.switches
        unknown = set(self.query) - set(route.parameters)
        if unknown and switches.unknown_parameter == "refuse":
            raise not_simulated(f"{route.name} has no parameter {', '.join(sorted(unknown))} here")
        accept = self.request.headers.get("accept", "")
        fits = any(kind in accept for kind in ("application/json", "application/pdf"))
        if not fits and switches.without_accept == "refuse" and not route.raw:
            raise not_simulated("without 'Accept: application/json' Xero answers XML")

    def write(self, route: routes.Route, ids: list[str]) -> Response:
        """Executed once for each Idempotency-Key."""
        key = self.request.headers.get("idempotency-key", "")
        asked = f"{self.org.tenant} {self.request.method} {self.request.target} "
        content = asked.encode() + self.request.body

        def work() -> Response:
            self.request.reach("commit")
            response = self.run(route, ids)
            self.request.reach("done")
            return response.with_headers({"Xero-Correlation-Id": self.correlation})

        def guarded() -> Response:
            try:
                return work()
            except Broken as broken:
                if not broken.kept:
                    raise
                return broken.response

        try:
            return self.xero.keys.once(
                self.grant.client_id, key, content, guarded, now=self.xero.clock.now()
            )
        except Broken as broken:
            return broken.response

    def run(self, route: routes.Route, ids: list[str]) -> Response:
        """The work itself. What the books refuse as a whole becomes an answer here."""
        with self.xero.lock:
            try:
                result = route.work(self, *ids)
            except LookupError:
                return not_found().response
            except Invalid as invalid:
                return self.refused([self.element({}, invalid)])
            except Refusal as refusal:
                return refusal.response
        if isinstance(result, Response):
            return result
        return self.enveloped(result)

    def enveloped(self, content: Doc) -> Response:
        """200 with what every answer has around it."""
        moment = self.xero.clock.now().isoformat()
        body = {
            "Id": self.correlation, "Status": "OK",
            "ProviderName": self.xero.oauth.apps[self.grant.client_id].name,
            "DateTimeUTC": of_moment(moment, offset=""), **content,
        }  # fmt: skip
        return Response(200, pretty(body), PLAIN_JSON)

    def element(self, shown: Doc, invalid: Invalid) -> Doc:
        """A refused element: what was sent, and why not."""
        errors = [{"Message": message} for message in invalid.messages]
        return {**shown, "ValidationErrors": errors}

    def refused(self, elements: list[Doc]) -> Response:
        """400 with the elements that were refused, and those only."""
        body = {
            "ErrorNumber": 10, "Type": "ValidationException",
            "Message": "A validation exception occurred", "Elements": elements,
        }  # fmt: skip
        return Response(400, pretty(body), PLAIN_JSON)

    def elements(self, plural: str) -> list[Any]:
        """The records of a body: a list in its envelope, one in it, or one without it."""
        body = self.json()
        found = body.get(plural, body) if isinstance(body, dict) else body
        sent = found if isinstance(found, list) else [found]
        most = self.xero.switches.batch_elements
        if not sent:
            raise unreadable(f"The body has no {plural}")
        if most and len(sent) > most:
            raise unreadable(f"simulated: more than {most} elements")
        return sent

    def json(self) -> Any:
        try:
            return load_json(self.request.body.decode())
        except (ValueError, RecursionError):
            raise unreadable("The body can't be read as JSON") from None
