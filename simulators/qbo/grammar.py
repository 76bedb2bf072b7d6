"""The query language of QuickBooks Online, parsed: one entity, AND only, no joins, no grouping."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .refusals import Refused

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:\\.|[^'\\])*')
  | (?P<number>-?\d+(?:\.\d+)?)
  | (?P<word>[A-Za-z_][\w.]*)
  | (?P<sign><=|>=|=|<|>|\(|\)|,|\*)
  | (?P<end>$)
  )""",
    re.VERBOSE,
)
OPERATORS = {"=", "<", ">", "<=", ">=", "IN", "LIKE"}
CLAUSES = {"WHERE", "ORDERBY", "ORDER", "STARTPOSITION", "MAXRESULTS"}


@dataclass(frozen=True)
class Condition:
    """`field operator values`; several values only with IN."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass
class Query:
    """A parsed statement. `order` is field and whether descending."""

    entity: str
    counts: bool = False
    columns: list[str] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    start: int = 1
    most: int | None = None


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    column: int

    @property
    def upper(self) -> str:
        return self.text.upper()


def parse(statement: str, *, quoted_numbers: bool) -> Query:
    """The statement as a Query. 4000 when it is none; numbers may have to be quoted."""
    return _Parser(_tokens(statement), quoted_numbers).query()


def _tokens(statement: str) -> list[Token]:
    tokens, position = [], 0
    while True:
        found = _TOKEN.match(statement, position)
        if found is None or found.lastgroup is None:
            at = len(statement) - len(statement[position:].lstrip())
            where = f"at line 1, column {at + 1}."
            detail = f'Lexical error {where}  Encountered: "{statement[at : at + 1]}"'
            raise Refused("4000", f"QueryParserError: {detail}")
        kind = found.lastgroup
        tokens.append(Token(kind, found[kind], found.start(kind) + 1))
        if kind == "end":
            return tokens
        position = found.end()


class _Parser:
    def __init__(self, tokens: list[Token], quoted_numbers: bool) -> None:
        self.tokens = tokens
        self.quoted_numbers = quoted_numbers
        self.position = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.position]

    def query(self) -> Query:
        self.expect("SELECT")
        counts, columns = self.columns()
        self.expect("FROM")
        query = Query(self.word(), counts, columns)
        if self.take("WHERE"):
            query.conditions.append(self.condition())
            while self.take("AND"):
                query.conditions.append(self.condition())
        if self.take("ORDERBY") or (self.take("ORDER") and self.expect("BY")):
            query.order.append(self.ordering())
            while self.take(","):
                query.order.append(self.ordering())
        if self.take("STARTPOSITION"):
            query.start = self.whole()
        if self.take("MAXRESULTS"):
            query.most = self.whole()
        if self.next.kind != "end":
            raise self.unexpected()
        return query

    def columns(self) -> tuple[bool, list[str]]:
        if self.take("COUNT"):
            for sign in "(*)":
                self.expect(sign)
            return True, []
        names = []
        while True:
            if not self.take("*"):
                names.append(self.word())
            if not self.take(","):
                return False, names

    def condition(self) -> Condition:
        field = self.word()
        operator = self.next.upper
        if operator not in OPERATORS:
            raise self.unexpected()
        self.position += 1
        if operator != "IN":
            return Condition(field, operator, (self.value(),))
        self.expect("(")
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        self.expect(")")
        return Condition(field, operator, tuple(values))

    def ordering(self) -> tuple[str, bool]:
        field = self.word()
        descending = self.take("DESC")
        if not descending:
            self.take("ASC")
        return field, descending

    def value(self) -> str:
        token = self.next
        if token.kind == "text":
            self.position += 1
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        boolean = token.upper in ("TRUE", "FALSE")
        if boolean or (token.kind == "number" and not self.quoted_numbers):
            self.position += 1
            return token.text
        raise self.unexpected()

    def word(self) -> str:
        token = self.next
        if token.kind != "word" or token.upper in CLAUSES | {"FROM", "AND", "SELECT"}:
            raise self.unexpected()
        self.position += 1
        return token.text

    def whole(self) -> int:
        token = self.next
        if token.kind != "number" or not token.text.isdecimal():
            raise self.unexpected()
        self.position += 1
        return int(token.text)

    def take(self, text: str) -> bool:
        if self.next.upper == text and self.next.kind in ("word", "sign"):
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> bool:
        if not self.take(text):
            raise self.unexpected()
        return True

    def unexpected(self) -> Refused:
        token = self.next
        names = {"word": "IDENTIFIER", "text": "STRING", "number": "NUMBER"}
        kind = names.get(token.kind)
        shown = f'<{kind}> "{token.text} "' if kind else f'"{token.text}"'
        if token.kind == "end":
            shown = "<EOF>"
        where = f"at line 1, column {token.column}."
        return Refused("4000", f'QueryParserError: Encountered " {shown}" {where}')
