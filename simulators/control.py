"""What lies below /__sim/: pages for a person, and an API for tests and scripts.

    GET    /__sim/             what is simulated, the clock, the newest requests
    GET    /__sim/ledger       what the services hold
    GET    /__sim/journal      exchanges; ?app= ?kind= ?after=<number>
    GET    /__sim/faults       armed faults, and which there are
    POST   /__sim/faults       {"app": "qbo", "fault": "lose_answer", "times": 1, ...}
    DELETE /__sim/faults       disarm all
    POST   /__sim/clock        {"move": {"days": 1}}, {"set": "2026-11-30T08:00Z"}, {"frozen": true}
    POST   /__sim/reset        back to the beginning
    POST   /__sim/unplug       {"seconds": 5}: refuse connections for so long
    POST   /__sim/<app>/<verb> a verb of that app, its arguments as JSON
    GET    /__sim/<app>/...    pages of that app

Answers to POST are {"result": ...}, or 400 with {"error": ...}.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import faults
from .html import page, table, tag
from .wire import Request, Response, html_answer, json_answer, load_json
from .world import App, World

if TYPE_CHECKING:
    from .server import Server

SHOWN = 200  # exchanges on a page or in one answer


def answer(world: World, server: Server, request: Request) -> Response:
    """One request of a person or a test. Pages of other sites may not press buttons here."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        return json_answer({"error": "Not from another site."}, 403)
    path = request.path.removeprefix("/__sim").strip("/")
    if path == "style.css":
        sheet = files("simulators").joinpath("style.css").read_bytes()
        return Response(200, sheet, "text/css; charset=utf-8")
    name, _, rest = path.partition("/")
    app = world.apps.get(name)
    try:
        if app is not None:
            return _of_app(world, app, rest, request)
        return _of_world(world, server, path, request)
    except ValueError as refused:
        return json_answer({"error": str(refused)}, 400)
    except Exception:  # noqa: BLE001 - our own bug, told to everybody
        return world.confess()


def _of_app(world: World, app: App, rest: str, request: Request) -> Response:
    wants_page = "application/json" not in request.headers.get("content-type", "")
    if request.method == "GET" or wants_page:
        response = app.page(request)
    else:
        result = app.control(rest, _arguments(request))
        response = json_answer({"result": result})
    world.touch()
    return response


def _of_world(world: World, server: Server, path: str, request: Request) -> Response:
    actions: dict[tuple[str, str], Callable[[], Any]] = {
        ("GET", "ledger"): lambda: {name: app.ledger() for name, app in world.apps.items()},
        ("GET", "journal"): lambda: _journal(world, request.query),
        ("GET", "faults"): lambda: _faults(world),
        ("POST", "faults"): lambda: _arm(world, _arguments(request)),
        ("DELETE", "faults"): world.faults.disarm,
        ("POST", "clock"): lambda: _clock(world, _arguments(request)),
        ("POST", "reset"): world.reset,
        ("POST", "unplug"): lambda: server.unplug_for(float(_arguments(request)["seconds"])),
    }
    if (request.method, path) == ("GET", ""):
        return html_answer(_overview(world))
    action = actions.get((request.method, path))
    if action is None:
        return json_answer({"error": f"simulated: no {request.method} /__sim/{path}"}, 404)
    return json_answer({"result": action()})


def _arguments(request: Request) -> dict[str, Any]:
    sent = load_json(request.body or b"{}")
    if not isinstance(sent, dict):
        raise ValueError("The arguments are a JSON object.")
    return sent


def _journal(world: World, query: dict[str, str]) -> list[dict[str, Any]]:
    after = int(query.get("after", "0"))
    chosen = [
        each.describe()
        for each in world.journal
        if each.number > after
        and query.get("app", each.app) == each.app
        and query.get("kind", each.kind) == each.kind
    ]
    return chosen[:SHOWN] if after else chosen[-SHOWN:]


def _faults(world: World) -> dict[str, Any]:
    known = {
        name: {
            fault: {"stage": spec.stage, "about": spec.about, "options": dict(spec.options)}
            for fault, spec in {**faults.COMMON, **app.faults}.items()
        }
        for name, app in world.apps.items()
    }
    return {"armed": [rule.describe() for rule in world.faults.rules], "known": known}


def _arm(world: World, arguments: dict[str, Any]) -> dict[str, Any]:
    """JSON's fractions come as decimals, for money; here they are seconds and odds."""
    arguments = {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in arguments.items()
    }
    app, name = arguments.pop("app", ""), arguments.pop("fault", "")
    if app not in world.apps:
        raise ValueError(f"There is no app {app!r}. There are: {', '.join(world.apps)}.")
    return world.arm(app, name, **arguments).describe()


def _clock(world: World, arguments: dict[str, Any]) -> dict[str, Any]:
    if "set" in arguments:
        world.clock.set(datetime.fromisoformat(arguments["set"]))
    if "move" in arguments:
        world.clock.move(**{unit: float(value) for unit, value in arguments["move"].items()})
    if "frozen" in arguments:
        (world.clock.freeze if arguments["frozen"] else world.clock.run)()
    return {"now": world.clock.now().isoformat(), "frozen": world.clock.frozen}


def _overview(world: World) -> str:
    services = [
        tag("li", tag("a", app.title, href=f"/__sim/{name}/")) for name, app in world.apps.items()
    ]
    now = f"{world.clock.now():%Y-%m-%d %H:%M:%S} UTC{', standing still' * world.clock.frozen}"
    rows = [
        [
            str(each.number), f"{each.at:%H:%M:%S}", each.app, f"{each.method} {each.path}",
            str(each.status or "none"), each.fault,
        ]
        for each in reversed(list(world.journal)[-50:])
    ]  # fmt: skip
    armed = [
        tag("li", f"{rule.name} on {rule.on}, struck {rule.hits} times")
        for rule in world.faults.rules
    ]
    body = [
        tag("h1", "Simulated services"), tag("p", f"Simulated time: {now}"),
        tag("ul", *services, class_="cards"),
    ]  # fmt: skip
    if armed:
        body += [tag("h2", "Armed faults"), tag("ul", *armed)]
    body.append(tag("h2", "Newest requests"))
    heads = ["#", "Time", "Service", "Request", "Status", "Fault"]
    body.append(table(heads, rows, numbers=(0, 4)) if rows else tag("p", "None so far."))
    return page("Simulated services", *body)
