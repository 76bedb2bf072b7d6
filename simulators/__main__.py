"""`python -m simulators`: serve the simulated services until stopped."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from .qbo.scenarios import SCENARIOS
from .qbo.switches import Switches
from .running import Keeper, Simulators, start
from .xero.regions import REGIONS
from .xero.switches import Switches as XeroSwitches


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    options = _parser().parse_args(arguments)
    if options.switches:
        for title, board in (("QuickBooks Online", Switches), ("Xero", XeroSwitches)):
            sys.stdout.write(f"{title}\n{board.describe()}\n\n")
        return 0
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    running = start(
        host=options.host, port=options.port, scenarios=options.company or list(SCENARIOS),
        redirect_uris=options.redirect_uri, client_id=options.client_id,
        client_secret=options.client_secret, public_url=options.public_url, history=True,
        xero=_of_xero(options), **Switches.parse(options.switch),
    )  # fmt: skip
    keeper = Keeper(running.world, options.data) if options.data else None
    if keeper:
        keeper.load()
        keeper.start()
    if options.webhook:
        running.qbo.subscribe(options.webhook, options.verifier_token, background=True)
    if options.xero_webhook:
        running.xero.subscribe(options.xero_webhook, options.xero_webhook_key, background=True)
    _announce(running)
    done.wait()
    if keeper:
        keeper.stop()
    running.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=int, default=8750, help="(%(default)s)")
    add("--data", type=Path, help="folder that keeps the companies across restarts")
    add("--company", action="append", choices=list(SCENARIOS), help="company files (all)")
    add("--client-id", default="", help="of the app that may connect (made up)")
    add("--client-secret", default="", help="(made up)")
    add("--redirect-uri", action="append", default=[], help="where consent may lead back to")
    add("--public-url", default="", help="where a browser finds /qbo, if not where clients do")
    add("--webhook", default="", help="address to tell what happens")
    add("--verifier-token", default="verify-me", help="secret of the webhook signature")
    add("--switch", action="append", default=[], metavar="NAME=VALUE", help="set a switch")
    add("--organisation", action="append", choices=list(REGIONS), help="of Xero (nz and us)")
    add("--xero-client-id", default="", help="of the app that may connect to Xero (made up)")
    add("--xero-client-secret", default="", help="(made up)")
    add("--xero-webhook", default="", help="address to tell what happens in Xero")
    add("--xero-webhook-key", default="sign-me", help="key of the webhook signature")
    add("--xero-switch", action="append", default=[], metavar="NAME=VALUE", help="set a switch")
    add("--switches", action="store_true", help="list all switches and end")
    return parser


def _of_xero(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "organisations": options.organisation or ["nz", "us"], "history": True,
        "client_id": options.xero_client_id, "client_secret": options.xero_client_secret,
        **XeroSwitches.parse(options.xero_switch),
    }  # fmt: skip


def _announce(running: Simulators) -> None:
    qbo, xero = running.qbo, running.xero
    lines = [
        f"Pages        {running.url}/__sim/", f"API          {qbo.api_url}",
        f"Discovery    {qbo.discovery_url}", f"Client id    {qbo.client_id}",
        f"Xero         {xero.app.base_url} (instead of login, identity and api.xero.com)",
        f"Its client   {xero.client_id}",
    ]  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
