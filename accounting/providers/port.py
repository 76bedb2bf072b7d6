"""What an accounting system must do for us, and the words both sides use.

Plain values only: a provider never sees our models, and nothing outside its package sees its wire
format. Money is `Decimal` in the document's currency, dates are days, times are aware.

A provider answers a question with values or raises one of the errors below. It keeps no state,
opens no thread, never retries and never sleeps: when and how often to ask is the caller's business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Protocol


class Kind(StrEnum):
    """Kinds of records that ours are matched with."""

    CUSTOMER = "customer"
    ITEM = "item"
    TAX = "tax"
    ACCOUNT = "account"  # where the income of a new item goes
    PERSON = "person"  # somebody whose time can be recorded: employee or vendor


class Operation(StrEnum):
    """What is done to a document at the provider."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"


class TaxMode(StrEnum):
    """Who computes tax. `PROVIDER`: lines only say taxable or not; `CODES`: a tax code per line."""

    PROVIDER = "provider"
    CODES = "codes"


class Cost(StrEnum):
    """What a request counts as at the provider."""

    READ = "read"
    WRITE = "write"
    CALL = "call"  # a write of many documents at once


def unlimited(cost: Cost) -> None:
    """A budget that always has something left."""


# Connecting ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a consent gives. Secret: never logged, shown, or sent anywhere but to the provider."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_expires_at: dt.datetime
    refresh_expires_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What a call needs: the company, a valid access token, and what the adapter remembers of it.

    `facts` are the company's facts as `company()` returned them (currency, preferences), with what
    somebody chose for it: `options` of the provider's own, and `income_account_id`, where sales go
    that name no account. The adapter calls `spend` right before each request; what it raises stops
    the call there.
    """

    company_id: str
    access: str = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)
    spend: Callable[[Cost], None] = field(default=unlimited, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Company:
    """A company file that a consent opened. `facts` is JSON-ready and only the adapter reads it."""

    id: str
    name: str
    country: str = ""
    currency: str = ""
    tax_modes: tuple[TaxMode, ...] = (TaxMode.CODES,)  # allowed ones, the default first
    takes_numbers: bool = True  # it keeps the numbers that we send
    untaxed_id: str = ""  # the tax code of what is not taxed, where each line bears a code
    closed_through: dt.date | None = None  # nothing may be dated on or before
    takes_time: bool = False  # billable time can be pushed without an invoice
    url: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    """What people there call a company and the records of each kind, one and many of them."""

    company: str
    customer: str
    customers: str
    item: str
    items: str
    tax: str
    taxes: str
    account: str
    accounts: str
    person: str = "person"
    people: str = "people"
    own_numbers: str = "numbers from outside"  # the setting that lets us number

    def one(self, kind: Kind) -> str:
        """A record of this kind: "tax rate"."""
        return str(getattr(self, kind.value))

    def many(self, kind: Kind) -> str:
        """Records of this kind: "tax rates"."""
        plural = {Kind.TAX: self.taxes, Kind.PERSON: self.people}
        return plural.get(kind) or str(getattr(self, f"{kind.value}s"))


@dataclass(frozen=True, slots=True)
class Option:
    """Something that a person may choose for a connection: values with what they mean, the default
    first. What was chosen comes back to the adapter as `facts["options"][key]`.
    """

    key: str
    label: str
    values: tuple[tuple[str, str], ...]
    help: str = ""


# Records ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """A customer, item, tax, account or person at the provider.

    `name` is what people see there ("Parent:Child" for a sub-customer). `price` and `sku` are an
    item's, `percent` a tax's, `email` and the address rows a customer's, `type` an account's or
    person's. `currency` is the only one that a customer can be billed in; "" where there are more.
    Where an `id` may be changed there, or pass to another record, `identity` stays; `merged_into`
    is the id of the record that an inactive one became part of.
    """

    kind: Kind
    id: str
    name: str
    version: str = ""
    active: bool = True
    type: str = ""
    email: str = ""
    phone: str = ""
    address: tuple[str, ...] = ()  # street, street2, city, region, postal code, country
    currency: str = ""
    sku: str = ""
    price: Decimal | None = None
    percent: Decimal | None = None
    contact: str = ""  # a customer's person, as written
    link_only: bool = False  # ours may be linked with it, but it makes no record of ours
    identity: str = ""
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to create. `account_id` is the income account of an item; `currency` a customer's,
    where it has one for good.
    """

    kind: Kind
    name: str
    email: str = ""
    phone: str = ""
    address: tuple[str, ...] = ()
    currency: str = ""
    sku: str = ""
    description: str = ""
    price: Decimal | None = None
    service: bool = True
    account_id: str = ""


