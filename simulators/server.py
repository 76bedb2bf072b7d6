"""HTTP/1.1 over real sockets, with a thread for each connection. It can be unplugged."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from . import control, wire
from .wire import Delivery, Request, Response, json_answer
from .world import CONTROL, World

LARGEST_BODY = 10 * 1024 * 1024


class Server:
    """Serves a world on an address until stopped."""

    def __init__(self, world: World, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.world = world
        self.host, self.port = host, port
        self._listener: _Listener | None = None
        self.plug()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def plugged(self) -> bool:
        return self._listener is not None

    def plug(self) -> None:
        """Listen. After `unplug` on the same port as before."""
        if self._listener:
            return
        self._listener = _Listener((self.host, self.port), self)
        self.port = self._listener.server_address[1]
        loop = threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name="simulators", daemon=True
        )
        loop.start()

    def unplug(self) -> None:
        """Stop listening and reset every open connection: new ones are refused."""
        if self._listener:
            self._listener.shutdown()
            self._listener.hang_up()
            self._listener.server_close()
            self._listener = None

    def unplug_for(self, seconds: float) -> None:
        """Unplug shortly after the answer to this very request, and plug in again by itself."""

        def outage() -> None:
            self.unplug()
            threading.Event().wait(seconds)
            self.plug()

        threading.Timer(0.05, outage).start()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    server_address: tuple[str, int]

    def __init__(self, address: tuple[str, int], server: Server) -> None:
        self.server = server
        self.world = server.world
        self._open: set[socket.socket] = set()
        self.unplugged = False
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""

    def hang_up(self) -> None:
        self.unplugged = True
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                wire.reset_on_close(connection)
                connection.shutdown(socket.SHUT_RD)  # wakes its thread, which then closes it


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the journal knows more, and knows no secrets."""

    def serve(self) -> None:
        """Read one request, have it answered, write the answer."""
        refusal = self._unreadable()
        if self.server.unplugged:  # it came in while the plug was pulled
            delivery = Delivery(Response(), reset=True)
        elif refusal:
            delivery = Delivery(json_answer({"error": f"simulated: {refusal}"}, 501))
            self.close_connection = True
        else:
            delivery = self._deliver(self._read())
        alive = not self.close_connection
        clock = self.server.world.clock
        with contextlib.suppress(OSError):
            alive = wire.send(self.connection, delivery, clock=clock, alive=alive)
        self.close_connection = not alive

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def _deliver(self, request: Request) -> Delivery:
        if request.path.lstrip("/").partition("/")[0] in ("", CONTROL):
            return Delivery(control.answer(self.server.world, self.server.server, request))
        return self.server.world.exchange(request)

    def _unreadable(self) -> str:
        if self.headers.get("Transfer-Encoding"):
            return "bodies need a Content-Length"
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return f"Content-Length must be a number up to {LARGEST_BODY}"
        return ""

    def _read(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        path = self.path.partition("?")[0].partition("#")[0]
        return Request(self.command, self.path, path, headers, body)
