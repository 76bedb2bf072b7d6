"""The port, spoken to Xero. Each method is one errand and keeps nothing."""

from __future__ import annotations

import datetime as dt
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
    Unknown,
    Words,
)
from accounting.providers.port import TimeDocument as Time

from . import checking, companies, finding, following, lists, mapping, notices, previewing
from .client import Client, client
from .oauth import OAuth
from .sending import Errand

# Xero allows 60 requests a minute and so many a day, which depends on the plan of the app. A key is
# remembered for six minutes; before they are over we look for what it did.
LIMITS = Limits(
    per_minute=58,
    calls_per_minute=58,
    per_day=1000,
    batch=50,
    settle=dt.timedelta(minutes=4),
    look=following.REQUESTS,
    look_at_once=finding.AT_ONCE,
)


class Xero:
    """A `port.Provider`."""

    key: ClassVar[str] = "xero"
    name: ClassVar[str] = "Xero"
    words: ClassVar[Words] = Words(
        company="organisation",
        customer="contact",
        customers="contacts",
        item="item",
        items="items",
        tax="tax rate",
        taxes="tax rates",
        account="revenue account",
        accounts="revenue accounts",
    )
    tax_method: ClassVar[str] = "per_line"
    one_currency: ClassVar[bool] = False
    holds: ClassVar[frozenset[str]] = frozenset()
    keeps_numbers: ClassVar[bool] = True

    def __init__(
        self, *, oauth: OAuth, api: str, app: str, home: str, webhook_keys: Sequence[str],
        limits: Limits = LIMITS,
    ) -> None:  # fmt: skip
        self.limits = limits
        self._oauth = oauth
        self._api = api
        self._app = app
        self._home = home
        self._webhook_keys = webhook_keys

    # Connecting

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        return self._oauth.authorize_url(state=state, redirect_uri=redirect_uri)

    def exchange(
        self, answer: Mapping[str, str], *, redirect_uri: str
    ) -> tuple[Tokens, list[Company]]:
        """One consent may open several organisations."""
        if answer.get("error"):
            raise Rejected(
                "The consent was not given in Xero, so nothing is connected.",
                reason=Reason.NOT_ALLOWED,
                code=answer["error"][:40],
            )
        code = answer.get("code", "")
        if not code:
            raise Rejected("Xero sent no consent. Connect again.", code="callback")
        state = answer.get("state", "")
        tokens = self._oauth.exchange(code, state=state, redirect_uri=redirect_uri)
        return tokens, self._oauth.companies(tokens.access)

    def refresh(self, tokens: Tokens) -> Tokens:
        return self._oauth.refresh(tokens.refresh)

    def revoke(self, tokens: Tokens, *, company_id: str) -> None:
        self._oauth.revoke(tokens, company_id=company_id)

    def company(self, session: Session) -> Company:
        with self._client(session) as xero:
            return companies.read(xero, session.company_id, app=self._app)

    def options(self, facts: Mapping[str, Any]) -> tuple[Option, ...]:
        return companies.options(facts)

    # Records

    def records(self, session: Session, kind: Kind) -> list[Record]:
        with self._client(session) as xero:
            return lists.read(xero, kind)

    def create(self, session: Session, record: NewRecord, *, key: str) -> Record:
        with self._client(session) as xero:
            return lists.create(xero, record, key=key)

    def create_many(
        self, session: Session, records: Sequence[NewRecord], *, key: str
    ) -> list[Record | port.ProviderError]:
        with self._client(session) as xero:
            return lists.create_many(xero, records, key=key)

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
        return mapping.freeze(operation, documents, key=key, facts=facts, home=self._home)

    def send(self, session: Session, call: Frozen) -> list[Outcome]:
        with self._client(session) as xero:
            return Errand(xero, self._url(session)).make(call)

    def find(
        self, session: Session, documents: Sequence[Document | Time]
    ) -> list[Receipt | Unknown | None]:
        invoices = [each for each in documents if isinstance(each, Document)]
        with self._client(session) as xero:
            rows = finding.match(xero, invoices)
            errand = Errand(xero, self._url(session))
            found = {uid: errand.seen(row) for uid, row in rows.items()}
        return [found.get(document.uid) for document in documents]

    def get(self, session: Session, ids: Sequence[str]) -> dict[str, Status]:
        with self._client(session) as xero:
            return following.get(xero, ids, url=self._url(session))

    def numbered(self, session: Session, numbers: Sequence[str]) -> list[Status]:
        with self._client(session) as xero:
            return following.numbered(xero, numbers, url=self._url(session))

    # Status back

    def changes(
        self, session: Session, cursor: str, *, at: dt.datetime, ours: Ours = port.everybodys
    ) -> Changes:
        with self._client(session) as xero:
            return following.changes(xero, cursor, now=at, ours=ours, url=self._url(session))

    def doorbells(self, body: bytes, headers: Mapping[str, str]) -> list[Doorbell]:
        notices.verify(body, headers, self._webhook_keys)
        return notices.read(body)

    def url_of(self, company_id: str, remote_id: str, *, facts: Mapping[str, Any]) -> str:
        """Through the log-in of this organisation: people may have several."""
        page = f"/AccountsReceivable/View.aspx?InvoiceID={remote_id}"
        code = facts.get("short_code")
        if not code:
            return f"{self._app}{page}"
        return f"{self._app}/organisationlogin/default.aspx?shortcode={code}&redirecturl={page}"

    def _client(self, session: Session) -> AbstractContextManager[Client]:
        return client(self._api, session)

    def _url(self, session: Session) -> Callable[[str], str]:
        return lambda id: self.url_of(session.company_id, id, facts=session.facts)


def _typed(provider: Xero) -> port.Provider:
    """For the type checker: everything in the port is here."""
    return provider
