"""CSV files: bytes to rows with an answer to all that can be wrong, and values to safe bytes.

Reading accepts what spreadsheets write: UTF-8, or UTF-16 with its mark, separated by comma,
semicolon or tab. Writing follows OWASP's page "CSV injection": text that a spreadsheet could take
for a formula gets an apostrophe; numbers stay numbers.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple, NoReturn

from .errors import Refused

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
DELIMITERS = ",;\t"
BOM = codecs.BOM_UTF8
SAVE_AS = "Save the file as CSV UTF-8 and choose it again."


class Row(NamedTuple):
    """One row: the line of the file where it begins, and its cells without surrounding blanks."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """A file that was read. Rows are as long as they are: whoever uses them judges that."""

    header: list[str]
    rows: list[Row]


def read(content: bytes) -> Table:
    """The header and the rows of a file, empty ones left out. Refused when it can't be read."""
    text = _decode(content)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = []
    try:
        begins = 1
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                rows.append(Row(begins, stripped))
            if len(rows) > MAX_ROWS + 1:
                raise Refused(
                    "file_too_long",
                    f"The file has more than {MAX_ROWS:,} rows. Split it and import the parts.",
                    field="file",
                )
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Refused(
            "file_malformed",
            f"The row that begins in line {begins} is not valid CSV ({error}). "
            "Look for a quotation mark that is not closed.",
            field="file",
            line=begins,
        ) from error
    if not rows:
        raise Refused("file_empty", "The file has no rows.", field="file")
    return Table(_without_blank_end(rows[0].cells, 0), rows[1:])


def fit(row: Row, width: int) -> list[str]:
    """The row's cells, `width` of them; ValueError says how many there are instead."""
    cells = _without_blank_end(row.cells, width)
    if len(cells) != width:
        raise ValueError(
            f"This row has {len(cells)} cells, the header has {width}. "
            "Put text that contains the separator in quotation marks."
        )
    return cells


def match(
    header: Sequence[str], *, known: Mapping[str, Iterable[str]], required: Iterable[str]
) -> list[str]:
    """The known column that each header cell stands for, whatever its case, blanks and underscores.

    `known` maps a column's name to its other names. Refused with all that is unknown, repeated or
    missing.
    """
    names = {_plain(name): column for column, more in known.items() for name in (column, *more)}
    columns = [names.get(_plain(cell), "") for cell in header]
    unknown = [
        cell or "(blank)" for cell, column in zip(header, columns, strict=True) if not column
    ]
    repeated = [column for column, times in Counter(columns).items() if column and times > 1]
    missing = [column for column in required if column not in columns]
    if unknown or repeated or missing:
        sentences = (
            unknown and f"Unknown columns: {', '.join(unknown)}.",
            repeated and f"Columns given twice: {', '.join(repeated)}.",
            missing and f"Missing columns: {', '.join(missing)}.",
            f"The columns of this file are: {', '.join(known)}.",
        )
        raise Refused(
            "file_columns",
            " ".join(sentence for sentence in sentences if sentence),
            field="file",
            unknown=unknown,
            repeated=repeated,
            missing=missing,
        )
    return columns


def refuse_size() -> NoReturn:
    raise Refused(
        "file_too_large",
        f"The file is larger than {MAX_BYTES >> 20} MB. Split it and import the parts.",
        field="file",
    )


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        refuse_size()
    if content.startswith(b"PK\x03\x04"):
        raise Refused(
            "file_encoding", f"This is a workbook, not a CSV file. {SAVE_AS}", field="file"
        )
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            "file_encoding", f"The file's text is not UTF-8. {SAVE_AS}", field="file"
        ) from error
    if "\0" in text:
        raise Refused("file_encoding", f"The file contains NUL bytes. {SAVE_AS}", field="file")
    return text


def _delimiter(text: str) -> str:
    """The separator that splits the first row with text into most cells."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    try:
        return max(DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    except csv.Error:
        return DELIMITERS[0]


def _without_blank_end(cells: list[str], width: int) -> list[str]:
    """`cells` less the blank ones beyond `width`; spreadsheets write them for empty columns."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _plain(name: str) -> str:
    return re.sub(r"[\s_*-]+", "", name).casefold()


# What a spreadsheet may skip before it looks for a formula: Unicode's blanks, and invisible ones.
_BLANK = (
    r"[\x00-\x09\x0b\x0c\x0e-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f-\u2064"
    r"\u3000\ufeff]"
)
_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
_AT_START = re.compile(rf"{_BLANK}*[\t\r\n{_FORMULA}]")
_AT_ROW_START = re.compile(rf"([\r\n])(?={_BLANK}*[{_FORMULA}])")


def guard(text: str) -> str:
    """`text` with an apostrophe before each of its rows that could be taken for a formula."""
    if "\n" in text or "\r" in text:
        text = _AT_ROW_START.sub(r"\1'", text)
    return f"'{text}" if _AT_START.match(text) else text


def quote(text: str) -> str:
    """A text cell: guarded, and always in quotation marks."""
    return '"' + guard(text).replace('"', '""') + '"'


def cell(value: object) -> str:
    """A cell as it stands in the file: numbers and dates plain, text quoted, None empty."""
    match value:
        case None:
            return ""
        case bool():
            return '"yes"' if value else '"no"'
        case Decimal():
            return f"{value:f}"
        case int() | dt.date():
            return str(value)
        case _:
            return quote(str(value))


def line(values: Iterable[object]) -> str:
    """One row with its line end (CR LF, as RFC 4180 says)."""
    return ",".join(map(cell, values)) + "\r\n"


def stream(header: Sequence[str], lines: Iterable[str], *, at_once: int = 500) -> Iterator[bytes]:
    """The bytes of a file, `at_once` lines in memory at a time. `lines` come from `line`."""
    yield BOM + line(header).encode()
    pending = iter(lines)
    while part := "".join(islice(pending, at_once)):
        yield part.encode()
