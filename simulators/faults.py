"""What can go wrong between two computers, armed on purpose and counted.

A fault strikes at one of three moments:

    arrival   before anything was done: the request is lost, late, or answered by somebody else
    commit    while the work is under way, its identity already known to the server
    answer    after the work was done and kept: the answer is lost, late, broken or replaced

A service may tell of further moments in its work with `Request.reach`; its own faults use them.
One request is struck by one armed fault at most, in the order in which they were armed.
"""

from __future__ import annotations

import fnmatch
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from .clock import Clock
from .wire import Cut, Delivery, Request, Response

KINDS = ("write", "read", "token", "page")
UNAVAILABLE = "<html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass(frozen=True)
class Struck:
    """What a fault may look at."""

    request: Request
    clock: Clock
    position: int = 0  # how far the work has come, where a service counts


@dataclass(frozen=True)
class Fault:
    """A kind of fault. `act` gets a `Struck`, at the stage "answer" a Delivery, and the options."""

    stage: str
    about: str
    act: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Rule:
    """An armed fault: which requests it strikes, how often, and how often it has."""

    number: int
    app: str
    name: str
    fault: Fault
    on: str
    times: int | None
    skip: int
    chance: float
    until: datetime | None
    options: dict[str, Any]
    dice: random.Random
    hits: int = 0

    def strikes(self, app: str, kind: str, request: Request, now: datetime) -> bool:
        """Whether this request is one of ours; counts it."""
        spent = self.times is not None and self.hits >= self.times
        late = self.until is not None and now >= self.until
        if spent or late or app != self.app or not self._matches(kind, request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.dice.random() >= self.chance:
            return False
        self.hits += 1
        return True

    def _matches(self, kind: str, request: Request) -> bool:
        if self.on in ("any", kind):
            return True
        shown = f"{request.method} {request.path}?{request.target.partition('?')[2]}"
        return fnmatch.fnmatchcase(shown.lower(), self.on.lower() + "*")

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.number, "app": self.app, "fault": self.name, "on": self.on,
            "times": self.times, "skip": self.skip, "chance": self.chance, "hits": self.hits,
            "until": self.until.isoformat() if self.until else None, **self.options,
        }  # fmt: skip