# Documents ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Without an `item_id` it is text only. `net` = quantity x price less the discount.

    `tax_id` is the provider's tax code; "" means not taxed. `tax` is what we computed.
    """

    description: str
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    net: Decimal
    tax: Decimal
    item_id: str
    tax_id: str
    taxable: bool


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice as it goes to the provider. `uid` is ours; `marker` stands in the document there,
    which is recognised by it. `remote_id` and `remote_version` name the document that an update or
    void changes.
    """

    uid: str
    number: str  # "" lets the provider number it
    customer_id: str
    date: dt.date
    due_date: dt.date
    currency: str
    email: str
    message: str
    tax_mode: TaxMode
    lines: tuple[Line, ...]
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    marker: str
    remote_id: str = ""
    remote_version: str = ""


@dataclass(frozen=True, slots=True)
class TimeDocument:
    """Billable time that goes to the provider without an invoice."""

    uid: str
    person_id: str
    customer_id: str
    item_id: str
    date: dt.date
    minutes: int
    hourly_rate: Decimal
    description: str
    marker: str
    remote_id: str = ""
    remote_version: str = ""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A call that can be repeated to the byte: body, and the key under which the provider
    recognises a repeat. `places` names, per document and in its order, its place in the call.
    """

    operation: Operation
    body: bytes
    key: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A document as the provider has it now. The balance of time is what is not billed there. A
    `draft` counts there only once somebody approves it.
    """

    id: str
    number: str
    version: str
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    balance: Decimal
    url: str
    content: Mapping[str, str | list[dict[str, str]]]  # normal form for comparison, see below
    draft: bool = False


# Normal form of an invoice's content, in which two versions of it are compared: a dict with keys
# customer_id, number, date, due_date, currency, email, message, subtotal, tax, total and lines, the
# last a list of dicts with description, quantity, unit_price, discount, net, item_id, tax_id. All
# values are text; amounts have 2 decimals, quantities and prices no trailing zeros. What is not in
# here may change at the provider without anybody being told.


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document of a call: a receipt, or the error that stopped it. `reference`
    is what the provider's support asks for.
    """

    receipt: Receipt | None = None
    error: ProviderError | None = None
    reference: str = ""


class State(StrEnum):
    OPEN = "open"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    VOIDED = "voided"
    DELETED = "deleted"
    MISSING = "missing"  # it was there, and now nobody there knows it: what was known still counts
    UNREADABLE = "unreadable"  # the answer about this one makes no sense; nothing else is known


@dataclass(frozen=True, slots=True)
class Settlement:
    """Money, or a credit, that the provider applied to one of its invoices.

    One payment may settle several invoices; then it comes once for each. `id` is the payment's.
    """

    id: str
    invoice_id: str
    amount: Decimal
    date: dt.date
    credit: bool = False
    method: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """An invoice as it stands at the provider. `content` is None for a deleted one."""

    id: str
    state: State
    version: str = ""
    number: str = ""
    subtotal: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    balance: Decimal = Decimal(0)
    settlements: tuple[Settlement, ...] = ()
    content: Mapping[str, Any] | None = None
    url: str = ""
    draft: bool = False  # as in a receipt

    @property
    def is_gone(self) -> bool:
        """Whether it no longer counts there."""
        return self.state in (State.VOIDED, State.DELETED)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a cursor, and the cursor to ask with next time.

    `complete` is False when there is more than one answer can hold: ask again with the new cursor.
    `payments_gone` are ids of payments that were deleted or voided. `credits` are ids of credits
    that changed: what they settled before they may settle no longer, and their invoices need not
    be among `statuses`.
    """

    statuses: tuple[Status, ...]
    cursor: str
    complete: bool = True
    payments_gone: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doorbell:
    """A change notice from outside: only a hint that a company changed."""

    company_id: str
    key: str  # the same notice again has the same key
    kind: str  # the provider's word for what changed: "invoice", "payment", ...
    id: str  # of the record that changed
    event: str  # what happened to it, in the provider's words
    of_invoice: bool = False  # the id is an invoice's: only one of ours is worth a look


