"""Every guess about QuickBooks Online, and every choice a test may want, as a switch.

Where Intuit's documentation is silent or contradicts itself, the simulator doesn't pretend to
know. The default is what the evidence favours, or else what is hardest on a client. An integration
should survive every setting of the switches marked "guess".
`python -m simulators --switches` prints this list.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..switching import Switchboard
from ..switching import switch as _switch


@dataclass
class Switches(Switchboard):
    """The settings of one simulated QuickBooks Online."""

    # Connecting
    consent: str = _switch(
        "ask", "the consent page asks a person, or decides by itself", "ask", "grant", "deny"
    )
    code_reuse_revokes: bool = _switch(
        False, "guess: using a code twice also kills what the first use issued"
    )
    refresh_rotation: str = _switch(
        "daily", "a refresh gives a new refresh token once a day, or each time", "daily", "always"
    )
    refresh_grace_hours: int = _switch(
        0, "guess: how long a superseded refresh token still works (0, or 24 as an old FAQ says)"
    )
    refresh_reuse_revokes: bool = _switch(
        False, "guess: using a dead refresh token revokes the whole connection"
    )
    concurrent_refresh: str = _switch(
        "serve",
        "guess: of two refreshes at once the second is served or refused",
        "serve",
        "refuse",
    )
    unauthorized_body: str = _switch("json", "401 as JSON, or as XML like years ago", "json", "xml")

    # Limits, on the simulated clock
    limits: str = _switch(
        "enforced",
        "requests over a limit get 429, or are only counted as violations",
        "enforced",
        "counted",
    )
    requests_per_minute: int = _switch(500, "per company")
    requests_per_second: int = _switch(10, "per company and app")
    batches_per_minute: int = _switch(40, "guess: per company; Intuit announced 120 in 2025")
    reads_per_month: int = _switch(0, "metered reads of all companies together; 0: no cap")
    throttle_body: str = _switch("json", "guess: 429 as JSON or as XML", "json", "xml")
    retry_after: bool = _switch(False, "guess: 429 has a Retry-After header")

    # requestid
    requestid: str = _switch("honoured", "or ignored as if never sent", "honoured", "ignored")
    requestid_ttl_seconds: int = _switch(0, "guess: how long ids are remembered; 0: for ever")
    requestid_errors: str = _switch(
        "remembered", "guess: whether a refusal is replayed too", "remembered", "forgotten"
    )
    requestid_other_body: str = _switch(
        "replay", "guess: the same id with another body", "replay", "execute", "fault"
    )
    requestid_in_flight: str = _switch(
        "wait", "guess: a second request while the first is being executed", "wait", "fault"
    )
    requestid_lengths: str = _switch("enforced", "50, in batches 36", "enforced", "ignored")

    # Reading
    order_by_id: str = _switch("refuse", "guess: ORDERBY Id", "refuse", "allow")
    too_many_results: str = _switch(
        "refuse", "guess: MAXRESULTS over 1000 is refused or cut down", "refuse", "cap"
    )
    unquoted_numbers: str = _switch(
        "refuse", "guess: numbers without quotes in queries", "refuse", "accept"
    )
    query_lag_seconds: float = _switch(
        0.0, "new records are found by queries and CDC only after so long"
    )
    cdc_time_activity: str = _switch("refuse", "guess: TimeActivity in CDC", "refuse", "answer")

    # Batches
    batch_items: int = _switch(30, "most items in one batch")
    batch_order: str = _switch(
        "shuffled", "items are executed and answered in any order", "shuffled", "kept"
    )

    # Writing
    unknown_property: str = _switch(
        "refuse", "guess: a property that QuickBooks does not know", "refuse", "ignore"
    )
    line_without_item: str = _switch(
        "ignore_amount",
        "guess: becomes a text line, or gets the default item",
        "ignore_amount",
        "default_item",
    )
    missing_line_tax_code: str = _switch(
        "NON",
        "guess: US lines without a tax code are not taxed, or as the item says",
        "NON",
        "item",
    )
    class_tracking_off: str = _switch(
        "ignore",
        "guess: classes and locations sent to a company that does not track them",
        "ignore",
        "refuse",
    )
    tax_override: str = _switch(
        "honour", "guess: a TotalTax sent to an automated-tax company", "honour", "ignore"
    )
    tax_inclusive: str = _switch(
        "net", "guess: with TaxInclusive, Amount is sent net or gross", "net", "gross"
    )
    total_drift: str = _switch("0", "added to the tax of every new invoice: totals that differ")
    several_emails: str = _switch(
        "accept", "guess: a list of addresses in BillEmail", "accept", "refuse"
    )
    us_charset: str = _switch(
        "utf8",
        "guess: characters outside ISO-8859-1 in US companies",
        "utf8",
        "replace",
        "refuse",
    )
    inactive_names: str = _switch(
        "taken",
        "guess: whether the name of an inactive record can be used again",
        "taken",
        "free",
    )
    void_enum_spelling: str = _switch(
        "normal",
        "guess: the answer to a void spells enums like NEED_TO_PRINT",
        "normal",
        "shouted",
    )

    # Webhooks
    webhook_format: str = _switch(
        "cloudevents", "the envelope; legacy until 2026", "cloudevents", "legacy"
    )
    webhook_content_type: str = _switch(
        "application/json", "guess", "application/json", "application/cloudevents+json"
    )
    webhook_void: str = _switch("void", "guess: how the void event is spelt", "void", "voided")
    webhook_case: str = _switch("lower", "guess: updated or Updated", "lower", "capital")
    webhook_extra_fields: bool = _switch(False, "events carry fields that nobody announced")
    webhook_order: str = _switch("kept", "order of the events", "kept", "shuffled")
    webhook_copies: int = _switch(1, "how often each delivery is made, with equal event ids")
    webhook_loss: float = _switch(0.0, "share of the events that are never sent")
    webhook_signature: str = _switch("right", "or one that does not fit", "right", "wrong")
