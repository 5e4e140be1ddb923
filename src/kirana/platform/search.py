"""Finding things by words: the same on both databases, on plain tables.

An index is declared once, at module level:

    PRODUCTS = Index("products", {"name": Field(8, spells=True), "text": Field(1)})

and filled by the command that changes the thing: `PRODUCTS.put(tx, shop_id, product_id, {...})`.
Words are found by how they begin, without regard to case, and to marks on Latin, Greek and Cyrillic
letters (Indic vowels are no marks in this sense). Fields that `spell` are also found by words with
a typo: one from 4 letters, two from 8. Which of the things found may be shown is the caller's to
say.

How typos are found: each word of an index is filed under all that is left of its first 7 letters
when up to 2 of them are taken out; a wrong word is looked up in the same way, and true distance
decides. Source: symmetric delete spelling correction, W. Garbe, 2012.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import combinations
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    PrimaryKeyConstraint,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    union_all,
)

from .db import Bytes, Id, Int, Q, Text, Tx, any_of, table, upsert

MAX_WORD = 40
MAX_TERMS = 6
MAX_WORDS = 2000
"""Of one thing; what comes later is not found."""

documents = table(
    "search_documents",
    Column("kind", Text, nullable=False),
    Column("id", Id, nullable=False),
    Column("scope_id", Id, nullable=False),
    # What was filed, as "weight word" by lines: so that changing files only what changed.
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
    sqlite_with_rowid=False,
)
words = table(
    "search_words",
    # Which scope of which index, then the word, in bytes: both databases sort them alike, whatever
    # the locale, and one column can only be searched in one way.
    Column("entry", Bytes, nullable=False),
    Column("document_id", Id, nullable=False),
    Column("weight", Int, nullable=False),
    PrimaryKeyConstraint("entry", "document_id"),
    sqlite_with_rowid=False,
)
spellings = table(
    "search_spellings",
    Column("part", Bytes, nullable=False),
    Column("word", Bytes, nullable=False),
    PrimaryKeyConstraint("part", "word"),
    sqlite_with_rowid=False,
)

_DOCUMENT = Q(
    select(documents.c.scope_id, documents.c.words).where(
        documents.c.kind == bindparam("kind"), documents.c.id == bindparam("id")
    )
)
_ADD_DOCUMENT = Q(insert(documents))
_SAVE_DOCUMENT = Q(upsert(documents, keys=["kind", "id"], update=["scope_id", "words"]))
_DROP_DOCUMENT = Q(
    delete(documents).where(
        documents.c.kind == bindparam("kind"), documents.c.id == bindparam("id")
    )
)
_ADD_WORDS = Q(insert(words))
_DROP_WORDS = Q(
    delete(words).where(
        any_of(words.c.entry, "entries"), words.c.document_id == bindparam("document_id")
    )
)
_ADD_SPELLINGS = Q(insert(spellings))
_SPELLED = Q(select(spellings.c.word).where(any_of(spellings.c.part, "parts")))


@dataclass(frozen=True, slots=True)
class Field:
    """How much a word in this part of a thing counts.

    What is `whole` is also found by how all of it begins, letters and digits only: `TEA-250` by
    `tea2`. That counts more than any word. Where it `spells`, words with a typo find it too.
    """

    weight: int
    whole: bool = False
    spells: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that was found, and how well: first `terms`, the words that fit, then `score`."""

    id: UUID
    terms: int
    score: int


