"""Faults that only QuickBooks Online has: its own envelopes, right or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..faults import Fault, Struck
from ..wire import Delivery, Response, dump_json
from . import envelopes, refusals, rest
from .company import Act
from .refusals import TITLES

if TYPE_CHECKING:
    from .app import QuickBooks


def faults(qbo: QuickBooks) -> Mapping[str, Fault]:
    """By name, for `arm`."""

    def unauthorized(struck: Struck) -> Response:
        bare = replace(struck.request, headers={**struck.request.headers, "authorization": ""})
        return rest.answer(qbo, bare)

    def forbidden(struck: Struck) -> Response:
        body = refusals.authorization(now_ms=int(qbo.clock.now().timestamp() * 1000))
        return envelopes.answer(struck.request, 403, body)

    def throttled(struck: Struck, *, body: str) -> Response:
        return rest.throttled(qbo, struck.request, _company(qbo, struck), body=body)

    def refused(struck: Struck, **options: Any) -> Response:
        status = options.pop("status")
        return envelopes.answer(struck.request, status, _fault(qbo, struck, **options))

    def in_200(struck: Struck, delivery: Delivery, **options: Any) -> Delivery:
        body = dump_json(_fault(qbo, struck, **options))
        return replace(delivery, response=replace(delivery.response, status=200, body=body))

    def invalid_grant(struck: Struck) -> Response:
        body = {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}
        return Response(400, dump_json(body))

    worded = {"code": "6000", "language": "en", "detail": "Something is not as it should be"}
    return {
        "unauthorized": Fault("arrival", "401, as when the token expired on the way", unauthorized),
        "forbidden": Fault("arrival", "403, code 3100", forbidden),
        "throttled": Fault("arrival", "429, in JSON or XML", throttled, {"body": "json"}),
        "fault": Fault(
            "arrival", "a refusal: code (or a list), language, detail (or None); not done",
            refused, {**worded, "status": 400},
        ),
        "fault_in_200": Fault("answer", "done, but answered by a Fault", in_200, worded),
        "invalid_grant": Fault(
            "arrival", "for on='token': the refresh token is dead", invalid_grant
        ),
    }  # fmt: skip


def _company(qbo: QuickBooks, struck: Struck) -> Any:
    parts = struck.request.path.split("/")
    realm = parts[3] if len(parts) > 3 else ""
    return qbo.companies.get(realm) or next(iter(qbo.companies.values()))


def _fault(
    qbo: QuickBooks, struck: Struck, *, code: str | list[str], language: str, detail: str | None
) -> dict[str, Any]:
    errors = []
    for each in [code] if isinstance(code, str) else code:
        title = TITLES.get(each, ("Error", "Erreur"))[language == "fr"]
        error = {"Message": title, "Detail": detail, "code": each, "element": ""}
        errors.append({name: value for name, value in error.items() if value is not None})
    act = Act(_company(qbo, struck), qbo.switches, qbo.clock.now())
    return {"Fault": {"Error": errors, "type": "ValidationFault"}, "time": act.time}
