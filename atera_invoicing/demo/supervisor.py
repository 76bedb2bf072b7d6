"""Runs a few programs together: starts them, starts again what dies, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 15.0  # seconds a program gets to end by itself
LONGEST_PAUSE = 30.0  # seconds before a program that keeps dying is tried again
HEALTHY = 30.0  # seconds after which a program counts as started
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Program:
    """One program. Output goes to `log`; `wave` is the order in which programs stop, 0 first."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    wave: int = 0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    retry_at: float = 0.0

    def start(self) -> None:
        """Start it as a process group of its own that dies with us, even if we are killed."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - commands of ours
                self.command,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - we have one thread
            )
        self.started = time.monotonic()

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill_group(self, number: int) -> None:
        """Signal the program and everything that it started."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def die_with_parent() -> None:
    """For a child before it becomes its program: the system kills it when its parent ends."""
    if _libc:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Supervisor:
    """Keeps programs running until it is asked to stop. `say` tells the person at the terminal."""

    def __init__(self, programs: Sequence[Program], *, say: Callable[[str], None]) -> None:
        self.programs = programs
        self.say = say
        self.stopping = False

    def run(self, *, when_started: Callable[[], bool]) -> None:
        """Start all in order, watch, and stop. `when_started` is asked until it says yes."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        announced = False
        try:
            for program in self.programs:
                program.start()
            while not self.stopping:
                announced = announced or when_started()
                self._revive()
                time.sleep(0.2)
        finally:
            self._tell("Stopping.")
            self._stop()

    def _ask_to_stop(self, number: int, frame: object) -> None:
        if self.stopping:  # asked twice: at once
            for program in self.programs:
                program.kill_group(signal.SIGKILL)
        self.stopping = True

    def _revive(self) -> None:
        """Start dead programs again, after a pause that doubles while they keep dying."""
        now = time.monotonic()
        for program in self.programs:
            if program.runs():
                continue
            if not program.retry_at:
                lived = now - program.started
                program.failures = 1 if lived > HEALTHY else program.failures + 1
                pause = min(2.0 ** (program.failures - 1), LONGEST_PAUSE)
                program.retry_at = now + pause
                program.kill_group(signal.SIGKILL)
                self._tell(f"{program.name} stopped; again in {pause:.0f} s. See {program.log}")
            elif now >= program.retry_at:
                program.retry_at = 0.0
                program.start()

    def _stop(self) -> None:
        for wave in sorted({program.wave for program in self.programs}):
            going = [program for program in self.programs if program.wave == wave]
            for program in going:
                if program.process and program.runs():
                    program.process.terminate()
            deadline = time.monotonic() + PATIENCE
            while any(program.runs() for program in going) and time.monotonic() < deadline:
                time.sleep(0.05)
            for program in going:
                program.kill_group(signal.SIGKILL)
                if program.process:
                    program.process.wait()

    def _tell(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            self.say(text)
