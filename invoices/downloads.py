"""Files of many invoices, made in the background: one PDF, or a ZIP of PDFs.

The `Download` row is the job. Finished PDFs wait in a cache under the hash of their content, so a
worker that dies loses the invoice it was printing and nothing else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from atera_invoicing import bulk, leases
from atera_invoicing.errors import Refused
from atera_invoicing.models import User

from . import events, pdf
from .models import Download, Invoice
from .paper import Paper, of_many

MOST = 2000
CHUNK = 20
KEPT = dt.timedelta(days=30)


def start(
    kind: str, invoice_ids: Iterable[int], *, name: str, by: User, now: dt.datetime
) -> Download:
    """Ask for a file; it is made in the background."""
    ids = list(invoice_ids)
    if not ids:
        raise Refused("nothing_chosen", "Choose at least one invoice.")
    if len(ids) > MOST:
        raise Refused(
            "too_many", f"A download holds {MOST} invoices. Choose fewer, or take the CSV."
        )
    if problem := pdf.available():
        raise Refused("pdf_unavailable", problem)
    return Download.objects.create(
        kind=kind, name=name[:120], invoice_ids=ids, total_steps=len(ids), run_at=now,
        created_at=now, created_by=by
    )  # fmt: skip


def work(download_id: int, *, now: dt.datetime) -> bool:
    """Make the file. False if somebody else is at it, or nothing is to do."""
    download = leases.claim(Download.objects.all(), download_id, owner=leases.me(), now=now)
    if download is None:
        return False
    clock = leases.Clock(now)
    pages: list[tuple[str, Path]] = []
    problems: list[str] = []
    for some in bulk.chunks(download.invoice_ids, CHUNK):
        _print(some, pages, problems)
        Download.objects.filter(pk=download.pk).update(done_steps=len(pages) + len(problems))
        if not leases.keep(download, now=clock.now()):
            return False
    download.file = _assemble(download, pages) if pages else ""
    download.problem = " ".join(problems)[:300]
    Download.objects.filter(pk=download.pk, owner=download.owner).update(
        file=download.file, problem=download.problem
    )
    _prune(now)
    return leases.release(download)


def path(download: Download) -> Path:
    """Where the finished file is."""
    return settings.MEDIA_ROOT / download.file


def note(invoice: Invoice, *, by: User, now: dt.datetime) -> None:
    """Write down that somebody took the PDF of an issued invoice. That is not an export."""
    if invoice.is_draft:
        return
    Invoice.objects.filter(pk=invoice.pk).update(downloaded_at=now)
    events.log(invoice, "downloaded", "Downloaded as PDF.", by=by, at=now)


def stored(paper: Paper) -> Path:
    """The PDF of a paper as a file, printed now or before."""
    file = _folder("pdf-cache") / f"{_content_hash(paper)}.pdf"
    if not file.exists():
        _write(file, pdf.render(paper))
    file.touch()
    return file


def _print(ids: Sequence[int], pages: list[tuple[str, Path]], problems: list[str]) -> None:
    """Print some invoices on every core; one that can't be printed is named and left out."""
    papers = of_many(ids)
    with ThreadPoolExecutor(pdf.PRESSES) as threads:
        for paper, outcome in zip(papers, threads.map(_attempt, papers), strict=True):
            if isinstance(outcome, Refused):
                problems.append(outcome.message)
            else:
                pages.append((paper.number, outcome))


def _attempt(paper: Paper) -> Path | Refused:
    try:
        return stored(paper)
    except Refused as refused:
        return refused


def _assemble(download: Download, pages: list[tuple[str, Path]]) -> str:
    """Put the PDFs into one file; its place below MEDIA_ROOT."""
    file = _folder("downloads") / f"{download.uid}.{download.kind}"
    unfinished = file.with_suffix(".part")
    if download.kind == Download.Kind.ZIP:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            for name, source in _named(pages):
                archive.write(source, f"{name}.pdf")
    else:
        _merge(unfinished, [source for _, source in pages])
    unfinished.replace(file)
    return str(file.relative_to(settings.MEDIA_ROOT))


def _named(pages: list[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """File names from numbers; drafts share one and are counted."""
    seen: dict[str, int] = {}
    for number, source in pages:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", number).strip("-") or "invoice"
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}-{seen[name]}"), source


def _merge(target: Path, sources: list[Path]) -> None:
    from pypdf import PdfWriter  # noqa: PLC0415 - slow to import, and only workers need it

    with PdfWriter() as writer:
        for source in sources:
            writer.append(source)
        writer.write(target)


def _content_hash(paper: Paper) -> str:
    return hashlib.sha256(f"{_engine()}{paper!r}".encode()).hexdigest()


@cache
def _engine() -> str:
    """What else decides the bytes: WeasyPrint, our template and our press."""
    home = Path(settings.BASE_DIR)
    files = [*home.glob("templates/invoices/*paper*"), *home.glob("invoices/press/*.py")]
    return version("weasyprint") + "".join(file.read_text() for file in sorted(files))


def _folder(name: str) -> Path:
    folder = Path(settings.MEDIA_ROOT) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(file: Path, content: bytes) -> None:
    unfinished = file.with_suffix(f".{time.monotonic_ns()}")
    unfinished.write_bytes(content)
    unfinished.replace(file)


def _prune(now: dt.datetime) -> None:
    """Files that nobody asked for in a month go; issued invoices can be printed again, byte for
    byte.
    """
    oldest = (now - KEPT).timestamp()
    for folder in (_folder("pdf-cache"), _folder("downloads")):
        for file in folder.iterdir():
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)
