"""The parent's side: an object per child, and the pool of children that a process keeps warm."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import frames

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
DOCUMENT_SECONDS = 30
LARGEST_ANSWER = 21 * 1024**2
KEPT_VARIABLES = ("PATH", "HOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")


class PressFailed(Exception):
    """The child could not print this document; the next one is not affected."""


class Press:
    """One child. Not for several threads at once; see `Pool`."""

    def __init__(self, css: str, font: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="press-")
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-m", "invoices.press"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=_environment(self.folder),
        )
        self.tired = False
        self._requests, self._answers = _pipes(self.process)
        self._end = weakref.finalize(self, _end, self.process, self.folder)
        self._call([json.dumps({"css": css, "font": font}).encode()], seconds=START_SECONDS)

    def render(self, request: dict[str, str], logo: bytes) -> bytes:
        """The PDF, within `DOCUMENT_SECONDS`; else PressFailed, and this press is closed."""
        return self._call([json.dumps(request).encode(), logo], seconds=DOCUMENT_SECONDS)

    def close(self) -> None:
        self._end()

    @property
    def is_usable(self) -> bool:
        return not self.tired and self.process.poll() is None

    def _call(self, parts: list[bytes], *, seconds: int) -> bytes:
        deadline = time.monotonic() + seconds
        try:
            self._write(frames.pack(*parts), deadline)
            head: dict[str, Any] = json.loads(self._read_frame(deadline))
            pdf = self._read_frame(deadline)
        except (OSError, EOFError, ValueError):
            self.close()
            raise PressFailed("the process that prints was ended by its limits") from None
        except PressFailed:
            self.close()
            raise
        self.tired = head["tired"]
        if not head["ok"]:
            self.close()
            raise PressFailed(head["error"])
        return pdf

    def _write(self, data: bytes, deadline: float) -> None:
        pipe = self._requests
        left = memoryview(data)
        while left:
            _wait([], [pipe], deadline)
            left = left[os.write(pipe, left[:65536]) :]

    def _read_frame(self, deadline: float) -> bytes:
        size = frames.HEADER.unpack(self._read(frames.HEADER.size, deadline))[0]
        if size > LARGEST_ANSWER:
            raise PressFailed("the answer is too large")
        return self._read(size, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            _wait([self._answers], [], deadline)
            chunk = os.read(self._answers, min(size - len(data), 1 << 20))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)


class Pool:
    """Up to `size` warm presses. A press that failed or is tired is replaced by the next caller."""

    def __init__(self, size: int, *, css: str, font: str) -> None:
        self.setup = (css, font)
        self._slots = threading.BoundedSemaphore(size)
        self._warm: list[Press] = []

    def render(self, request: dict[str, str], logo: bytes, *, patience: float = 60) -> bytes:
        """Print on a free press; PressFailed when none becomes free within `patience` seconds."""
        with self._press(patience) as press:
            return press.render(request, logo)

    @contextlib.contextmanager
    def _press(self, patience: float) -> Iterator[Press]:
        if not self._slots.acquire(timeout=patience):
            raise PressFailed("too many documents are being printed at once")
        try:
            press = self._take()
            yield press
            if press.is_usable:
                self._warm.append(press)
            else:
                press.close()
        finally:
            self._slots.release()

    def _take(self) -> Press:
        while self._warm:
            press = self._warm.pop()
            if press.is_usable:
                return press
            press.close()
        return Press(*self.setup)

    def close(self) -> None:
        """End the presses that are free; the next caller starts a new one."""
        while self._warm:
            self._warm.pop().close()

    def forget(self) -> None:
        """In a forked process: let go of the parent's presses without ending them."""
        for press in self._warm:
            press._end.detach()
            for pipe in (press.process.stdin, press.process.stdout):
                if pipe:
                    pipe.close()
        self._warm.clear()


def _wait(read: list[int], write: list[int], deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0 or not any(select.select(read, write, [], left)):
        raise PressFailed("it took too long")


def _environment(folder: str) -> dict[str, str]:
    """No secrets; nothing that could make two runs differ."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, "TMPDIR": folder, "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0"}


def _pipes(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Where to write and where to read; writing never waits for longer than it may."""
    if process.stdin is None or process.stdout is None:
        raise PressFailed("the press has no pipes")
    os.set_blocking(process.stdin.fileno(), False)
    return process.stdin.fileno(), process.stdout.fileno()


def _end(process: subprocess.Popen[bytes], folder: str) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
