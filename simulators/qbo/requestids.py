"""The memory behind `requestid`: a request that was answered is answered the same way again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..once import Memories, Memory
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


class RequestIds(Memories[tuple[str, str], Answer]):
    """Request ids of all companies. Only what reached the company file is remembered: a request
    that was refused at the door (401, 403, 429) or never arrived leaves no trace.
    """

    def __init__(self, switches: Switches) -> None:
        super().__init__()
        self.switches = switches

    def once(
        self, realm: str, id: str, content: bytes, execute: Callable[[], Answer], *, now: datetime
    ) -> Answer:
        """Execute, or give the answer of the first time. Without an id always execute."""
        if not id or self.switches.requestid == "ignored":
            return execute()
        known = self.claim(
            (realm, id), content, now=now, busy=self._busy,
            known=lambda memory, same: self._replay(memory, same=same, now=now),
        )  # fmt: skip
        if known is not None:
            return known
        try:
            answer = execute()
        except BaseException:
            self.settle((realm, id), None)
            raise
        forget = answer.status >= 400 and self.switches.requestid_errors == "forgotten"
        self.settle((realm, id), None if forget or answer.status >= 500 else answer)
        return answer

    def _busy(self, same: bool) -> Answer | None:
        if self.switches.requestid_in_flight == "fault":
            raise Refused("6000", "A request with this requestid is being processed")
        return None

    def _replay(self, memory: Memory[Answer], *, same: bool, now: datetime) -> Answer | None:
        ttl = self.switches.requestid_ttl_seconds
        if ttl and now >= memory.at + timedelta(seconds=ttl):
            return None
        if not same:
            if self.switches.requestid_other_body == "fault":
                raise Refused("2090", "This requestid was used with other content", "requestid")
            if self.switches.requestid_other_body == "execute":
                return None
        return memory.answer

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
