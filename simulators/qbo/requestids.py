"""The memory behind `requestid`: a request that was answered is answered the same way again."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .refusals import Refused
from .switches import Switches

LONGEST = 50
LONGEST_IN_BATCH = 36
LONGEST_BID = 10


@dataclass(frozen=True)
class Answer:
    """What was answered: HTTP status and body, as text so that it can be kept."""

    status: int
    body: str


@dataclass
class Memory:
    """One request: what it was, and its answer once there is one."""

    print: str
    at: datetime
    answer: Answer | None = None


class RequestIds:
    """Request ids of all companies. Only what reached the company file is remembered: a request
    that was refused at the door (401, 403, 429) or never arrived leaves no trace.
    """

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.memories: dict[tuple[str, str], Memory] = {}
        self._settled = threading.Condition()

    def once(
        self, realm: str, id: str, content: bytes, execute: Callable[[], Answer], *, now: datetime
    ) -> Answer:
        """Execute, or give the answer of the first time. Without an id always execute."""
        if not id or self.switches.requestid == "ignored":
            return execute()
        print = hashlib.sha256(content).hexdigest()
        known = self._claim((realm, id), print, now)
        if known is not None:
            return known
        try:
            answer = execute()
        except BaseException:
            self._settle((realm, id), None)
            raise
        forget = answer.status >= 400 and self.switches.requestid_errors == "forgotten"
        self._settle((realm, id), None if forget or answer.status >= 500 else answer)
        return answer

    def forget(self) -> None:
        """As if the memory had been lost."""
        with self._settled:
            self.memories = {key: m for key, m in self.memories.items() if m.answer is None}

    def _claim(self, key: tuple[str, str], print: str, now: datetime) -> Answer | None:
        """The answer of the first time, or None and the id is ours to settle."""
        with self._settled:
            while (memory := self.memories.get(key)) and memory.answer is None:
                if self.switches.requestid_in_flight == "fault":
                    raise Refused("6000", "A request with this requestid is being processed")
                self._settled.wait()
            if memory and self._fresh(memory, now) and memory.answer:
                known = self._replay(memory, print)
                if known is not None:
                    return known
            self.memories[key] = Memory(print, now)
            return None

    def _fresh(self, memory: Memory, now: datetime) -> bool:
        ttl = self.switches.requestid_ttl_seconds
        return not ttl or now < memory.at + timedelta(seconds=ttl)

    def _replay(self, memory: Memory, print: str) -> Answer | None:
        if memory.print != print:
            if self.switches.requestid_other_body == "fault":
                raise Refused("2090", "This requestid was used with other content", "requestid")
            if self.switches.requestid_other_body == "execute":
                return None
        return memory.answer

    def _settle(self, key: tuple[str, str], answer: Answer | None) -> None:
        with self._settled:
            if answer is None:
                self.memories.pop(key, None)
            else:
                self.memories[key].answer = answer
            self._settled.notify_all()

    def dump(self) -> list[dict[str, Any]]:
        return [
            {"realm": realm, "id": id, "print": memory.print, "at": memory.at.isoformat(),
             "status": memory.answer.status, "body": memory.answer.body}
            for (realm, id), memory in self.memories.items() if memory.answer
        ]  # fmt: skip

    def load(self, kept: list[dict[str, Any]]) -> None:
        for each in kept:
            answer = Answer(each["status"], each["body"])
            at = datetime.fromisoformat(each["at"])
            self.memories[each["realm"], each["id"]] = Memory(each["print"], at, answer)


def check_length(id: str, *, batch: bool, switches: Switches) -> None:
    """50 characters, in a batch 36."""
    longest = LONGEST_IN_BATCH if batch else LONGEST
    if len(id) > longest and switches.requestid_lengths == "enforced":
        detail = f"Min:0 Max:{longest} supported. Supplied length:{len(id)}"
        raise Refused("2050", detail, "requestid")
