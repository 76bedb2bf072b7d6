"""The port, spoken to QuickBooks Online. Each method is one errand and keeps nothing."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from accounting.providers import port
from accounting.providers.port import (
    Changes,
    Company,
    Document,
    Doorbell,
    Frozen,
    Kind,
    Limits,
    NewRecord,
    Operation,
    Option,
    Ours,
    Outcome,
    Reason,
    Receipt,
    Record,
    Rejected,
    Session,
    Status,
    Tokens,
    Unauthorized,
    Unknown,
    Words,
)
from accounting.providers.port import TimeDocument as Time

from . import (
    checking,
    companies,
    faults,
    finding,
    following,
    lists,
    mapping,
    notices,
    previewing,
    reading,
)
from .client import Client, client
from .oauth import OAuth

log = logging.getLogger(__name__)
ODD = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)  # of an unforeseen shape


class QuickBooksOnline:
    """A `port.Provider`."""

    key: ClassVar[str] = "qbo"
    name: ClassVar[str] = "QuickBooks Online"
    words: ClassVar[Words] = Words(
        company="company",
        customer="customer",
        customers="customers",
        item="product or service",
        items="products and services",
        tax="tax code",
        taxes="tax codes",
        account="income account",
        accounts="income accounts",
        person="employee or vendor",
        people="employees and vendors",
        own_numbers="custom transaction numbers",
    )
    tax_method: ClassVar[str] = "per_rate"
    one_currency: ClassVar[bool] = True
    holds: ClassVar[frozenset[str]] = frozenset({"email", "message"})
    keeps_numbers: ClassVar[bool] = False
    # Intuit allows 500 requests a minute, 10 a second, 40 batches a minute, and takes up to two
    # minutes for a request.
    limits: ClassVar[Limits] = Limits(
        per_minute=480,
        calls_per_minute=40,
        per_day=0,
        batch=30,
        settle=dt.timedelta(seconds=150),
        per_second=9,
        reads_per_month=500_000,
    )

    def __init__(self, *, oauth: OAuth, api: str, app: str, webhook_tokens: Sequence[str]) -> None:
        self._oauth = oauth
        self._api = api
        self._app = app
        self._webhook_tokens = webhook_tokens

    # Connecting

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        return self._oauth.authorize_url(state=state, redirect_uri=redirect_uri)

    def exchange(
        self, answer: Mapping[str, str], *, redirect_uri: str
    ) -> tuple[Tokens, list[Company]]:
        """One consent opens one company, named by the callback only."""
        if answer.get("error"):
            raise Rejected(
                "The consent was not given in QuickBooks, so nothing is connected.",
                reason=Reason.NOT_ALLOWED,
                code=answer["error"][:40],
            )
        code, realm = answer.get("code", ""), answer.get("realmId", "")
        if not code or not re.fullmatch("[0-9]{1,19}", realm):
            raise Rejected("QuickBooks sent no company. Connect again.", code="callback")
        try:
            tokens = self._oauth.exchange(code, redirect_uri=redirect_uri)
        except Unauthorized as error:
            raise Rejected(
                "The consent was used already or is too old. Connect again.",
                code=error.code,
                reference=error.reference,
            ) from None
        return tokens, [Company(id=realm, name="")]

    def refresh(self, tokens: Tokens) -> Tokens:
        return self._oauth.refresh(tokens.refresh)

    def revoke(self, tokens: Tokens, *, company_id: str) -> None:
        self._oauth.revoke(tokens.refresh)

    def company(self, session: Session) -> Company:
        with self._client(session) as qbo:
            return companies.read(qbo, session.company_id, app=self._app)

    def options(self, facts: Mapping[str, Any]) -> tuple[Option, ...]:
        """Nothing is to be chosen: QuickBooks takes an invoice in one way only."""
        return ()

    # Records

    def records(self, session: Session, kind: Kind) -> list[Record]:
        with self._client(session) as qbo:
            return lists.read(qbo, kind)

    def create(self, session: Session, record: NewRecord, *, key: str) -> Record:
        with self._client(session) as qbo:
            return lists.create(qbo, record, key=key, facts=session.facts)

    def create_many(
        self, session: Session, records: Sequence[NewRecord], *, key: str
    ) -> list[Record | port.ProviderError]:
        with self._client(session) as qbo:
            return lists.create_many(qbo, records, key=key, facts=session.facts)

    # Documents

    def check(self, document: Document | Time, *, facts: Mapping[str, Any]) -> list[Rejected]:
        return list(checking.problems(document, facts))

    def preview(
        self, operation: Operation, document: Document, *, facts: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return previewing.content(operation, document, facts)

    def freeze(
        self,
        operation: Operation,
        documents: Sequence[Document | Time],
        *,
        key: str,
        facts: Mapping[str, Any],
    ) -> Frozen:
        return mapping.freeze(operation, documents, key=key, facts=facts)

    def send(self, session: Session, call: Frozen) -> list[Outcome]:
        with self._client(session) as qbo:
            answer = qbo.post(qbo.url("batch"), call.body, request_id=call.key)
        reference, items = answer["reference"], answer.get("BatchItemResponse")
        if not isinstance(items, list):
            raise faults.unreadable(write=True, reference=reference)
        by_place = {str(item.get("bId")): item for item in items if isinstance(item, dict)}
        return [
            self._outcome(session, call.operation, by_place.get(place, {}), reference)
            for place in call.places
        ]

    def find(
        self, session: Session, documents: Sequence[Document | Time]
    ) -> list[Receipt | Unknown | None]:
        times = [each for each in documents if isinstance(each, Time)]
        invoices = [each for each in documents if isinstance(each, Document)]
        found: dict[str, Receipt | Unknown] = {}
        with self._client(session) as qbo:
            if invoices:
                rows = finding.match(invoices, "PrivateNote", finding.among_invoices(qbo))
                found |= {uid: self._seen(session, row, "Invoice") for uid, row in rows.items()}
            if times:
                rows = finding.match(times, "Description", finding.among_times(qbo))
                found |= {
                    uid: self._seen(session, row, "TimeActivity") for uid, row in rows.items()
                }
        return [found.get(document.uid) for document in documents]

    def get(self, session: Session, ids: Sequence[str]) -> dict[str, Status]:
        with self._client(session) as qbo:
            return following.get(qbo, ids, url=self._url(session))

    def numbered(self, session: Session, numbers: Sequence[str]) -> list[Status]:
        with self._client(session) as qbo:
            return following.numbered(qbo, numbers, url=self._url(session))

    # Status back

    def changes(
        self, session: Session, cursor: str, *, at: dt.datetime, ours: Ours = port.everybodys
    ) -> Changes:
        with self._client(session) as qbo:
            return following.changes(qbo, cursor, now=at, ours=ours, url=self._url(session))

    def doorbells(self, body: bytes, headers: Mapping[str, str]) -> list[Doorbell]:
        notices.verify(body, headers, self._webhook_tokens)
        return notices.read(body)

    def url_of(self, company_id: str, remote_id: str, *, facts: Mapping[str, Any]) -> str:
        return f"{self._app}/app/invoice?txnId={remote_id}&companyId={company_id}"

    def _client(self, session: Session) -> AbstractContextManager[Client]:
        return client(self._api, session)

    def _url(self, session: Session) -> Callable[[str], str]:
        return lambda id: self.url_of(session.company_id, id, facts=session.facts)

    def _receipt(self, session: Session, doc: Mapping[str, Any], entity: str) -> Receipt:
        if entity == "TimeActivity":
            return reading.time_receipt(doc)
        return reading.receipt(doc, url=self._url(session)(str(doc["Id"])))

    def _seen(self, session: Session, doc: Mapping[str, Any], entity: str) -> Receipt | Unknown:
        """A document that was found, even if what is said of it makes no sense."""
        try:
            return self._receipt(session, doc, entity)
        except ODD:
            id = str(doc["Id"])
            log.exception("%s %s can't be read", entity, id)
            return Unknown(faults.ODD.format(id=id), found_id=id, code="unreadable")

    def _outcome(
        self, session: Session, operation: Operation, item: Mapping[str, Any], reference: str
    ) -> Outcome:
        """What became of one document. An answer of an odd shape leaves only that one open."""
        try:
            return self._told(session, operation, item, reference)
        except ODD:
            log.exception("An answer for one document can't be read (%s)", reference)
            error = faults.unreadable(write=True, reference=reference)
            return Outcome(error=error, reference=reference)

    def _told(
        self, session: Session, operation: Operation, item: Mapping[str, Any], reference: str
    ) -> Outcome:
        fault = item.get("Fault")
        if isinstance(fault, dict):
            error = faults.of_fault(fault, reference=reference, operation=operation)
            return Outcome(error=error, reference=reference)
        for entity in ("Invoice", "TimeActivity"):
            doc = item.get(entity)
            if isinstance(doc, dict) and doc.get("Id"):
                return Outcome(self._receipt(session, doc, entity), reference=reference)
        error = faults.unreadable(write=True, reference=reference)
        return Outcome(error=error, reference=reference)


def _typed(provider: QuickBooksOnline) -> port.Provider:
    """For the type checker: everything in the port is here."""
    return provider
