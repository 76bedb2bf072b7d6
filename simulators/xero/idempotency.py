"""The memory behind Idempotency-Key: six minutes, of one app, errors included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ..once import Memories, Memory
from ..wire import Cut, Response, dump_json
from .refusals import PLAIN_JSON
from .switches import Switches

LONGEST = 128
BROKEN = Response(500, b"An error occurred in Xero.", "text/plain; charset=utf-8")


class Keys(Memories[tuple[str, str], Response]):
    """The keys of all apps. What was refused before it reached the books (401, 403, 429) leaves no
    trace; what was answered is kept, whatever it was.
    """

    def __init__(self, switches: Switches) -> None:
        super().__init__()
        self.switches = switches

    def once(
        self, app: str, key: str, content: bytes, execute: Callable[[], Response], *, now: datetime
    ) -> Response:
        """Execute, or give the answer of the first time. Without a key always execute."""
        if not key or self.switches.idempotency == "ignored":
            return execute()
        if len(key) > LONGEST:
            return _refusal(f"Idempotency Key: it is longer than {LONGEST} characters.")
        known = self.claim(
            (app, key), content, now=now, busy=lambda same: None if same else _used(key),
            known=lambda memory, same: self._replay(key, memory, same=same, now=now),
        )  # fmt: skip
        if known is not None:
            return known
        answer = None
        try:
            answer = execute()
        except Cut:
            if self.switches.idempotency_after_cut == "error":
                answer = BROKEN
            raise
        finally:
            self.settle((app, key), answer)
        return answer

    def _replay(
        self, key: str, memory: Memory[Response], *, same: bool, now: datetime
    ) -> Response | None:
        if now >= memory.at + timedelta(minutes=self.switches.idempotency_minutes):
            return None
        return memory.answer if same else _used(key)

    def dump(self) -> list[dict[str, Any]]:
        return [
            {"app": app, "key": key, "print": memory.print, "at": memory.at.isoformat(),
             "status": memory.answer.status, "body": memory.answer.body.decode(),
             "type": memory.answer.content_type, "headers": dict(memory.answer.headers)}
            for (app, key), memory in self.memories.items() if memory.answer
        ]  # fmt: skip

    def load(self, kept: list[dict[str, Any]]) -> None:
        for each in kept:
            body = each["body"].encode()
            answer = Response(each["status"], body, each["type"], each["headers"])
            at = datetime.fromisoformat(each["at"])
            self.memories[each["app"], each["key"]] = Memory(each["print"], at, answer)


def _used(key: str) -> Response:
    return _refusal(f"Idempotency Key: {key} is used with a different request.")


def _refusal(message: str) -> Response:
    body = {"ErrorNumber": 17, "Type": "IdempotencyKeyException", "Message": message}
    return Response(400, dump_json(body), PLAIN_JSON)