@dataclass(frozen=True)
class Index:
    """Things of one kind, to be found by words."""

    name: str
    fields: Mapping[str, Field]

    def put(
        self,
        tx: Tx,
        scope_id: UUID,
        document_id: UUID,
        fields: Mapping[str, str | Iterable[str]],
        *,
        is_new: bool = False,
    ) -> None:
        """File the thing under the words of its `fields`, and no longer under others.

        A field is a text, or several of the same weight. `is_new` says that it was never put
        before, which saves looking.
        """
        wanted, spelled = self._weights(fields)
        filed = "\n".join(f"{weight} {word}" for word, weight in wanted.items())
        before = None if is_new else tx.one(_DOCUMENT, kind=self.name, id=document_id)
        kept: set[str] = set()
        if before is not None:
            if before.scope_id == scope_id and before.words == filed:
                return
            old = _parsed(before.words)
            if before.scope_id == scope_id:
                kept = {word for word, _ in old.items() & wanted.items()}
            gone = [word for word in old if word not in kept]
            self._drop_words(tx, before.scope_id, document_id, gone)
        tx.do(
            _ADD_DOCUMENT if before is None else _SAVE_DOCUMENT,
            kind=self.name,
            id=document_id,
            scope_id=scope_id,
            words=filed,
        )
        place = self._place(scope_id)
        tx.many(
            _ADD_WORDS,
            [
                {"entry": place + word.encode(), "document_id": document_id, "weight": weight}
                for word, weight in wanted.items()
                if word not in kept
            ],
        )
        self._learn(tx, place, [word for word in spelled if word not in kept])

    def remove(self, tx: Tx, document_id: UUID) -> None:
        """Find it no more. Harmless when it was never put."""
        before = tx.one(_DOCUMENT, kind=self.name, id=document_id)
        if before is not None:
            self._drop_words(tx, before.scope_id, document_id, _parsed(before.words))
            tx.do(_DROP_DOCUMENT, kind=self.name, id=document_id)

    def find(self, tx: Tx, scope_id: UUID, text: str, limit: int) -> list[Found]:
        """The things that fit most of the words of `text`, best first, newest first among equals.

        Typos, parts of a word and beginnings of two letters are tried only when nothing fits all
        words as they stand.
        """
        terms = _terms(text)
        if not terms or limit < 1:
            return []
        found = self._run(tx, scope_id, [term.first for term in terms], limit)
        if not found or found[0].terms < len(terms):
            wider = [
                (*term.first, *term.then, *self._corrections(tx, scope_id, term.first))
                for term in terms
            ]
            if any(len(ways) > len(term.first) for ways, term in zip(wider, terms, strict=True)):
                found = self._run(tx, scope_id, wider, limit)
        return [it for it in found if it.terms == found[0].terms]

    def _weights(
        self, fields: Mapping[str, str | Iterable[str]]
    ) -> tuple[dict[str, int], set[str]]:
        """Each word with the most that it counts, and the words that may be misspelled."""
        weights: dict[str, int] = {}
        spelled: set[str] = set()
        for name, content in fields.items():
            field = self.fields[name]
            for text in (content,) if isinstance(content, str) else content:
                folded = fold(text)
                if field.whole and (whole := squeezed(folded)):
                    key = "=" + whole[:MAX_WORD]
                    weights[key] = max(weights.get(key, 0), field.weight)
                for word in words_in(folded):
                    if weights.get(word, 0) < field.weight:
                        weights[word] = field.weight
                    if field.spells and _can_be_misspelled(word):
                        spelled.add(word)
                    if len(weights) >= MAX_WORDS:
                        return weights, spelled
        return weights, spelled

    def _place(self, scope_id: UUID) -> bytes:
        """What the entries of this index and scope begin with, and no others."""
        return sha256(self.name.encode() + scope_id.bytes).digest()[:12]

    def _drop_words(self, tx: Tx, scope_id: UUID, document_id: UUID, gone: Iterable[str]) -> None:
        place = self._place(scope_id)
        if entries := [place + word.encode() for word in gone]:
            tx.do(_DROP_WORDS, entries=entries, document_id=document_id)

    def _learn(self, tx: Tx, place: bytes, fresh: Sequence[str]) -> None:
        if not fresh:
            return
        marks = [place + b"=" + word.encode() for word in fresh]
        known = {row.word.decode() for row in tx.all(_SPELLED, parts=marks)}
        tx.many(
            _ADD_SPELLINGS,
            [
                {"part": place + part.encode(), "word": word.encode()}
                for word in fresh
                if word not in known
                for part in _filed_parts(word)
            ],
        )

    def _corrections(
        self, tx: Tx, scope_id: UUID, term: Sequence["Beginning"]
    ) -> Iterator["Beginning"]:
        place = self._place(scope_id)
        for word in [it.word for it in term if _allowed_typos(it.word)]:
            parts = _parts(word[:_FILED], _allowed_typos(word))
            rows = tx.all(_SPELLED, parts=[place + part.encode() for part in parts])
            ranked = []
            for candidate in {row.word for row in rows}:
                text = candidate.decode()
                typos = distance(word, text, _allowed_typos(word))
                if typos:
                    ranked.append((typos, text[0] != word[0], text))
            for typos, _, text in sorted(ranked)[:_GUESSES]:
                yield Beginning(text, "", _TYPO // typos, 0)
                # Better still: all of it begins with the word that was meant.
                yield Beginning("=" + text, "", 2 * _TYPO // typos, 2 * _TYPO // typos)

    def _run(
        self, tx: Tx, scope_id: UUID, terms: Sequence[Sequence["Beginning"]], limit: int
    ) -> list[Found]:
        place = self._place(scope_id)
        values: dict[str, Any] = {"limit": limit}
        number = 0
        for term_number, term in enumerate(terms):
            for beginning in term:
                low = place + beginning.text.encode()
                values[f"low{number}"] = low
                values[f"high{number}"] = low + (b"\xff" if beginning.begun else b"")
                values[f"term{number}"] = term_number
                values[f"exact{number}"] = beginning.exact
                values[f"begun{number}"] = beginning.begun
                number += 1
        return [Found(*row) for row in tx.all(_finding(len(terms), number), **values)]


@dataclass(frozen=True, slots=True)
class Beginning:
    """One way to fit a term: a word, or what one begins with, and what each is worth."""

    text: str
    word: str
    """The text again where it may have a typo, else empty."""
    exact: int
    begun: int
    """0: only the word itself fits."""


@cache
def _finding(terms: int, beginnings: int) -> Q:
    """The statement for so many terms with so many beginnings in all; few sizes are asked for."""
    parts = []
    for i in range(beginnings):
        low = bindparam(f"low{i}", type_=Bytes)
        worth = case(
            (words.c.entry == low, bindparam(f"exact{i}", type_=Int)),
            else_=bindparam(f"begun{i}", type_=Int),
        )
        parts.append(
            select(
                words.c.document_id,
                bindparam(f"term{i}", type_=Int).label("term"),
                (words.c.weight * worth).label("score"),
            ).where(
                words.c.entry >= low,
                words.c.entry <= bindparam(f"high{i}", type_=Bytes),
            )
        )
    fits = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery()
    best: list[ColumnElement[int]] = [
        func.coalesce(func.max(case((fits.c.term == term, fits.c.score))), 0)
        for term in range(terms)
    ]
    score: ColumnElement[int] = best[0]
    fitting: ColumnElement[int] = case((best[0] > 0, 1), else_=0)
    for one in best[1:]:
        score = score + one
        fitting = fitting + case((one > 0, 1), else_=0)
    return Q(
        select(fits.c.document_id, fitting.label("terms"), score.label("score"))
        .group_by(fits.c.document_id)
        .order_by(
            literal_column("terms").desc(),
            literal_column("score").desc(),
            fits.c.document_id.desc(),
        )
        .limit(bindparam("limit"))
    )


_EXACT, _SINGULAR, _BEGUN, _TYPO = 12, 10, 6, 2


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a query: how it may fit, and how else when nothing fits."""

    first: tuple[Beginning, ...]
    then: tuple[Beginning, ...] = ()


def _terms(text: str) -> list[Term]:
    folded = fold(text)
    terms: list[Term] = []
    for chunk in folded.split()[:MAX_TERMS]:
        pieces = list(_pieces(chunk))
        if len(pieces) == 1 and _is_run(pieces[0]):
            # Scripts without spaces: every pair of letters has to be there.
            terms += [Term((Beginning(pair, "", _EXACT, _BEGUN),)) for pair in _pairs(pieces[0])]
        elif pieces:
            terms.append(_term(pieces))
    if terms:
        whole = "=" + squeezed(folded)[:MAX_WORD]
        way = Beginning(whole, "", 8 * _EXACT, 8 * _BEGUN)
        terms[0] = Term((*terms[0].first, way), terms[0].then)
    return terms[:MAX_TERMS]


def _term(pieces: Sequence[str]) -> Term:
    """`t-shirt` is `tshirt` first; then any of its longer pieces, as in `l'huile`."""
    word = "".join(pieces)[:MAX_WORD]
    is_long = len(word) > 2 or word >= "\u0900"
    guessed = word if _can_be_misspelled(word) else ""
    first = [Beginning(word, guessed, _EXACT, _BEGUN if is_long else 0)]
    if len(word) > 3 and word.endswith("s") and word.isascii():
        first.append(Beginning(word[:-1], "", _SINGULAR, 0))
    # One letter would be the beginning of everything.
    then = [Beginning(word, "", _EXACT, _BEGUN)] if len(word) == 2 and not is_long else []
    if len(pieces) > 1:
        then += [Beginning(it[:MAX_WORD], "", _EXACT, _BEGUN) for it in pieces if len(it) > 2]
    return Term(tuple(first), tuple(then))


def fold(text: str) -> str:
    """Without case, and without marks on Latin, Greek and Cyrillic letters."""
    if text.isascii():
        return text.lower()
    letters = []
    is_base_plain = False
    for letter in unicodedata.normalize("NFKD", text).casefold():
        if unicodedata.combining(letter):
            if is_base_plain:
                continue
        else:
            is_base_plain = letter < "\u0530" or "\u1d00" <= letter < "\u2000"
        letters.append(letter)
    return unicodedata.normalize("NFC", "".join(letters)).translate(_PLAIN)


_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "ς": "σ"})


def words_in(folded: str) -> Iterator[str]:
    """The words of a folded text, in every form under which they are filed."""
    for chunk in folded.split():
        pieces = list(_pieces(chunk))
        for piece in pieces:
            if _is_run(piece):
                yield from _pairs(piece)
            else:
                yield piece[:MAX_WORD]
        if 1 < len(pieces) <= 4:
            yield "".join(pieces)[:MAX_WORD]


def squeezed(folded: str) -> str:
    """Letters and digits only."""
    return "".join(_pieces(folded))


_ASCII_PIECE = re.compile("[a-z0-9]+")


def _pieces(chunk: str) -> Iterable[str]:
    """The parts of a chunk that are made of letters, digits and the marks that belong to them."""
    if chunk.isascii():
        return _ASCII_PIECE.findall(chunk)
    spaced = "".join(
        letter if unicodedata.category(letter)[0] in "LNM" or letter in "\u200c\u200d" else " "
        for letter in chunk
    )
    return spaced.split()


def _is_run(piece: str) -> bool:
    """Whether it is in a script that puts no spaces between words."""
    first = piece[0]
    return first >= "\u0e00" and (
        "\u0e00" <= first < "\u0f00"  # Thai, Lao
        or "\u1000" <= first < "\u10a0"  # Burmese
        or "\u1780" <= first < "\u1800"  # Khmer
        or "\u3040" <= first < "\ua000"  # Kana, Han
        or "\uf900" <= first < "\ufb00"
        or first >= "\U00020000"
    )


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for i in range(len(run) - 1):
        yield run[i : i + 2]
    if len(run) > 1:
        yield run[-1]


_FILED = 7
_GUESSES = 6


def _can_be_misspelled(word: str) -> bool:
    """Words of letters only: one digit more or less is another thing."""
    return len(word) > 2 and not _is_run(word) and not any(map(str.isdecimal, word))


def _allowed_typos(word: str) -> int:
    return 2 if len(word) >= 8 else 1 if len(word) >= 4 else 0


def _filed_parts(word: str) -> set[str]:
    # A word of 6 letters may be what is left of 8 with two typos. The mark says that it is filed.
    return _parts(word[:_FILED], 2 if len(word) >= 6 else 1) | {"=" + word}


def _parts(text: str, missing: int) -> set[str]:
    """All that is left of `text` when up to `missing` of its letters are taken out."""
    return {
        "".join(letters)
        for size in range(len(text) - missing, len(text) + 1)
        for letters in combinations(text, size)
    }


def distance(one: str, other: str, limit: int) -> int | None:
    """How many letters are added, left out, changed or swapped; `None` when more than `limit`."""
    if abs(len(one) - len(other)) > limit:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, candidate in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != candidate))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == candidate:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return None
    return row[-1] if row[-1] <= limit else None


def _parsed(filed: str) -> dict[str, int]:
    pairs = (line.split(" ", 1) for line in filed.split("\n") if line)
    return {word: int(weight) for weight, word in pairs}
