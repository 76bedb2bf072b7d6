"""Downloads of many invoices."""

from __future__ import annotations

import io
import zipfile

import pytest
from pypdf import PdfReader

from atera_invoicing.errors import Refused
from invoices import downloads, pdf
from invoices.models import Download
from tests import make

from .test_lifecycle import NOW, freestyle, issued

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(bool(pdf.available()), reason=pdf.available() or "PDF"),
]


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def make_download(kind: str, *invoices) -> Download:
    row = downloads.start(kind, [i.pk for i in invoices], name="October", by=make.user(), now=NOW)
    assert downloads.work(row.pk, now=NOW)
    row.refresh_from_db()
    return row


def test_one_pdf_holds_every_invoice_in_order():
    row = make_download("pdf", issued(), issued(), freestyle())
    pages = PdfReader(downloads.path(row)).pages
    texts = [page.extract_text() for page in pages]
    assert len(texts) == 3
    assert "INV-00001" in texts[0]
    assert "INV-00002" in texts[1]
    assert (row.done_steps, row.problem) == (3, "")


def test_a_zip_names_its_files_after_the_numbers():
    row = make_download("zip", issued(), freestyle(), freestyle())
    with zipfile.ZipFile(downloads.path(row)) as archive:
        names = archive.namelist()
        assert names[0] == "INV-00001.pdf"
        assert len(set(names)) == 3
        assert PdfReader(io.BytesIO(archive.read(names[0]))).pages


def test_a_download_goes_on_where_a_killed_worker_stopped(tmp_path):
    first, second = issued(), issued()
    make_download("pdf", first)
    printed = {file: file.stat().st_ino for file in (tmp_path / "pdf-cache").iterdir()}
    make_download("pdf", first, second)
    kept = {file: file.stat().st_ino for file in printed}
    assert kept == printed
    assert len(list((tmp_path / "pdf-cache").iterdir())) == 2


def test_nobody_works_on_a_finished_download_again():
    row = make_download("pdf", issued())
    assert not downloads.work(row.pk, now=NOW)


def test_an_empty_or_huge_choice_is_refused():
    for ids in ([], range(3000)):
        with pytest.raises(Refused):
            downloads.start("pdf", ids, name="x", by=make.user(), now=NOW)


def test_an_invoice_that_can_not_be_printed_is_named_and_the_others_are_there(monkeypatch):
    good, long = issued(), issued()
    monkeypatch.setattr(pdf, "MOST_LINES", 1)
    line = long.lines.get()
    line.pk, line.position = None, 2
    line.save()
    row = make_download("zip", good, long)
    with zipfile.ZipFile(downloads.path(row)) as archive:
        assert archive.namelist() == [f"{good.number}.pdf"]
    assert long.number in row.problem
    assert row.done_steps == 2
