"""Every guess about Xero, and every choice a test may want, as a switch.

Where Xero's documentation is silent or contradicts itself, the simulator doesn't pretend to know.
The default is what the evidence favours, or else what is hardest on a client. An integration
should survive every setting of the switches marked "guess".
`python -m simulators --switches` prints this list.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..switching import Switchboard, switch


@dataclass
class Switches(Switchboard):
    """The settings of one simulated Xero."""

    # Connecting
    consent: str = switch(
        "ask", "the consent page asks a person, or decides by itself (grant: every organisation)",
        "ask", "grant", "deny",
    )  # fmt: skip
    app_generation: str = switch(
        "granular", "scopes that apps may ask for: since 2 March 2026 granular ones only",
        "granular", "broad", "both",
    )  # fmt: skip
    code_seconds: int = switch(300, "guess: how long an authorisation code lives")
    refresh_grace_minutes: int = switch(30, "how long a spent refresh token still works")
    concurrent_refresh: str = switch(
        "serve", "guess: of two refreshes at once the second is served, in the grace, or refused",
        "serve", "refuse",
    )  # fmt: skip
    token_extra_keys: bool = switch(False, "token answers carry session_state as well")
    id_token: bool = switch(True, "token answers carry an id_token when openid was asked for")
    problem_case: str = switch(
        "mixed", "guess: 401 is spelt Detail and 403 detail, or both one way",
        "mixed", "lower", "capital",
    )  # fmt: skip
    items_scope: str = switch(
        "settings", "guess: Items need accounting.settings, or accounting.invoices will do",
        "settings", "either",
    )  # fmt: skip

    # Limits, on the simulated clock
    limits: str = switch(
        "enforced", "requests over a limit get 429, or are only counted as violations",
        "enforced", "counted",
    )  # fmt: skip
    app_tier: str = switch(
        "core", "1,000 calls a day for an organisation on starter, 5,000 on all others",
        "starter", "core", "plus", "advanced",
    )  # fmt: skip
    calls_per_minute: int = switch(60, "per organisation and app")
    calls_per_day: int = switch(0, "per organisation and app; 0: what the tier says")
    calls_at_once: int = switch(5, "per organisation and app")
    app_calls_per_minute: int = switch(10_000, "of one app for all organisations together")
    day_begins: str = switch(
        "utc", "guess: the daily limit is counted from midnight UTC, or from the first call",
        "utc", "first_call",
    )  # fmt: skip
    concurrent_retry_after: bool = switch(False, "guess: the concurrent problem has a Retry-After")
    connections_per_app: int = switch(0, "0: what the tier says")

    # Idempotency-Key
    idempotency: str = switch("honoured", "or ignored as if never sent", "honoured", "ignored")
    idempotency_minutes: int = switch(6, "how long a key is remembered, from its first use")
    idempotency_after_cut: str = switch(
        "forgotten", "guess: a key whose request broke off within Xero is free, or replays a 500",
        "forgotten", "error",
    )  # fmt: skip

    # Writing
    unknown_property: str = switch(
        "refuse", "a property that the simulator does not know: refused loudly, or ignored as Xero "
        "does", "refuse", "ignore",
    )  # fmt: skip
    unknown_parameter: str = switch(
        "refuse", "the same for a parameter of the address", "refuse", "ignore"
    )
    without_accept: str = switch(
        "refuse", "without Accept Xero answers XML, which is not simulated: 501, or JSON all the "
        "same", "refuse", "json",
    )  # fmt: skip
    batch_siblings: str = switch(
        "saved", "guess: with summarizeErrors on, valid elements beside a bad one are saved",
        "saved", "lost",
    )  # fmt: skip
    deleted_numbers: str = switch(
        "taken", "guess: whether the number of a deleted invoice can be used again",
        "taken", "free",
    )  # fmt: skip
    number_case: str = switch(
        "ignored", "guess: INV-1 and inv-1 are the same number, or two", "ignored", "told_apart"
    )
    ties: str = switch(
        "half_up", "guess: how half a cent is rounded; the examples say up", "half_up", "half_even"
    )
    total_drift: str = switch("0", "added to the tax of every new invoice: totals that differ")
    attachment_megabytes: int = switch(25, "guess: largest attachment; older pages say 3")
    batch_elements: int = switch(
        0, "most elements in one call; 0: only the size of the body counts"
    )
    largest_body_megabytes: float = switch(10.0, "larger requests get 413")
    number_in_path: str = switch(
        "refuse", "guess: GET /Invoices/<number>, as old pages of Xero allow", "refuse", "allow"
    )
    discount_places: str = switch(
        "2", "guess: how many places Xero keeps of a DiscountRate; no page says", "2", "4"
    )
    named_lines: str = switch(
        "kept", "guess: what is left out of a line that is sent with its LineItemID stays, or goes",
        "kept", "replaced",
    )  # fmt: skip
    url_form: str = switch(
        "as_sent", "guess: a Url is given back as it was sent, or as a library would write it: host"
        " in lower case, no needless port or escapes", "as_sent", "normal",
    )  # fmt: skip
    void_answer_amount: str = switch(
        "kept", "the answer to a void still shows the AmountDue, or 0 at once", "kept", "zero"
    )
    exchange_rate_warning: str = switch("0.05", "a CurrencyRate further off than this share warns")

    # Reading
    query_lag_seconds: float = switch(
        0.0, "guess: lists show a new invoice, or what was changed of one, only after so long"
    )
    payments_bump: bool = switch(
        True, "guess: a payment or a credit changes UpdatedDateUTC of the invoice"
    )
    longest_url: int = switch(2_083, "guess: longer addresses get 414; about 52 ids fit")
    pagination: bool = switch(True, "paged lists say how many pages there are, as since 2025")

    # Webhooks
    webhook_payment_events: str = switch(
        "none", "guess: a payment makes an INVOICE UPDATE event, or none", "none", "update"
    )
    webhook_categories: str = switch(
        "INVOICE CONTACT CREDITNOTE", "subscribed categories, with spaces between them"
    )
    webhook_order: str = switch("kept", "order of the events", "kept", "shuffled")
    webhook_copies: int = switch(1, "how often each delivery is made")
    webhook_loss: float = switch(0.0, "share of the events that are never sent")
    webhook_signature: str = switch(
        "right", "or one that does not fit, or a byte changed after signing",
        "right", "wrong", "tampered",
    )  # fmt: skip
