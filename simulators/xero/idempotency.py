"""The memory behind Idempotency-Key: six minutes, of one app, errors included."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..wire import Cut, Response, dump_json
from .refusals import PLAIN_JSON
from .switches import Switches

LONGEST = 128
BROKEN = Response(500, b"An error occurred in Xero.", "text/plain; charset=utf-8")


@dataclass
class Memory:
    """One request: what it was, and its answer once there is one."""

    print: str
    at: datetime
    answer: Response | None = None


class Keys:
    """The keys of all apps. What was refused before it reached the books (401, 403, 429) leaves no
    trace; what was answered is kept, whatever it was.
    """

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.memories: dict[tuple[str, str], Memory] = {}
        self._settled = threading.Condition()

    def once(
        self, app: str, key: str, content: bytes, execute: Callable[[], Response], *, now: datetime
    ) -> Response:
        """Execute, or give the answer of the first time. Without a key always execute."""
        if not key or self.switches.idempotency == "ignored":
            return execute()
        if len(key) > LONGEST:
            return _refusal(f"Idempotency Key: it is longer than {LONGEST} characters.")
        print = hashlib.sha256(content).hexdigest()
        known = self._claim((app, key), print, now)
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
            self._settle((app, key), answer)
        return answer

    def forget(self) -> None:
        """As if the memory had been lost."""
        with self._settled:
            self.memories = {key: m for key, m in self.memories.items() if m.answer is None}

    def _claim(self, id: tuple[str, str], print: str, now: datetime) -> Response | None:
        """The answer of the first time, or None and the key is ours to settle."""
        with self._settled:
            while (memory := self.memories.get(id)) and memory.answer is None:
                if memory.print != print:
                    return _used(id[1])
                self._settled.wait()
            life = timedelta(minutes=self.switches.idempotency_minutes)
            if memory and memory.answer and now < memory.at + life:
                return memory.answer if memory.print == print else _used(id[1])
            self.memories[id] = Memory(print, now)
            return None

    def _settle(self, id: tuple[str, str], answer: Response | None) -> None:
        with self._settled:
            if answer is None:
                self.memories.pop(id, None)
            else:
                self.memories[id].answer = answer
            self._settled.notify_all()

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
