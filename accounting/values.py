"""What a document says, field by field, with names in place of ids: for people who read a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from . import documents
from .comparing import HEADER, LINE
from .models import Connection
from .providers import registry
from .providers.port import Document, Kind, Operation, TaxMode

Content = Mapping[str, Any]
Values = dict[str, str]
NAMED = {
    "customer_id": ("customer", Kind.CUSTOMER),
    "item_id": ("item", Kind.ITEM),
    "tax_id": ("tax_code", Kind.TAX),
}
COMPUTED = "computed there"


@dataclass(frozen=True, slots=True)
class Change:
    """One field there: what it is now ("" where there is nothing yet) and what it will be. A line's
    fields are named by its place from 1, as "lines.2.quantity".
    """

    field: str
    old: str
    new: str


class Names:
    """What people call the records that documents name by their ids there, in two queries."""

    def __init__(self, connection: Connection, contents: Iterable[Content]) -> None:
        ids = {id for content in contents for id in _ids(content)}
        pending = [int(id.removeprefix(documents.PENDING)) for id in ids if documents.PENDING in id]
        links = connection.links.filter(Q(remote_id__in=ids) | Q(pk__in=pending))
        self._known = {
            (link.kind, documents.name_there(link)): link.remote_name or str(link.local)
            for link in links.select_related("customer", "item", "tax_rate", "person")
        }
        records = connection.records.filter(remote_id__in=ids)
        for kind, id, name in records.values_list("kind", "remote_id", "name"):
            self._known[kind, id] = name

    def of(self, kind: str, id: str) -> str:
        """The id itself for what nobody named."""
        return self._known.get((kind, id), id)


def preview(connection: Connection, document: Document, operation: Operation) -> Content:
    """The document as it will stand there. Sums are ours, except for tax that is computed there."""
    provider = registry.get(connection.provider)
    shown = provider.preview(operation, document, facts=connection.known)
    known = ("subtotal", "tax", "total") if document.tax_mode == TaxMode.CODES else ("subtotal",)
    return {**shown, **{name: f"{getattr(document, name):.2f}" for name in known}}


def new(content: Content, document: Document, names: Names) -> tuple[Change, ...]:
    """What a document will be that is not there yet."""
    values = _flat(content, names)
    values.setdefault("currency", document.currency)
    values.setdefault("number", "given there")
    if document.tax_mode == TaxMode.PROVIDER:
        values["tax"] = values["total"] = COMPUTED
    elif codes := {line.tax_id for line in document.lines if line.tax_id}:
        named = (names.of(Kind.TAX, code) for code in codes)
        values["tax_codes"] = ", ".join(sorted(named))
    return tuple(Change(field, "", value) for field, value in values.items() if value)


def changed(old: Content, content: Content, names: Names) -> tuple[Change, ...]:
    """Where what stands there is not what will."""
    before, after = _flat(old, names), _flat(content, names)
    gone = [field for field in before if field.startswith("lines.") and field not in after]
    return tuple(
        Change(field, before.get(field, ""), after.get(field, ""))
        for field in (*after, *gone)
        if before.get(field, "") != after.get(field, "")
    )


def _flat(content: Content, names: Names) -> Values:
    """In reading order."""
    values = dict(_named(HEADER, content, "", names))
    for place, line in enumerate(content.get("lines", ()), start=1):
        values |= _named(LINE, line, f"lines.{place}.", names)
    return values


def _named(
    fields: Sequence[str], given: Content, prefix: str, names: Names
) -> Iterable[tuple[str, str]]:
    for field in fields:
        if field not in given:
            continue
        name, kind = NAMED.get(field, (field, None))
        value = str(given[field])
        yield f"{prefix}{name}", names.of(kind, value) if kind else value


def _ids(content: Content) -> Iterable[str]:
    yield content.get("customer_id", "")
    for line in content.get("lines", ()):
        yield from (line.get("item_id", ""), line.get("tax_id", ""))
