"""Reading what spreadsheets write, and writing what they can't run."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atera_invoicing import cells, csvfiles
from atera_invoicing.errors import Refused

TEXT = "Name,Town\nMüller,Köln\n"
RUNS = "=+-@\t\r\n＝＋－＠"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_spreadsheets_are_read(encoding):
    table = csvfiles.read(TEXT.encode(encoding))
    assert table.header == ["Name", "Town"]
    assert table.rows == [csvfiles.Row(2, ["Müller", "Köln"])]


@pytest.mark.parametrize(
    "content",
    [TEXT.encode("latin-1"), TEXT.encode("utf-16-le"), b"PK\x03\x04rest", b"a,b\n\x00,1\n"],
)
def test_another_encoding_is_refused_with_the_way_out(content):
    with pytest.raises(Refused, match="Save the file as CSV UTF-8") as refused:
        csvfiles.read(content)
    assert refused.value.code == "file_encoding"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_separator_is_recognised(mark):
    content = f'Name{mark}Notes{mark}{mark}\n"A,B;C"{mark}x{mark}{mark}\n'.encode()
    table = csvfiles.read(content)
    assert table.header == ["Name", "Notes"]
    assert csvfiles.fit(table.rows[0], 2) == ["A,B;C", "x"]


def test_rows_know_the_line_where_they_begin():
    table = csvfiles.read(b'a,b\n"two\nlines",1\n\n,\nx,2\n')
    assert [row.line for row in table.rows] == [2, 6]


def test_a_ragged_row_is_told_how_long_it_should_be():
    with pytest.raises(ValueError, match="3 cells, the header has 2"):
        csvfiles.fit(csvfiles.Row(2, ["a", "b", "c"]), 2)
    with pytest.raises(ValueError, match="1 cells"):
        csvfiles.fit(csvfiles.Row(2, ["a"]), 2)


def test_files_that_are_empty_too_large_too_long_or_broken_are_refused(monkeypatch):
    for content, code in [
        (b"", "file_empty"),
        (b" \n,\n", "file_empty"),
        (b"a" * (csvfiles.MAX_BYTES + 1), "file_too_large"),
        (b"a\n" + b"1\n" * (csvfiles.MAX_ROWS + 1), "file_too_long"),
        (b'a,b\n"open,1\n', "file_malformed"),
    ]:
        with pytest.raises(Refused) as refused:
            csvfiles.read(content)
        assert refused.value.code == code


def test_headers_match_whatever_their_case_blanks_and_underscores():
    known = {"first_name": ["given name"], "is_main": []}
    assert csvfiles.match(["GIVEN_NAME", "Is Main"], known=known, required=["first_name"]) == [
        "first_name",
        "is_main",
    ]


def test_unknown_repeated_and_missing_columns_are_all_named():
    with pytest.raises(Refused) as refused:
        csvfiles.match(["A", "a", "Colour"], known={"a": [], "b": []}, required=["b"])
    assert refused.value.facts == {"unknown": ["Colour"], "repeated": ["a"], "missing": ["b"]}
    for word in ("Colour", "twice: a", "Missing columns: b"):
        assert word in refused.value.message


@given(
    st.text(alphabet=" \u00a0\u200b\ufeff", max_size=3),
    st.sampled_from(RUNS),
    st.text(max_size=12),
)
@settings(max_examples=300)
def test_no_cell_begins_like_a_formula(blanks, first, rest):
    text = blanks + first + rest
    (found,) = next(csv.reader(io.StringIO(csvfiles.line([text]), newline="")))
    assert found.startswith("'")
    assert found[1:].replace("'", "") == text.replace("'", "")


@given(st.lists(st.text(alphabet=f"a1 \u00a0'\"{RUNS}", max_size=20), min_size=1, max_size=5))
@settings(max_examples=300)
def test_no_row_within_a_cell_begins_like_a_formula(texts):
    written = csvfiles.line(texts)
    (found,) = csv.reader(io.StringIO(written, newline=""))
    assert len(found) == len(texts)
    for cell in found:
        assert cell[:1] not in tuple("\t\r\n")
        for row in cell.replace("\r", "\n").split("\n"):
            assert row.lstrip(" \u00a0\t")[:1] not in tuple("=+-@＝＋－＠")


@given(st.text(alphabet="abc üß€😀,;\"'=+-.", max_size=30).map(lambda text: f"a{text}"))
def test_harmless_text_comes_back_as_it_was(text):
    assert next(csv.reader(io.StringIO(csvfiles.line([text]), newline=""))) == [text]


def test_numbers_dates_and_truths_are_written_plainly():
    values = [Decimal("-5.00"), -3, Decimal("1E+3"), dt.date(2026, 10, 31), None, True, "-5"]
    assert csvfiles.line(values) == '-5.00,-3,1000,2026-10-31,,"yes","\'-5"\r\n'


def test_a_stream_begins_with_a_mark_and_the_header():
    content = b"".join(csvfiles.stream(["A"], (csvfiles.line([n]) for n in range(1001))))
    assert content.startswith('\ufeff"A"\r\n0\r\n'.encode())
    assert content.count(b"\r\n") == 1002


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1234.5", "1234.5"), ("1234,5", "1234.5"), ("-3,25", "-3.25"), ("0.125", "0.125"),
        ("0,350", "0.350"), ("1,234.56", "1234.56"), ("1.234,56", "1234.56"),
        ("1,234,567", "1234567"), ("1234.567", "1234.567"), ("+7", "7"),
    ],
)  # fmt: skip
def test_decimals_have_a_dot_or_a_comma(cell, value):
    assert cells.decimal(cell) == Decimal(value)


@pytest.mark.parametrize(
    "cell",
    ["1,234", "1.234", "12,34,5", "1e5", "NaN", "Infinity", "١", "", "1 234", "9" * 40, "$5"],
)
def test_a_number_with_two_readings_or_none_is_refused(cell):
    with pytest.raises(ValueError):
        cells.decimal(cell)


@pytest.mark.parametrize("cell", ["31.10.2026", "2026-02-30", "10/31/2026", "2026-1-1", "20261031"])
def test_dates_are_iso(cell):
    with pytest.raises(ValueError, match="2026"):
        cells.date(cell)
    assert cells.date("2026-10-31") == dt.date(2026, 10, 31)


def test_moments_without_an_offset_are_local(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert cells.moment("2026-07-01 09:00") == cells.moment("2026-07-01T07:00Z")


def test_booleans_and_choices_are_words():
    assert [cells.boolean(cell) for cell in ("Yes", "TRUE", "1", "no", "False", "0")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    for cell in ("y", "", "maybe"):
        with pytest.raises(ValueError):
            cells.boolean(cell)