class Faults:
    """The armed faults of all apps."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.rules: list[Rule] = []
        self._lock = threading.Lock()
        self._count = 0

    def arm(
        self,
        app: str,
        known: Mapping[str, Fault],
        name: str,
        *,
        on: str = "write",
        times: int | None = 1,
        skip: int = 0,
        chance: float = 1.0,
        seed: int = 0,
        for_seconds: float | None = None,
        **options: Any,
    ) -> Rule:
        """Let `name` strike the next `times` requests (None: until disarmed) of the kind `on`:
        "write", "read", "token", "any", or a pattern such as "POST /v3/company/*/invoice*".

        `skip` lets some pass first, `chance` with `seed` strikes at random but repeatably, and
        `for_seconds` ends it on the simulated clock. ValueError for what does not exist.
        """
        fault = known.get(name)
        if fault is None:
            raise ValueError(f"There is no fault {name!r}. There are: {', '.join(sorted(known))}.")
        if unknown := options.keys() - fault.options.keys():
            raise ValueError(f"The fault {name!r} has no option {', '.join(sorted(unknown))}.")
        if on not in (*KINDS, "any") and " " not in on:
            raise ValueError(f"on={on!r} is none of {', '.join(KINDS)}, any, nor 'METHOD /path*'.")
        until = self.clock.now() + timedelta(seconds=for_seconds) if for_seconds else None
        with self._lock:
            self._count += 1
            rule = Rule(
                self._count, app, name, fault, on, None if for_seconds else times, skip, chance,
                until, {**fault.options, **options}, random.Random(seed),  # noqa: S311 - dice
            )  # fmt: skip
            self.rules.append(rule)
        return rule

    def disarm(self, number: int | None = None) -> None:
        """Take back one rule, or all."""
        with self._lock:
            self.rules = [rule for rule in self.rules if number not in (None, rule.number)]

    def strike(self, app: str, kind: str, request: Request) -> Rule | None:
        """The armed fault that strikes this request, if any."""
        now = self.clock.now()
        with self._lock:
            return next((r for r in self.rules if r.strikes(app, kind, request, now)), None)


def on_arrival(rule: Rule | None, struck: Struck) -> Response | None:
    """An answer instead of any work, or None to go on. May sleep; may raise Cut."""
    if rule is None or rule.fault.stage != "arrival":
        return None
    answer: Response | None = rule.fault.act(struck, **rule.options)
    return answer


def on_reach(rule: Rule | None, struck: Struck, stage: str) -> None:
    """The work has reached a stage, usually "commit"."""
    if rule is not None and rule.fault.stage == stage:
        rule.fault.act(struck, **rule.options)


def on_answer(rule: Rule | None, struck: Struck, delivery: Delivery) -> Delivery:
    if rule is None or rule.fault.stage != "answer":
        return delivery
    spoilt: Delivery = rule.fault.act(struck, delivery, **rule.options)
    return spoilt


def _cut(struck: Struck, *, reset: bool) -> None:
    raise Cut(reset=reset)


def _hang(struck: Struck, *, seconds: float, reset: bool) -> None:
    struck.clock.sleep(seconds)
    raise Cut(reset=reset)


def _sleep(struck: Struck, *, seconds: float) -> None:
    struck.clock.sleep(seconds)


def _instead(
    struck: Struck, *, status: int, body: str, content_type: str, headers: Mapping[str, str]
) -> Response:
    return Response(status, body.encode(), content_type, headers)


def _replaced(struck: Struck, delivery: Delivery, **options: Any) -> Delivery:
    return replace(delivery, response=_instead(struck, **options))


def _late(struck: Struck, delivery: Delivery, *, seconds: float) -> Delivery:
    struck.clock.sleep(seconds)
    return delivery


def _spoilt(struck: Struck, delivery: Delivery, **options: Any) -> Delivery:
    return replace(delivery, **options)


def _emptied(struck: Struck, delivery: Delivery) -> Delivery:
    return replace(delivery, response=replace(delivery.response, body=b""))


def _mislabelled(struck: Struck, delivery: Delivery, *, content_type: str) -> Delivery:
    return replace(delivery, response=replace(delivery.response, content_type=content_type))


_SERVER_ERROR = {"status": 503, "body": UNAVAILABLE, "content_type": "text/html", "headers": {}}
_TIMEOUT = {"status": 504, "body": "stream timeout", "content_type": "text/plain", "headers": {}}
_REDIRECT = {
    "status": 302, "body": "", "content_type": "text/html",
    "headers": {"Location": "http://127.0.0.1:9/elsewhere"},
}  # fmt: skip

COMMON: dict[str, Fault] = {
    "drop_request": Fault(
        "arrival", "the connection closes before anything was done", _cut, {"reset": False}
    ),
    "reset_request": Fault(
        "arrival", "the connection is reset before anything was done", _cut, {"reset": True}
    ),
    "hang": Fault(
        "arrival", "silence, then the connection ends; nothing was done", _hang,
        {"seconds": 30, "reset": True},
    ),
    "delay_request": Fault(
        "arrival", "the request arrives late, perhaps after its own retry", _sleep, {"seconds": 5}
    ),
    "server_error": Fault("arrival", "an HTML error; nothing was done", _instead, _SERVER_ERROR),
    "redirect": Fault("arrival", "sends the client elsewhere", _instead, _REDIRECT),
    "slow_commit": Fault(
        "commit", "the work takes long; a retry meets it in flight", _sleep, {"seconds": 5}
    ),
    "lose_answer": Fault(
        "answer", "done, but the connection closes without an answer", _spoilt, {"cut": True}
    ),
    "reset_answer": Fault(
        "answer", "done, but the connection is reset instead of an answer", _spoilt,
        {"reset": True},
    ),
    "truncate_answer": Fault(
        "answer", "done, but only the beginning of the body gets through", _spoilt, {"keep": 0.5}
    ),
    "drip_answer": Fault(
        "answer", "done, and the answer comes byte by byte", _spoilt, {"bytes_per_second": 20.0}
    ),
    "delay_answer": Fault("answer", "done, and the answer comes late", _late, {"seconds": 5}),
    "error_after_commit": Fault(
        "answer", "done, but the answer is an error", _replaced, _TIMEOUT
    ),
    "empty_answer": Fault("answer", "done, but the body is empty", _emptied),
    "wrong_content_type": Fault(
        "answer", "done, but the body is labelled as something else", _mislabelled,
        {"content_type": "text/html"},
    ),
}  # fmt: skip
