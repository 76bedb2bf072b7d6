"""One simulated world: a clock, a journal, armed faults, and the services that live in it."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from . import faults as stages
from .clock import Clock
from .faults import Fault, Faults, Rule, Struck
from .journal import Exchange, Journal, note
from .wire import Cut, Delivery, Request, Response, json_answer

CONTROL = "__sim"


class App(Protocol):
    """A simulated service. Everything below /<name>/ is its own."""

    name: str
    title: str
    faults: Mapping[str, Fault]

    def join(self, world: World) -> None:
        """The world that it lives in from now on."""

    def kind(self, request: Request) -> str:
        """Which of `faults.KINDS` this request is."""

    def answer(self, request: Request) -> Response:
        """The service itself."""

    def control(self, verb: str, arguments: dict[str, Any]) -> Any:
        """What tests and people do to it: seed, switch, act as a person. ValueError refuses."""

    def page(self, request: Request) -> Response:
        """Pages for a person, below /__sim/<name>/."""

    def ledger(self) -> Any:
        """What it holds, for a test that compares books."""

    def reset(self) -> None:
        """Back to the beginning."""

    def dump(self) -> bytes:
        """Everything to keep across a restart, of one moment."""

    def load(self, kept: bytes) -> None:
        """Go on from what was kept."""

    def close(self) -> None:
        """End what runs in the background."""


class World:
    """Takes a request through journal, faults and the service that it is meant for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.journal = Journal()
        self.faults = Faults(clock)
        self.apps: dict[str, App] = {}
        self.errors: list[str] = []  # our own bugs: tests fail on them
        self.changes = 0  # grows with everything that may have changed something
        self._lock = threading.Lock()

    def add(self, app: App) -> None:
        self.apps[app.name] = app
        app.join(self)

    def arm(self, app: str, name: str, **options: Any) -> Rule:
        """Arm a fault of this app; see `Faults.arm`."""
        return self.faults.arm(app, {**stages.COMMON, **self.apps[app].faults}, name, **options)

    def reset(self) -> None:
        """Forget everything that happened, and all armed faults. The clock stays."""
        self.faults.disarm()
        self.journal.clear()
        for app in self.apps.values():
            app.reset()
        self.touch()

    def touch(self) -> None:
        with self._lock:
            self.changes += 1

    def exchange(self, request: Request) -> Delivery:
        """The answer to a request, and how it leaves."""
        name, _, rest = request.path.lstrip("/").partition("/")
        app = self.apps.get(name)
        if app is None:
            there = ", ".join(f"/{known}/" for known in (*self.apps, CONTROL))
            return Delivery(json_answer({"error": f"simulated: there is only {there}"}, 404))
        request = replace(request, path=f"/{rest}")
        kind = app.kind(request)
        entry = self.journal.open(name, kind, request, self.clock.now())
        rule = self.faults.strike(name, kind, request)
        entry.fault = rule.name if rule else ""
        try:
            delivery = self._through(app, request, rule, entry)
        except Cut as cut:
            return Delivery(Response(), cut=True, reset=cut.reset)
        if not (delivery.cut or delivery.reset):
            note(entry, delivery.response)
        return delivery

    def _through(self, app: App, request: Request, rule: Rule | None, entry: Exchange) -> Delivery:
        struck = Struck(request, self.clock)
        instead = stages.on_arrival(rule, struck)
        if instead is not None:
            return Delivery(instead)

        def reach(stage: str, position: int = 0) -> None:
            stages.on_reach(rule, replace(struck, position=position), stage)

        request = replace(request, reach=reach)
        response = self._work(app, request)
        if entry.kind != "read":
            self.touch()
        entry.done = True
        return stages.on_answer(rule, struck, Delivery(response))

    def _work(self, app: App, request: Request) -> Response:
        try:
            return app.answer(request)
        except Cut:
            raise
        except Exception:  # noqa: BLE001 - our own bug, told to everybody
            return self.confess()

    def confess(self) -> Response:
        """Keep the exception that is being handled, and answer with it."""
        self.errors.append(traceback.format_exc())
        return json_answer({"simulator_bug": self.errors[-1].splitlines()}, 500)
