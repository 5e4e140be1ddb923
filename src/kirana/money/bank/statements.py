"""Bank statements: a file of somebody's bank is read, and each of its lines kept once.

What comes in by one file and again by another is the same line; the same line never moves anything
twice. A file is taken over in parts, each of them whole: whoever sends it again goes on.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, case, cast, delete, func, insert, or_, select

from kirana.platform.db import Int, Q, Row, Tx, any_of, upsert
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, BankImportId, BankLineId, Mandate, OwnerId, Page, derived_id

from ..model import digest
from ..owners import open_owner, require_mandate
from ..rails import bankfiles
from ..rails.bankfiles import BankFile, BankLine, ColumnMap, StatementRefused, check_columns
from ..tables import bank_columns, bank_days, bank_imports, bank_lines, matches
from .matching import match_new_lines
from .payout_lines import match_payout_lines

PART = 50
"""Lines that are taken over in one commit: nobody waits longer than for these."""


def _count(condition: Any) -> Any:
    return cast(func.coalesce(func.sum(case((condition, 1), else_=0)), 0), Int)


_is_payment = and_(bank_lines.c.amount_minor > 0, bank_lines.c.is_reversal == bindparam("no"))
_new = (
    select(
        bank_lines.c.import_id,
        _count(_is_payment).label("new_count"),
        _count(bank_lines.c.matched_minor > 0).label("matched_count"),
        _count(
            and_(
                _is_payment,
                bank_lines.c.matched_minor == 0,
                or_(bank_lines.c.put_away.is_(None), bank_lines.c.put_away == "duplicate"),
            )
        ).label("open_count"),
    )
    .where(bank_lines.c.owner_id == bindparam("owner_id"))
    .group_by(bank_lines.c.import_id)
    .subquery("new")
)
_IMPORT = select(
    bank_imports, _new.c.new_count, _new.c.matched_count, _new.c.open_count
).outerjoin_from(bank_imports, _new, _new.c.import_id == bank_imports.c.id)
_FIND = Q(
    _IMPORT.where(
        bank_imports.c.id == bindparam("id"), bank_imports.c.owner_id == bindparam("owner_id")
    )
)
_LIST = Q(
    _IMPORT.where(
        bank_imports.c.owner_id == bindparam("owner_id"),
        or_(
            bank_imports.c.created_at < bindparam("at"),
            and_(bank_imports.c.created_at == bindparam("at"), bank_imports.c.id < bindparam("id")),
        ),
    )
    .order_by(bank_imports.c.created_at.desc(), bank_imports.c.id.desc())
    .limit(bindparam("limit"))
)
_KNOWN_IMPORT = Q(
    select(bank_imports.c.owner_id, bank_imports.c.fp).where(bank_imports.c.id == bindparam("id"))
)
_ADD = Q(insert(bank_imports))
_ADD_LINES = Q(insert(bank_lines))
_KNOWN_LINES = Q(
    select(bank_lines.c.line_hash).where(
        bank_lines.c.owner_id == bindparam("owner_id"), any_of(bank_lines.c.line_hash, "hashes")
    )
)
_COLUMNS = Q(select(bank_columns.c.columns).where(bank_columns.c.owner_id == bindparam("owner_id")))
_SET_COLUMNS = Q(upsert(bank_columns, ["owner_id"], ["columns", "changed_at"]))
_its_lines = select(bank_lines.c.id).where(bank_lines.c.owner_id == bindparam("owner_id"))
_FORGET = [
    Q(delete(matches).where(matches.c.line_id.in_(_its_lines))),
    *(
        Q(delete(one).where(one.c.owner_id == bindparam("owner_id")))
        for one in (bank_lines, bank_imports, bank_columns, bank_days)
    ),
]


@dataclass(frozen=True, slots=True)
class BankImport:
    """A file that was read, and what it brought. Of its `payment_count` payments to the owner,
    `known_count` had come in by an earlier file. Of the others, as they stand now, `matched_count`
    are found to be transfers, and `open_count` are to be looked at."""

    id: BankImportId
    name: str
    format: str
    line_count: int
    payment_count: int
    known_count: int
    matched_count: int
    open_count: int
    from_on: str | None
    to_on: str | None
    warnings: list[str]
    created_at: int


def read_statement(content: bytes, columns: ColumnMap | None) -> BankFile:
    """What a file says: by the kept `columns` when it is of none of the known formats. For a
    thread. Raises: StatementRefused."""
    try:
        return bankfiles.read(content)
    except StatementRefused as refused:
        if refused.facts["reason"] == "unknown" and columns is not None:
            return bankfiles.read(content, columns=columns)
        if refused.facts["reason"] != "charset" or not re.search(rb"^:20:", content[:2048], re.M):
            raise
        # MT940 does not name its character set: banks in Europe write the one of Windows.
        return bankfiles.read(content, encoding="cp1252")


def keep_columns(tx: Tx, columns: ColumnMap, *, by: Actor) -> ColumnMap:
    """From now on, `by`'s CSV files have these columns. Safe to repeat.

    Raises: InvalidInput, NotAllowed.
    """
    _require_owner_of_account(by)
    check_columns(columns)
    open_owner(tx, by.user_id)
    tx.do(_SET_COLUMNS, owner_id=by.user_id, columns=columns, changed_at=tx.now)
    return columns


def kept_columns(tx: Tx, *, by: Actor) -> ColumnMap | None:
    """The columns of `by`'s CSV files, once they were said. Raises: NotAllowed."""
    _require_owner_of_account(by)
    row = tx.one(_COLUMNS, owner_id=by.user_id)
    return msgspec.convert(row.columns, ColumnMap) if row else None


