"""Memories of requests that carry a key: what was answered the first time, and who is at it now."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")


@dataclass
class Memory(Generic[A]):
    """One request: what it was, and its answer once there is one."""

    print: str
    at: datetime
    answer: A | None = None


class Memories(Generic[K, A]):
    """By key. Somebody who claims a key that is being worked on waits, unless told otherwise."""

    def __init__(self) -> None:
        self.memories: dict[K, Memory[A]] = {}
        self._settled = threading.Condition()

    def claim(
        self,
        key: K,
        content: bytes,
        *,
        now: datetime,
        known: Callable[[Memory[A], bool], A | None],
        busy: Callable[[bool], A | None],
    ) -> A | None:
        """The answer to give, or None and the key is ours to settle. `known` gets a memory with its
        answer, `busy` is asked while another one is at it; both are told whether it is the same
        request. None from them means: execute, or wait.
        """
        print = hashlib.sha256(content).hexdigest()
        with self._settled:
            while (memory := self.memories.get(key)) and memory.answer is None:
                answer = busy(memory.print == print)
                if answer is not None:
                    return answer
                self._settled.wait()
            if memory:
                answer = known(memory, memory.print == print)
                if answer is not None:
                    return answer
            self.memories[key] = Memory(print, now)
            return None

    def settle(self, key: K, answer: A | None) -> None:
        """Keep the answer, or with None forget the key; whoever waits goes on."""
        with self._settled:
            if answer is None:
                self.memories.pop(key, None)
            else:
                self.memories[key].answer = answer
            self._settled.notify_all()

    def forget(self) -> None:
        """As if the memory had been lost."""
        with self._settled:
            self.memories = {key: m for key, m in self.memories.items() if m.answer is None}
