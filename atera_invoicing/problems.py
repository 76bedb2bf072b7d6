"""Every error of the API as problem+json (RFC 9457).

Members: `type`, `title`, `status`, `detail`, `code` (stable, for programs) and, where single values
are at fault, `errors`: `{pointer, code, detail}` for the body (RFC 6901) or `{parameter, code,
detail}` for the query string. 400 means that the request cannot be read, 422 that it can but a
value is not valid, 409 that a rule or another row stands against it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, OperationalError
from django.db.models import ProtectedError, RestrictedError, UniqueConstraint
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from .errors import Refused

MEDIA_TYPE = "application/problem+json"
GENERIC = "Something went wrong on our side. Nothing was written; the log says more."
log = logging.getLogger(__name__)


class Malformed(exceptions.APIException):
    """The request cannot be read or asks for what does not exist: 400, naming the place."""

    status_code = 400
    default_code = "malformed"

    def __init__(self, detail: str, code: str = "malformed", **place: str) -> None:
        super().__init__(detail, code)
        self.errors = [{**place, "code": code, "detail": detail}] if place else []


class Invalid(exceptions.APIException):
    """The request can be read, but values are not valid: 422 with a pointer to each."""

    status_code = 422
    default_code = "invalid"

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__(_summary(errors), "invalid")
        self.errors = errors


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = "The request is too large."


def problem(exc: Exception, context: dict[str, Any]) -> Response:
    """The answer to an exception in a view; what is not foreseen is logged and answered 500."""
    status, code, detail, extra = _describe(exc)
    if status >= 500:
        log.error("Unexpected error at %s", _path(context), exc_info=exc)
    body = {
        "type": f"urn:problem:atera-invoicing:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **extra,
    }
    return Response(body, status=status, headers=_headers(exc), content_type=MEDIA_TYPE)


def pointed(exc: DjangoValidationError, at: str = "") -> list[dict[str, str]]:
    """The errors of a model's validation, with pointers below `at`."""
    by_field = exc.error_dict if hasattr(exc, "error_dict") else {NON_FIELD_ERRORS: exc.error_list}
    return [
        {
            "pointer": at if field == NON_FIELD_ERRORS else f"{at}/{field}",
            "code": error.code or "invalid",
            "detail": message,
        }
        for field, errors in by_field.items()
        for error in errors
        for message in error.messages
    ]


def _describe(  # noqa: PLR0911 - one return per kind of error
    exc: Exception,
) -> tuple[int, str, str, dict[str, Any]]:
    """Status, code, sentence and further members."""
    match exc:
        case Refused():
            return _refused(exc)
        case Malformed() | Invalid():
            extra = {"errors": exc.errors} if exc.errors else {}
            return exc.status_code, exc.get_codes(), str(exc.detail), extra
        case exceptions.ValidationError():
            errors = list(_flat(exc.detail))
            return 422, "invalid", _summary(errors), {"errors": errors}
        case DjangoValidationError():
            errors = pointed(exc)
            return 422, "invalid", _summary(errors), {"errors": errors}
        case Http404():
            return 404, "not_found", "There is nothing here, or nothing that you may see.", {}
        case ProtectedError() | RestrictedError():
            return 409, "in_use", _in_use(exc), {}
        case IntegrityError():
            return _integrity(exc)
        case DjangoPermissionDenied():
            return 403, "permission_denied", "Your role may not do this.", {}
        case RequestDataTooBig():
            return 413, "too_large", "The request is too large.", {}
        case SuspiciousOperation():
            return 400, "malformed", "The request cannot be read.", {}
        case exceptions.APIException():
            return exc.status_code, str(exc.get_codes()), str(exc.detail), {}
        case OperationalError() if _is_busy(exc):
            return 503, "busy", "The database is busy. Try again in a moment.", {}
    return 500, "internal_error", GENERIC, {}


def _refused(exc: Refused) -> tuple[int, str, str, dict[str, Any]]:
    extra: dict[str, Any] = {"facts": exc.facts} if exc.facts else {}
    if not exc.field:
        return 409, exc.code, exc.message, extra
    pointer = "/" + exc.field.replace(".", "/")
    errors = [{"pointer": pointer, "code": exc.code, "detail": exc.message}]
    return 422, exc.code, exc.message, {**extra, "errors": errors}


def _flat(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """A serializer's nested errors as a flat list with pointers."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            here = key in (api_settings.NON_FIELD_ERRORS_KEY, NON_FIELD_ERRORS)
            step = str(key).replace("~", "~0").replace("/", "~1")
            yield from _flat(value, pointer if here else f"{pointer}/{step}")
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, (dict, list))
            yield from _flat(value, f"{pointer}/{index}" if nested else pointer)
    else:
        code = getattr(detail, "code", "invalid")
        yield {"pointer": pointer, "code": code, "detail": str(detail)}


def _summary(errors: list[dict[str, str]]) -> str:
    return errors[0]["detail"] if len(errors) == 1 else f"{len(errors)} values are not valid."


def _in_use(exc: ProtectedError | RestrictedError) -> str:
    rows = exc.protected_objects if isinstance(exc, ProtectedError) else exc.restricted_objects
    kinds = sorted({str(row._meta.verbose_name_plural) for row in rows})
    return f"It is in use ({', '.join(kinds)}). Archive it instead of deleting it."


def _integrity(exc: IntegrityError) -> tuple[int, str, str, dict[str, Any]]:
    """A constraint of the database said no; most of them carry a sentence for people."""
    for constraint, columns in _constraints():
        if constraint.name in str(exc) or (columns and columns in str(exc)):
            message = str(constraint.violation_error_message)
            unique = isinstance(constraint, UniqueConstraint)
            return (409 if unique else 422), constraint.name, message, {}
    return 409, "conflict", "This contradicts what is stored. Read it again and repeat.", {}


def _constraints() -> Iterator[tuple[Any, str]]:
    """Each constraint with the columns by which SQLite names a plain unique one."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            fields = getattr(constraint, "fields", ())
            names = (f"{model._meta.db_table}.{model._meta.get_field(f).column}" for f in fields)
            yield constraint, "UNIQUE constraint failed: " + ", ".join(names) if fields else ""


def _is_busy(exc: OperationalError) -> bool:
    return bool(re.search("locked|deadlock|timeout", str(exc)))


def _headers(exc: Exception) -> dict[str, str]:
    headers = {}
    if header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(max(1, int(wait)))
    if isinstance(exc, OperationalError):
        headers["Retry-After"] = "2"
    return headers


def _path(context: dict[str, Any]) -> str:
    request = context.get("request")
    return f"{request.method} {request.path}" if request is not None else "?"
