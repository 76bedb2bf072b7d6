"""The accounting API: /v3/company/<realm>/..."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..journal import fingerprint
from ..wire import Request, Response, dump_json, load_json
from . import batch, cdc, envelopes, operations, query, refusals
from .company import Act, Company
from .oauth import ACCOUNTING, Grant
from .pdf import invoice_pdf
from .refusals import Refused, missing, unsupported
from .rendering import render
from .requestids import Answer, check_length

if TYPE_CHECKING:
    from .app import QuickBooks

LATIN = 0x100  # the first character outside ISO-8859-1
OK = 200


def kind(request: Request) -> str:
    """Reads are metered and writes are not; a query is a read however it is sent."""
    if request.method == "GET" or resource(request) == ["query"]:
        return "read"
    return "write"


def resource(request: Request) -> list[str]:
    """What follows the realm in the path, in lower case: ["invoice", "12", "send"]."""
    return [unquote(part).lower() for part in request.path.split("/")[4:] if part]


def answer(qbo: QuickBooks, request: Request) -> Response:
    """One call of the API, from the bearer token to the answer."""
    parts = request.path.split("/")
    realm = parts[3] if len(parts) > 3 and parts[2] == "company" else ""
    company = qbo.companies.get(realm)
    grant = _grant(qbo, request)
    if grant is None:
        return _unauthorized(qbo, request)
    allowed = grant.realm == realm and ACCOUNTING in grant.scopes
    if company is None or not allowed:
        return envelopes.answer(request, 403, refusals.authorization(now_ms=_now_ms(qbo)))
    path = resource(request)
    batched = path == ["batch"]
    now = qbo.clock.now()
    with qbo.lock:
        refused = qbo.limits.refuses(realm, grant.client_id, kind(request), batch=batched, now=now)
    if refused:
        return throttled(qbo, request, company)
    return _Call(qbo, request, company).answer()


def throttled(qbo: QuickBooks, request: Request, company: Company, *, body: str = "") -> Response:
    """429, in JSON or in XML whatever was asked for."""
    content = refusals.throttled(Act(company, qbo.switches, qbo.clock.now()).time)
    if (body or qbo.switches.throttle_body) == "xml":
        response = Response(429, envelopes.xml(content), envelopes.XML)
    else:
        response = Response(429, dump_json(content))
    if qbo.switches.retry_after:
        response = response.with_headers({"Retry-After": "60"})
    return envelopes.with_headers(response)


def _grant(qbo: QuickBooks, request: Request) -> Grant | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    with qbo.lock:
        return qbo.oauth.bearer(token, now=qbo.clock.now())


def _unauthorized(qbo: QuickBooks, request: Request) -> Response:
    token = request.headers.get("authorization", "").partition(" ")[2]
    detail = f"Token expired: {fingerprint(token)}" if token else "Token missing"
    content = refusals.authentication(detail, now_ms=_now_ms(qbo))
    if qbo.switches.unauthorized_body == "xml":
        fault = {
            "Message": content["fault"]["error"][0]["message"],
            "Detail": detail,
            "code": "3200",
        }
        body = envelopes.xml({"Fault": {"Error": [fault], "type": "AUTHENTICATION"}})
        response = Response(401, body, envelopes.XML)
    else:
        response = Response(401, dump_json(content))
    challenge = {"www-authenticate": 'Bearer realm="Intuit", error="invalid_token"'}
    return envelopes.with_headers(replace(response, headers=challenge))


def _now_ms(qbo: QuickBooks) -> int:
    return int(qbo.clock.now().timestamp() * 1000)


class _Call:
    """One authorised call to one company."""

    def __init__(self, qbo: QuickBooks, request: Request, company: Company) -> None:
        self.qbo = qbo
        self.request = request
        self.company = company
        self.path = resource(request)
        self.parameters = {name.lower(): value for name, value in request.query.items()}

    def act(self) -> Act:
        include = frozenset(self.parameters.get("include", "").split(","))
        return Act(self.company, self.qbo.switches, self.qbo.clock.now(), include=include)

    def answer(self) -> Response:
        if kind(self.request) == "read":
            return self.read()
        try:
            answer = self.write()
        except Refused as refused:  # at the door: nothing was remembered
            answer = self.refusal(self.act(), refused)
        return envelopes.answer(self.request, answer.status, answer.body)

    def read(self) -> Response:
        with self.qbo.lock:
            act = self.act()
            if len(self.path) == 3 and self.path[2] == "pdf":
                return self.pdf(act)
            answer = self.attempt(act, lambda: self.found(act))
        return envelopes.answer(self.request, answer.status, answer.body)

    def found(self, act: Act) -> dict[str, Any]:
        match self.path:
            case ["query"]:
                posted = self.request.method == "POST"
                statement = (
                    self.request.body.decode("utf-8", "replace")
                    if posted
                    else self.parameters.get("query", "")
                )
                return {"QueryResponse": query.answer(act, statement)}
            case ["cdc"]:
                since = self.parameters.get("changedsince", "")
                return {"CDCResponse": cdc.answer(act, self.parameters.get("entities", ""), since)}
            case ["preferences"]:
                return operations.read(act, "Preferences", "")
            case ["exchangerate"]:
                return operations.exchange_rate(act, self.parameters.get("sourcecurrencycode", ""))
            case [name, id]:
                id = id.upper() if name == "taxcode" else id
                return operations.read(act, operations.kind_at(name), id)
            case [name]:
                operations.kind_at(name)
        raise self.unknown()

    def pdf(self, act: Act) -> Response:
        try:
            kind = operations.writable(operations.kind_at(self.path[0]))
            if not kind.printable:
                raise Refused("500", f"Unsupported Operation : pdf of {kind.name}")
            doc = render(self.company, kind.name, self.company.get(kind.name, self.path[1]))
        except Refused as refused:
            answer = self.refusal(act, refused)
            return envelopes.answer(self.request, answer.status, answer.body)
        body = invoice_pdf(self.company.name, kind.name, doc)
        return envelopes.with_headers(Response(OK, body, "application/pdf"))

    def write(self) -> Answer:
        """Executed once for each requestid. Locked only while the company file changes."""
        id = self.parameters.get("requestid", "")
        act = self.act()
        check_length(id, batch=self.path == ["batch"], switches=act.switches)
        execute, identity = self.plan(id)

        def work() -> Answer:
            self.request.reach("commit")
            with self.qbo.lock:
                act = self.act()
                return self.attempt(act, lambda: execute(act))

        content = repr((self.path, self.identity())).encode() + self.request.body
        return self.qbo.requestids.once(self.company.realm, identity, content, work, now=act.now)

    def plan(self, id: str) -> tuple[Callable[[Act], dict[str, Any]], str]:
        """What to execute, and what identifies it: for a batch the ids of its items too."""
        if self.request.method != "POST":
            raise Refused("500", f"Unsupported Operation : {self.request.method}")
        match self.path:
            case ["batch"]:
                items = batch.check(self.body(), with_requestid=bool(id), act=self.act())
                self.qbo.limits.meter_queries(batch.queries(items), self.act().now)
                identity = "|".join([id, *(str(item["bId"]) for item in items)]) if id else ""
                return lambda act: {"BatchItemResponse": batch.execute(act, items)}, identity
            case ["taxservice", "taxcode"]:
                return lambda act: operations.add_tax_code(act, self.body()), id
            case [name, record, "send"]:
                to = self.parameters.get("sendto", "")
                kind = operations.writable(operations.kind_at(name))
                return lambda act: operations.send(act, kind, record, to), id
            case [name]:
                kind = operations.writable(operations.kind_at(name))
                operation = self.parameters.get("operation", "").lower()
                return lambda act: operations.write(act, kind, operation, self.body()), id
        raise self.unknown()

    def identity(self) -> list[tuple[str, str]]:
        """The parameters that make a request another one."""
        apart = ("requestid", "minorversion")
        return sorted((n, v) for n, v in self.parameters.items() if n not in apart)

    def attempt(self, act: Act, execute: Callable[[], dict[str, Any]]) -> Answer:
        """An answer either way. The tax service alone has no envelope and no time."""
        try:
            content = execute()
        except Refused as refused:
            return self.refusal(act, refused)
        if self.path != ["taxservice", "taxcode"]:
            content = {**content, "time": act.time}
        return Answer(OK, dump_json(content).decode())

    def refusal(self, act: Act, refused: Refused) -> Answer:
        fault = {"Fault": refused.fault(self.company.language), "time": act.time}
        return Answer(refused.status, dump_json(fault).decode())

    def body(self) -> Any:
        """The JSON that was sent; 2010 for anything else."""
        try:
            text = self.request.body.decode()
        except UnicodeDecodeError:
            raise unsupported("", "Invalid UTF-8") from None
        if not text.strip():
            raise missing("Request body")
        try:
            return self.charset(load_json(text))
        except (ValueError, RecursionError):
            raise unsupported("", "Unexpected character or end of input") from None

    def charset(self, sent: Any) -> Any:
        """Old US companies know ISO-8859-1 only, it is said."""
        if self.company.country == "US" and self.qbo.switches.us_charset != "utf8":
            return _latin(sent, refuse=self.qbo.switches.us_charset == "refuse")
        return sent

    def unknown(self) -> Refused:
        where = f"Could not find resource for relative : {self.request.path}"
        return Refused("10000", f"System Failure Error: {where}")


def _latin(sent: Any, *, refuse: bool) -> Any:
    """The same with question marks for other characters, or 2050."""
    if isinstance(sent, dict):
        return {name: _latin(value, refuse=refuse) for name, value in sent.items()}
    if isinstance(sent, list):
        return [_latin(value, refuse=refuse) for value in sent]
    if not isinstance(sent, str) or all(ord(character) < LATIN for character in sent):
        return sent
    if refuse:
        raise Refused("2050", "Invalid String : contains characters that are not supported")
    return "".join(character if ord(character) < LATIN else "?" for character in sent)