def begin_import(
    tx: Tx, id: BankImportId, name: str, file: BankFile, content_hash: bytes, *, by: Actor
) -> None:
    """Write down that a file came; `take_over` brings its lines. Safe to repeat with the same id.

    Raises: IdReused; NotAllowed for guests and whoever may not spend a shop's money.
    """
    _require_owner_of_account(by)
    fp = digest(by.user_id, content_hash)
    if known := tx.one(_KNOWN_IMPORT, id=id):
        if known.fp != fp:
            raise IdReused(id=str(id))
        return
    open_owner(tx, by.user_id)
    days = [line.booked_on.isoformat() for line in file.lines]
    tx.do(
        _ADD,
        id=id,
        owner_id=by.user_id,
        name=name,
        format=file.format,
        line_count=len(file.lines),
        payment_count=sum(_is_for_owner(line) for line in file.lines),
        from_on=min(days, default=None),
        to_on=max(days, default=None),
        warnings=list(file.warnings),
        by_id=by.person_id,
        created_at=tx.now,
        fp=fp,
    )


def take_over(
    tx: Tx, import_id: BankImportId, format: str, lines: Sequence[BankLine], *, by: Actor
) -> int:
    """Keep those lines of a file that are new, and find the transfers that they are; the number of
    new ones. Safe to repeat.

    Raises: NotFound unless `by` began the import.
    """
    get_import(tx, import_id, by=by)
    hashes = {line.line_hash: line for line in lines}
    known = tx.all(_KNOWN_LINES, owner_id=by.user_id, hashes=list(hashes))
    for row in known:
        del hashes[row.line_hash]
    rows = [
        _row(import_id, by.user_id, format, line_hash, line) for line_hash, line in hashes.items()
    ]
    tx.many(_ADD_LINES, rows)
    ids = [row["id"] for row in rows]
    match_new_lines(tx, ids, by=by)
    match_payout_lines(tx, ids, by=by)
    if rows:
        tx.publish([by.user_id], Change("bank_import", import_id))
    return len(rows)


def get_import(tx: Tx, import_id: BankImportId, *, by: Actor) -> BankImport:
    """A file that `by` imported. Raises: NotFound, NotAllowed."""
    _require_owner_of_account(by)
    row = tx.one(_FIND, id=import_id, owner_id=by.user_id, no=False)
    if row is None:
        raise NotFound()
    return _import(row)


def list_imports(
    tx: Tx, *, before: BankImportId | None = None, limit: int = 50, by: Actor
) -> Page[BankImport]:
    """The files that `by` imported, the newest first. Raises: NotAllowed."""
    _require_owner_of_account(by)
    at, id = 2**62, BankImportId(by.user_id)
    if before is not None:
        at, id = get_import(tx, before, by=by).created_at, before
    rows = tx.all(_LIST, owner_id=by.user_id, at=at, id=id, limit=limit + 1, no=False)
    items = [_import(row) for row in rows[:limit]]
    return Page(items, str(items[-1].id) if len(rows) > limit else None)


def forget_statements(tx: Tx, owner_id: OwnerId) -> None:
    """What an owner's bank said goes with the owner; the transfers stay in the books."""
    for forget in _FORGET:
        tx.do(forget, owner_id=owner_id)


def hash_of(content: bytes, columns: ColumnMap | None) -> bytes:
    """What makes two files the same file: a CSV file says other things by other columns."""
    return sha256(msgspec.json.encode(columns) + content).digest()


def _require_owner_of_account(by: Actor) -> None:
    """All that happens in a bank account is its owner's alone. Raises: NotAllowed."""
    require_mandate(Mandate.SPEND, by=by)
    if by.kind == "guest":
        raise NotAllowed()


def _is_for_owner(line: BankLine) -> bool:
    return line.amount.amount_minor > 0 and not line.is_reversal


def _row(
    import_id: BankImportId, owner_id: OwnerId, format: str, line_hash: str, line: BankLine
) -> dict[str, Any]:
    return {
        "id": BankLineId(derived_id(import_id, f"line/{line_hash}")),
        "owner_id": owner_id,
        "import_id": import_id,
        "line_hash": line_hash,
        "format": format,
        "account": line.account,
        "booked_on": line.booked_on.isoformat(),
        "value_on": line.value_on.isoformat() if line.value_on else None,
        "currency": line.amount.currency,
        "amount_minor": line.amount.amount_minor,
        "end_to_end_id": line.end_to_end_id,
        "other_references": list(line.references),
        "bank_reference": line.bank_reference,
        "counterparty": line.counterparty,
        "counterparty_account": line.counterparty_account,
        "text": line.text,
        "is_reversal": line.is_reversal,
        "request_id": None,
        "matched_minor": 0,
        "put_away": None,
        "put_away_by": None,
        "put_away_at": None,
    }


def _import(row: Row) -> BankImport:
    return BankImport(
        id=row.id,
        name=row.name,
        format=row.format,
        line_count=row.line_count,
        payment_count=row.payment_count,
        known_count=row.payment_count - (row.new_count or 0),
        matched_count=row.matched_count or 0,
        open_count=row.open_count or 0,
        from_on=row.from_on,
        to_on=row.to_on,
        warnings=row.warnings,
        created_at=row.created_at,
    )
