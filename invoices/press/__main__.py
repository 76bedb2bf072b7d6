"""The child: reads requests on standard input, answers on standard output, ends with its input.

An answer is two frames: a JSON head (`ok`, `error`, `tired`), then the PDF. A tired press has grown
or printed a lot, and asks to be replaced.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import resource
import select
import signal
import sys
import warnings
from pathlib import Path
from typing import BinaryIO

from . import frames

MEMORY = 1024**3
CPU_SECONDS = 30
LARGEST_PDF = 20 * 1024**2
LARGEST_FILE = 4 * 1024**2
DOCUMENTS = 400
TIRED_AT = 175 * 1024**2
IDLE_SECONDS = 600


def main() -> None:
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the parent, whose end closes our input
    requests, answers = _private_streams()
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_FSIZE, LARGEST_FILE)
    setup = json.loads(frames.read(requests))
    try:
        warnings.simplefilter("ignore")
        from . import shortcuts  # noqa: PLC0415 - a missing system library is an answer, not a crash
        from .engine import Engine  # noqa: PLC0415

        engine = Engine(setup["css"], setup["font"])
        shortcuts.install()
    except OSError as problem:
        _answer(answers, error=str(problem))
        return
    logging.getLogger("weasyprint").disabled = True
    _answer(answers)
    gc.disable()
    gc.freeze()
    has_grown = False
    for count in range(1, DOCUMENTS + 1):
        if not select.select([requests], [], [], IDLE_SECONDS)[0]:
            return
        head, logo = json.loads(frames.read(requests)), frames.read(requests)
        _limit(resource.RLIMIT_CPU, int(sum(os.times()[:2])) + CPU_SECONDS)
        try:
            look = {"size": head["size"], "color": head["color"], "logo": (head["logo"], logo)}
            pdf = engine.render(head["markup"], **look)
        except (Exception, RecursionError, MemoryError) as problem:  # noqa: BLE001 - told to the parent
            _answer(answers, error=f"{type(problem).__name__}: {problem}"[:500], tired=True)
            return
        if len(pdf) > LARGEST_PDF:
            _answer(answers, error="the PDF is larger than 20 MB", tired=True)
            return
        _answer(answers, pdf=pdf, tired=has_grown or count == DOCUMENTS)
        gc.collect()  # while the parent writes the file
        has_grown = _memory() > TIRED_AT


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes, out of reach of anything that prints."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return os.fdopen(os.dup(0), "rb"), answers


def _answer(stream: BinaryIO, *, pdf: bytes = b"", error: str = "", tired: bool = False) -> None:
    head = json.dumps({"ok": not error, "error": error, "tired": tired}).encode()
    stream.write(frames.pack(head, pdf))
    stream.flush()


def _limit(what: int, soft: int) -> None:
    """Where the system knows the limit; a hard limit below it stays."""
    hard = resource.getrlimit(what)[1]
    try:
        resource.setrlimit(what, (soft if hard == -1 else min(soft, hard), hard))
    except (ValueError, OSError):
        return


def _memory() -> int:
    """Resident bytes now; 0 where the system doesn't say."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0
    return int(statm.read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    try:
        main()
    except (EOFError, BrokenPipeError):
        sys.exit(0)
