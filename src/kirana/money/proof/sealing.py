"""Once a day the books are gone through, and where they stand is told outside of the database: a
chain proves nothing against somebody who can write all of it anew, unless a copy of its head is
where they cannot reach."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import bindparam, insert, select

from kirana.platform import signatures
from kirana.platform.db import Q, Row, Tx
from kirana.platform.jobs import Outside
from kirana.platform.stream import Change
from kirana.values import Actor, UserId

from .. import chain
from ..days import day_of
from ..events import BooksBroken, BooksSealed
from ..model import OPERATOR
from ..owners import operators, require_operator
from ..tables import sealed_days
from .audit import Finding, audit
from .receipts import SignedHead, is_signed_head, sign_head

FILE = "books.jsonl"
"""In the data folder: a line for each day, with the head of the chain, signed."""
_SHOWN = 30
_FIND = Q(select(sealed_days).where(sealed_days.c.day == bindparam("day")))
_NEWEST = Q(select(sealed_days).order_by(sealed_days.c.day.desc()).limit(_SHOWN))
_ADD = Q(insert(sealed_days))


@dataclass(frozen=True, slots=True)
class SealedDay:
    """What was found when the books were gone through, and the head that was published. `first` is
    the first of the findings."""

    day: str
    head: SignedHead
    findings: int
    first: str | None


def close_books(tx: Tx) -> None:
    """Have the books gone through, once on each day (UTC) on which there are any."""
    day = day_of(tx.now, "UTC")
    if tx.one(_FIND, day=day) is None and chain.head(tx) is not None:
        tx.enqueue(seal_books, day=day)


async def seal_books(outside: Outside, day: str) -> None:
    """Audit, write down and announce what was found, and publish the head. May run again."""
    findings = await outside.db.read(audit)
    server = outside.settings.public_url
    sealed = await outside.db.write(seal_day, day, findings, server)
    await asyncio.to_thread(publish, outside.settings.data_dir / FILE, sealed)


def seal_day(tx: Tx, day: str, findings: list[Finding], server: str) -> SealedDay:
    """Keep what was found on a day, and tell the operators. The first answer stays."""
    if known := tx.one(_FIND, day=day):
        return _day(known)
    block = chain.head(tx)
    assert block is not None, "There is nothing to seal yet."
    head = sign_head(tx, block, tx.now, server)
    first = str(findings[0]) if findings else None
    tx.do(_ADD, day=day, head=msgspec.to_builtins(head), findings=len(findings), first=first)
    told = msgspec.json.encode(head).decode()
    tx.emit(BooksSealed(day=day, block=block.no, hash=block.hash, head=told))
    if first:
        tx.emit(BooksBroken(findings=len(findings), first=first))
    tx.publish([UserId(it) for it in operators(tx)], Change("books", OPERATOR))
    return SealedDay(day, head, len(findings), first)


def publish(file: Path, sealed: SealedDay) -> None:
    """Append the day's line, unless it is there. Whoever wants proof copies the file elsewhere."""
    if file.exists() and any(day == sealed.day for day, _ in _lines(file)):
        return
    with file.open("ab") as out:
        out.write(msgspec.json.encode({"day": sealed.day, "head": sealed.head}) + b"\n")
        out.flush()
        os.fsync(out.fileno())


def compare_with(tx: Tx, file: Path) -> list[Finding]:
    """Whether the chain still has every head that was published in `file`.

    Raises: OSError, msgspec.DecodeError, msgspec.ValidationError for what is no such file.
    """
    key, found = signatures.public_key(tx), []
    for day, head in _lines(file):
        where = f"block {head.block.no}, published on {day}"
        if head.key != key or not is_signed_head(head):
            found.append(Finding("I8", where, "was not signed by this server"))
        elif chain.find_block(tx, head.block.no) != head.block:
            found.append(Finding("I8", where, "is not in the books as it was published"))
    return found


def published_heads(file: Path) -> list[SignedHead]:
    """The heads that were published in `file`.

    Raises: OSError, msgspec.DecodeError, msgspec.ValidationError for what is no such file.
    """
    return [head for _, head in _lines(file)]


def list_sealed_days(tx: Tx, *, by: Actor) -> list[SealedDay]:
    """For operators: the last days on which the books were gone through. Raises: NotAllowed."""
    require_operator(tx, by=by)
    return [_day(row) for row in tx.all(_NEWEST)]


@dataclass(frozen=True, slots=True)
class _Line:
    day: str
    head: SignedHead


def _lines(file: Path) -> list[tuple[str, SignedHead]]:
    lines = [line for line in file.read_bytes().splitlines() if line.strip()]
    read = [msgspec.json.decode(line, type=_Line) for line in lines]
    return [(it.day, it.head) for it in read]


def _day(row: Row) -> SealedDay:
    return SealedDay(row.day, msgspec.convert(row.head, SignedHead), row.findings, row.first)