# Budget -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """What the provider allows one company, already with a margin.

    `per_minute` counts requests, `calls_per_minute` calls of `send`, `per_day` and `per_second`
    requests, `reads_per_month` requests that change nothing (0: no limit). `batch` is the most
    documents in one call. `settle` is how long a request may still take effect after we gave up on
    it. `look` is what a look for changes costs in requests when there are few, and `look_at_once`
    how many ids one request of `get` has room for.
    """

    per_minute: int
    calls_per_minute: int
    per_day: int
    batch: int
    settle: dt.timedelta
    per_second: int = 0
    reads_per_month: int = 0
    look: int = 1
    look_at_once: int = 200


# Errors -------------------------------------------------------------------------------------------


class ProviderError(Exception):
    """A call that did not succeed. `code` is the provider's own; `reference` is what its support
    asks for. The text is safe to show and free of secrets.
    """

    def __init__(self, message: str, *, code: str = "", reference: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reference = reference


class Unavailable(ProviderError):
    """Surely not executed; try again after `retry_after` seconds (None: the caller decides).

    `whole_company`: every other request would be refused as well until then.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        whole_company: bool = False,
        code: str = "",
        reference: str = "",
    ) -> None:
        super().__init__(message, code=code, reference=reference)
        self.retry_after = retry_after
        self.whole_company = whole_company


class Unknown(ProviderError):
    """Perhaps executed: the answer was lost, unreadable or came too late. `found_id` names the
    document that is surely there, although what is said of it can't be read.
    """

    def __init__(
        self, message: str, *, found_id: str = "", code: str = "", reference: str = ""
    ) -> None:
        super().__init__(message, code=code, reference=reference)
        self.found_id = found_id


class Unauthorized(ProviderError):
    """The access token is not accepted. `final`: only a new consent helps."""

    def __init__(
        self, message: str, *, final: bool = False, code: str = "", reference: str = ""
    ) -> None:
        super().__init__(message, code=code, reference=reference)
        self.final = final


class Reason(StrEnum):
    """Why a document was rejected: what happened, and so who can mend it."""

    NUMBER_TAKEN = "number_taken"
    STALE = "stale"  # changed at the other end since we last saw it
    GONE = "gone"  # deleted at the other end
    REFERENCE = "reference"  # customer, item, tax or account is missing or inactive there
    PERIOD_CLOSED = "period_closed"
    TAX = "tax"
    AMOUNT = "amount"
    CURRENCY = "currency"
    NAME_TAKEN = "name_taken"
    TOO_LONG = "too_long"
    NOT_ALLOWED = "not_allowed"  # rights, subscription
    SETTLED = "settled"  # paid or deposited, can't be changed
    OTHER = "other"


