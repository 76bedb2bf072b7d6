"""Answers queries: which records, in which order, which page of them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from .choices import FILTERS
from .company import Act, Company, Doc
from .grammar import Condition, Query, parse
from .kinds import BY_PATH, OTHERS
from .refusals import Refused, not_simulated
from .rendering import render

PAGE = 100
LARGEST_PAGE = 1000
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


def answer(act: Act, statement: str) -> Doc:
    """The content of QueryResponse: without any key of the entity when nothing was found."""
    query = parse(statement, quoted_numbers=act.switches.unquoted_numbers == "refuse")
    kind = _entity(query)
    _check(act, kind, query)
    found = [doc for doc in visible(act, kind) if _matches(act.company, doc, query)]
    if query.counts:
        return {"totalCount": len(found)}
    for field, descending in reversed(query.order):
        found.sort(key=lambda doc: _sortable(doc, _path(kind, field)), reverse=descending)
    most = min(query.most if query.most is not None else PAGE, LARGEST_PAGE)
    page = found[query.start - 1 : query.start - 1 + most]
    if not page:
        return {}
    shown = [render(act.company, kind, doc) for doc in page]
    return {kind: shown, "startPosition": query.start, "maxResults": len(page)}


def visible(act: Act, kind: str) -> list[Doc]:
    """What queries and CDC see: everything but what is too new to be found."""
    company = act.company
    if kind == "CompanyInfo":
        return [company.info]
    if kind == "Preferences":
        return [company.preferences]
    if kind == "ExchangeRate":
        return exchange_rates(act)
    edge = (act.now - timedelta(seconds=act.switches.query_lag_seconds)).isoformat()
    return [
        doc
        for doc in company.of(kind)
        if (kind, doc["Id"]) not in company.unseen and doc.get("_made", "") <= edge
    ]


def exchange_rates(act: Act) -> list[Doc]:
    """The table of rates as records."""
    home = act.company.home_currency
    return [
        {
            "SourceCurrencyCode": code, "TargetCurrencyCode": home, "Rate": Decimal(rate),
            "AsOfDate": act.today.isoformat(), "domain": "QBO", "sparse": False,
            "MetaData": {"LastUpdatedTime": act.stamp},
        }
        for code, rate in sorted(act.company.exchange_rates.items())
    ]  # fmt: skip


def _entity(query: Query) -> str:
    kind = BY_PATH.get(query.entity.lower())
    if kind is None:
        detail = f"QueryValidationError: Entity {query.entity} not found"
        raise Refused("4001", detail)
    if kind in OTHERS:
        raise not_simulated(f"the entity {kind}")
    return kind


def _check(act: Act, kind: str, query: Query) -> None:
    for condition in query.conditions:
        field = _path(kind, condition.field)
        if field == "Id" and condition.operator not in ("=", "IN"):
            raise _invalid(f"Operator {condition.operator} not supported for property Id")
    for field, _ in query.order:
        if _path(kind, field) == "Id" and act.switches.order_by_id == "refuse":
            raise _invalid(f"Property Id is not sortable for Entity {kind}")
    if query.start < 1:
        raise _invalid("StartPosition must be at least 1")
    if (query.most or 0) > LARGEST_PAGE and act.switches.too_many_results == "refuse":
        raise _invalid(f"Value {query.most} is too large. Max allowed is {LARGEST_PAGE}")


def _path(kind: str, name: str) -> str:
    """The field that a query means, in whatever case; 4001 unless it can be used."""
    for known in FILTERS[kind]:
        if known.lower() == name.lower():
            return known
    raise _invalid(f"Property {name} not found for Entity {kind}")


def _invalid(what: str) -> Refused:
    return Refused("4001", f"QueryValidationError: {what}")


def _matches(company: Company, doc: Doc, query: Query) -> bool:
    asked = {condition.field.lower() for condition in query.conditions}
    if doc.get("Active") is False and "active" not in asked:
        return False
    return all(_holds(company, doc, condition, query.entity) for condition in query.conditions)


def _holds(company: Company, doc: Doc, condition: Condition, entity: str) -> bool:
    value = _value(doc, _path(BY_PATH[entity.lower()], condition.field))
    if value is None:
        return False
    if condition.operator == "LIKE":
        parts = (re.escape(part) for part in condition.values[0].split("%"))
        return re.fullmatch(".*".join(parts), str(value), re.IGNORECASE | re.DOTALL) is not None
    compare = _COMPARE.get(condition.operator, operator.eq)
    pairs = (_alike(company, condition.field, value, given) for given in condition.values)
    return any(compare(*pair) for pair in pairs)


def _alike(company: Company, field: str, value: Any, given: str) -> tuple[Any, Any]:
    """Both as the same type: numbers as numbers, moments as moments, text without case."""
    try:
        if isinstance(value, bool):
            return str(value).lower(), given.lower()
        if isinstance(value, Decimal | int):
            return Decimal(value), Decimal(given)
        if field.lower().startswith("metadata."):
            return datetime.fromisoformat(value), moment(company, given)
    except (InvalidOperation, ValueError):
        raise _invalid(f"Invalid value {given} for property {field}") from None
    return str(value).lower(), given.lower()


def moment(company: Company, text: str) -> datetime:
    """A time with an offset, or one of the company's zone. ValueError for anything else."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=company.zone)


def _value(doc: Doc, path: str) -> Any:
    value: Any = doc
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return value.get("value") or value.get("Address") or value.get("FreeFormNumber")
    return value


def _sortable(doc: Doc, path: str) -> tuple[bool, Any]:
    """Records without the field come first; text is ordered without case."""
    value = _value(doc, path)
    return (value is not None, value.lower() if isinstance(value, str) else value or 0)
