"""Paper to PDF, by a child process that may be killed. The one place that knows how.

The same paper gives the same bytes, as long as WeasyPrint and its libraries stay the same.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ctypes import CDLL, util
from pathlib import Path

import fontpkg_inter
from django.template.loader import render_to_string

from atera_invoicing.errors import Refused

from .paper import Paper
from .press.client import Pool, PressFailed

NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PRESSES = max(1, min(4, os.cpu_count() or 1))
MOST_LINES = 1000
LIBRARIES = {
    "Pango": ("libpango-1.0.so.0", "libpango-1.0.dylib", "pango-1.0"),
    "PangoFT2": ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "pangoft2-1.0"),
    "HarfBuzz": ("libharfbuzz.so.0", "libharfbuzz.0.dylib", "harfbuzz"),
}
INSTALL = (
    "PDF needs {missing} on the server: apt-get install --no-install-recommends libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core (Debian, Ubuntu) or "
    "brew install pango (macOS)."
)


def available() -> str:
    """Empty when PDFs can be made, else one sentence that says what to install."""
    missing = [name for name, files in LIBRARIES.items() if not _loads(files)]
    return INSTALL.format(missing=" and ".join(missing)) if missing else ""


def render(paper: Paper) -> bytes:
    """The PDF of one paper. Refused with `pdf_unavailable`, `pdf_too_long` or `pdf_failed`."""
    if problem := available():
        raise Refused("pdf_unavailable", problem)
    if len(paper.lines) > MOST_LINES:
        raise Refused(
            "pdf_too_long",
            f"{paper.number} has {len(paper.lines)} lines; a PDF holds {MOST_LINES}. "
            "Bill at a coarser level, or download the lines as CSV.",
        )
    try:
        return pool().render(*order(paper))
    except PressFailed as problem:
        raise Refused(  # type: ignore[misc]  # mypy mistakes the press for its __main__
            "pdf_failed",
            f"The PDF of {paper.number} could not be made: {problem}. "
            "Shorten very long texts and try again.",
        ) from problem


def render_many(papers: Iterable[Paper]) -> Iterator[bytes]:
    """The PDFs in the order of the papers, on every core. The first refusal ends it."""
    with ThreadPoolExecutor(PRESSES) as threads:
        yield from threads.map(render, papers)


def order(paper: Paper) -> tuple[dict[str, str], bytes]:
    """What the press is told, and the picture that goes with it."""
    request = {
        "markup": markup(paper),
        "size": paper.size,
        "color": paper.color,
        "logo": paper.logo.name if paper.logo else "none",
    }
    return request, paper.logo.png if paper.logo else b""


def markup(paper: Paper) -> str:
    """The paper as well-formed markup. Characters that XML doesn't know are no text."""
    logo_src = f"asset:{paper.logo.name}" if paper.logo else ""
    text = render_to_string("invoices/paper.html", {"paper": paper, "logo_src": logo_src})
    return NO_TEXT.sub("", text)


@functools.cache
def pool() -> Pool:
    """This process's presses, started on first use. A fork starts its own."""
    font = next((Path(fontpkg_inter.__file__).parent / "files").glob("Inter[[]*.ttf"))
    presses = Pool(PRESSES, css=render_to_string("invoices/paper.css"), font=str(font))
    os.register_at_fork(after_in_child=functools.partial(_after_fork, presses))
    return presses


def _after_fork(presses: Pool) -> None:
    presses.forget()
    pool.cache_clear()


def _loads(files: tuple[str, ...]) -> bool:
    return any(_opens(file) for file in files[:-1]) or bool(util.find_library(files[-1]))


@functools.lru_cache
def _opens(file: str) -> bool:
    try:
        CDLL(file)
    except OSError:
        return False
    return True