class Rejected(ProviderError):
    """Surely not executed, and the same again would be refused again: somebody must change
    something.

    `found_id` names the document that already has the number, where the provider tells.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Reason = Reason.OTHER,
        field: str = "",
        found_id: str = "",
        code: str = "",
        reference: str = "",
    ) -> None:
        super().__init__(message, code=code, reference=reference)
        self.reason = reason
        self.field = field
        self.found_id = found_id


class Insufficient(Rejected):
    """A consent that was given and does not cover what we need. Its `tokens` are good all the same:
    whoever asked gives `companies` back, or they stay open there and nobody knows of it.
    """

    def __init__(self, message: str, *, tokens: Tokens, companies: Sequence[Company]) -> None:
        super().__init__(message, reason=Reason.NOT_ALLOWED, code="scope")
        self.tokens = tokens
        self.companies = companies


# Status back --------------------------------------------------------------------------------------


Ours = Callable[[Collection[str]], Collection[str]]  # which of these ids are of invoices of ours


def everybodys(ids: Collection[str]) -> Collection[str]:
    """All of them, as if every invoice there were ours."""
    return ids


# The port -----------------------------------------------------------------------------------------


class Provider(Protocol):
    """Everything an accounting system does for us. Each provider does all of it."""

    key: ClassVar[str]  # short: it stands in addresses and rows
    name: ClassVar[str]  # what people call it
    words: ClassVar[Words]
    tax_method: ClassVar[str]  # how it rounds tax: "per_line", or "per_rate" over all of its lines
    holds: ClassVar[frozenset[str]]  # which of "email" and "message" it keeps with an invoice
    one_currency: ClassVar[bool]  # a customer there has one currency, for good
    keeps_numbers: ClassVar[bool]  # that of a voided or deleted invoice can't be used again

    @property
    def limits(self) -> Limits: ...

    # Connecting. `redirect_uri` must be the same in both steps.
    def authorize_url(self, *, state: str, redirect_uri: str) -> str: ...

    def exchange(
        self, answer: Mapping[str, str], *, redirect_uri: str
    ) -> tuple[Tokens, list[Company]]:
        """Turn the query of the callback into tokens and the companies that it opened (their facts
        may be empty: `company` reads them). `Insufficient` when it does not cover what we need."""
        ...

    def refresh(self, tokens: Tokens) -> Tokens:
        """New tokens. `Unauthorized(final=True)` when only a new consent helps; any other error
        leaves the old ones usable."""
        ...

    def revoke(self, tokens: Tokens, *, company_id: str) -> None:
        """End our access to this company there; "": to those that the consent behind these tokens
        opened. Access that has ended already is no error."""
        ...

    def company(self, session: Session) -> Company: ...

    def options(self, facts: Mapping[str, Any]) -> tuple[Option, ...]:
        """What a person may choose for a company with these facts. Pure."""
        ...

    # References.
    def records(self, session: Session, kind: Kind) -> list[Record]:
        """All records of a kind, inactive ones too, in no particular order."""
        ...

    def create(self, session: Session, record: NewRecord, *, key: str) -> Record:
        """Create a record, or return the one that an earlier call with this key created.
        `Rejected(NAME_TAKEN)` with `found_id` where the provider tells who has the name."""
        ...

    def create_many(
        self, session: Session, records: Sequence[NewRecord], *, key: str
    ) -> list[Record | ProviderError]:
        """Create up to `Limits.batch` records of one kind in one call; what became of each, in
        order. Raises when all share one fate."""
        ...

    # Documents.
    def check(
        self, document: Document | TimeDocument, *, facts: Mapping[str, Any]
    ) -> list[Rejected]:
        """Why the provider would refuse to create this document, as far as that can be said without
        asking it. Pure. Whether its records still exist there is not looked at."""
        ...

    def preview(
        self, operation: Operation, document: Document, *, facts: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The document as it will stand there when it is created or updated, in the normal form of
        content, without what only the provider knows: sums it computes, a number it gives. Pure."""
        ...

    def freeze(
        self,
        operation: Operation,
        documents: Sequence[Document | TimeDocument],
        *,
        key: str,
        facts: Mapping[str, Any],
    ) -> Frozen:
        """The call that does this to these documents: pure, and the same bytes for the same values.
        `facts` are the company's. Documents of one call are of one type."""
        ...

    def send(self, session: Session, call: Frozen) -> list[Outcome]:
        """Make the call; an outcome per document, in order. Raises when all share one fate. What
        can't be read of one document is `Unknown` for that one only. The same call again returns
        the first one's outcomes as long as the provider knows its key."""
        ...

    def find(
        self, session: Session, documents: Sequence[Document | TimeDocument]
    ) -> list[Receipt | Unknown | None]:
        """For each document the one at the provider that bears its marker, else None. Never one
        that merely has the same number. `Unknown` for one that is there and can't be read."""
        ...

    def get(self, session: Session, ids: Sequence[str]) -> dict[str, Status]:
        """These invoices as they stand now, each of them; DELETED where the provider says so, and
        MISSING where it knows nothing of one and would if it had merely been deleted."""
        ...

    def numbered(self, session: Session, numbers: Sequence[str]) -> list[Status]:
        """The invoices there that bear one of these numbers, whoever made them."""
        ...

    # Status back.
    def changes(
        self, session: Session, cursor: str, *, at: dt.datetime, ours: Ours = everybodys
    ) -> Changes:
        """What changed since the cursor, with an overlap: the same change may come twice and none
        is missed; "" begins now. A cursor too old to be answered raises `Rejected(OTHER)`
        with code "cursor_too_old": sweep with `get` instead, then begin anew. Of invoices that
        are not `ours` nothing need be told, and they are not asked for."""
        ...

    def doorbells(self, body: bytes, headers: Mapping[str, str]) -> list[Doorbell]:
        """The notices in a webhook whose signature is right; `Unauthorized` when it is not. Header
        names are lower case. Notices of unknown kinds are left out."""
        ...

    def url_of(self, company_id: str, remote_id: str, *, facts: Mapping[str, Any]) -> str:
        """Where a person finds the invoice at the provider. `facts` are the company's."""
        ...
