"""Imports: a file becomes a plan, a plan is applied by a job, and can be taken back.

A file is read outside the database's writer; commands only write. A plan is applied in parts of
200 rows, each in one transaction with the record that it is done, so a crash repeats nothing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from kirana import business
from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, CollectionId, ImportId, Problem, ProductId

from ..collections import (
    CollectionDraft,
    delete_collection,
    find_collection,
    members_of,
    save_collection,
)
from ..model import Product, ProductDraft, StockDraft, draft_of, one_line
from ..problems import InvalidCollection, InvalidProduct, StockIsPromised
from ..products import delete_product, find_product, find_products, save_product
from . import tables
from .cells import DecimalSign
from .drafts import Context, Reading
from .events import ImportFinished
from .notes import Change as RowChange
from .notes import Note, Result, RowReport, note
from .pictures import fetch_pictures, has_wishes, wish_for
from .plan import Gone, NewCollection, Plan, Step, fingerprint, make_plan
from .recognition import FORMATS, read_file
from .snapshots import load_shop
from .sniffing import sniff

ROWS_AT_ONCE = 200
PAGE = 500

State = Literal["planned", "applying", "applied", "undoing", "undone"]

_FIND = Q(select(tables.imports).where(tables.imports.c.id == bindparam("id")))
_ADD = Q(insert(tables.imports))
_ADD_STEP = Q(insert(tables.steps))
_ADD_ROW = Q(insert(tables.rows))
_BEGIN = Q(
    update(tables.imports)
    .where(tables.imports.c.id == bindparam("id_"), tables.imports.c.state == bindparam("from_"))
    .values(
        state=bindparam("state_"),
        rows_done=0,
        ended_at=None,
        by_user_id=bindparam("by_user_id_"),
        by_person_id=bindparam("by_person_id_"),
        by_kind=bindparam("by_kind_"),
    )
)
_ADVANCE = Q(
    update(tables.imports)
    .where(tables.imports.c.id == bindparam("id_"))
    .values(
        state=bindparam("state_"),
        rows_done=tables.imports.c.rows_done + bindparam("rows"),
        ended_at=bindparam("ended_at_"),
    )
)
_WAITING = Q(
    select(tables.steps)
    .where(tables.steps.c.import_id == bindparam("import_id"), tables.steps.c.state == "waiting")
    .order_by(tables.steps.c.position)
    .limit(ROWS_AT_ONCE)
)
_DONE = Q(
    select(tables.steps)
    .where(tables.steps.c.import_id == bindparam("import_id"), tables.steps.c.state == "done")
    .order_by(tables.steps.c.position.desc())
    .limit(ROWS_AT_ONCE)
)
_END_STEP = Q(
    update(tables.steps)
    .where(
        tables.steps.c.import_id == bindparam("import_id_"),
        tables.steps.c.position == bindparam("position_"),
    )
    .values(state=bindparam("state_"), before=bindparam("before_"), after=bindparam("after_"))
)
_ROWS_OF = Q(
    select(tables.rows)
    .where(
        tables.rows.c.import_id == bindparam("import_id"), tables.rows.c.row > bindparam("after")
    )
    .order_by(tables.rows.c.row)
    .limit(bindparam("limit"))
)
_ROW = Q(
    select(tables.rows).where(
        tables.rows.c.import_id == bindparam("import_id"), tables.rows.c.row == bindparam("row_")
    )
)
_SET_ROW = Q(
    update(tables.rows)
    .where(
        tables.rows.c.import_id == bindparam("import_id_"), tables.rows.c.row == bindparam("row_")
    )
    .values(result=bindparam("result_"), notes=bindparam("notes_"))
)
_COUNTS = Q(
    select(tables.rows.c.result, func.count().label("count"))
    .where(tables.rows.c.import_id == bindparam("import_id"))
    .group_by(tables.rows.c.result)
)
_REMEMBER_KEY = Q(
    upsert(
        tables.keys,
        keys=["business_id", "key"],
        update=["product_id", "variant_id", "collection_id", "import_id"],
    )
)
_FORGET_KEYS = Q(delete(tables.keys).where(tables.keys.c.import_id == bindparam("import_id")))
_FORGET_PICTURES = Q(
    delete(tables.pictures).where(tables.pictures.c.import_id == bindparam("import_id"))
)


class ImportUndone(Problem):
    """This import was taken back. Import the file again."""


class ImportNotApplied(Problem):
    """This import is not done yet, so there is nothing to take back."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read, and how."""

    hash: str
    format: str
    encoding: str
    delimiter: str
    decimal: DecimalSign
    reading: Reading


@dataclass(frozen=True, slots=True)
class Import:
    """An import with the results of its rows: planned ones, then real ones."""

    id: ImportId
    business_id: BusinessId
    name: str
    state: State
    format: str
    format_name: str
    encoding: str
    delimiter: str
    decimal: str
    counts: dict[str, int]
    """Rows by result."""
    row_count: int
    rows_done: int
    unused_columns: tuple[str, ...]
    gone: Gone
    created_at: int
    ended_at: int | None
    rows: tuple[RowReport, ...]
    next: int | None
    """Ask again with this as `after` for more rows."""


def read_upload(
    content: bytes, currency: str, zone: str, now: int, decimal: DecimalSign | None = None
) -> ReadFile:
    """Read a file. Pure and slow: call it in a thread. Raises: FileRefused."""
    sheet = sniff(content)
    context = Context(currency, ZoneInfo(zone), now)
    format_, reading, sign = read_file(sheet, context, decimal)
    return ReadFile(
        sha256(content).hexdigest(), format_.NAME, sheet.encoding, sheet.delimiter, sign, reading
    )


def shop_for_import(tx: Tx, business_id: BusinessId, *, by: Actor) -> business.Business:
    """The shop, if `by` may change its catalog. Raises: NotFound, NotAllowed."""
    business.require(tx, business_id, business.Role.MANAGER, by=by)
    return business.get_business(tx, business_id)


def plan_file(
    tx: Tx, import_id: ImportId, business_id: BusinessId, file: ReadFile, public_url: str, *,
    by: Actor,
) -> Plan:  # fmt: skip
    """What `file` would do to the shop as it is now. A query. Raises: NotFound, NotAllowed."""
    shop = shop_for_import(tx, business_id, by=by)
    there = load_shop(tx, business_id, shop.currency, public_url)
    return make_plan(file.reading, there, import_id, file.format, tx.now)


def save_import(
    tx: Tx, import_id: ImportId, business_id: BusinessId, name: str, file: ReadFile, plan: Plan, *,
    by: Actor,
) -> None:  # fmt: skip
    """Keep a plan, so that it can be looked at and applied.

    Raises: NotFound, NotAllowed, IdReused when the id stands for another file.
    """
    business.require(tx, business_id, business.Role.MANAGER, by=by)
    if known := tx.one(_FIND, id=import_id):
        if (known.business_id, known.hash) != (business_id, file.hash):
            raise IdReused(id=import_id)
        return
    reports = _by_row(plan.steps)
    tx.do(
        _ADD,
        id=import_id,
        business_id=business_id,
        name=one_line(name.encode("utf-8", "replace").decode())[:200],
        hash=file.hash,
        format=file.format,
        encoding=file.encoding,
        delimiter=file.delimiter,
        decimal_sign=file.decimal,
        state="planned",
        unused_columns=file.reading.unused_columns,
        gone=plan.gone,
        row_count=len(reports),
        rows_done=0,
        created_at=tx.now,
    )
    tx.many(
        _ADD_STEP,
        [
            {
                "import_id": import_id,
                "position": position,
                "row_count": len(step.rows),
                "state": "waiting",
                "content": _numbered(step),
                "before": None,
                "after": None,
            }
            for position, step in enumerate(plan.steps)
            if step.does_something
        ],
    )
    tx.many(
        _ADD_ROW,
        [
            {
                "import_id": import_id,
                "row": report.row,
                "result": report.result,
                "title": report.title,
                "product_id": product_id,
                "changes": report.changes,
                "notes": report.notes,
            }
            for report, product_id in reports.values()
        ],
    )


def begin_import(tx: Tx, import_id: ImportId, *, by: Actor) -> None:
    """Start to apply a plan; again, it does nothing. Raises: NotFound, NotAllowed, ImportUndone."""
    found = _mine(tx, import_id, by)
    if found.state in ("undoing", "undone"):
        raise ImportUndone(id=import_id)
    _begin(tx, import_id, "planned", "applying", by)


def begin_undo(tx: Tx, import_id: ImportId, *, by: Actor) -> None:
    """Start to take an import back; again, it does nothing.

    Raises: NotFound, NotAllowed, ImportNotApplied.
    """
    found = _mine(tx, import_id, by)
    if found.state in ("planned", "applying"):
        raise ImportNotApplied(id=import_id)
    _begin(tx, import_id, "applied", "undoing", by)


def _begin(tx: Tx, import_id: ImportId, from_: State, to: State, by: Actor) -> None:
    begun = tx.do(
        _BEGIN,
        id_=import_id,
        from_=from_,
        state_=to,
        by_user_id_=by.user_id,
        by_person_id_=by.person_id,
        by_kind_=by.kind,
    )
    if begun:
        tx.enqueue(apply_rows if to == "applying" else undo_rows, import_id=import_id)


def apply_rows(tx: Tx, import_id: ImportId) -> None:
    """Job: apply the next 200 rows of a plan, then ask for the ones after them."""
    found = tx.one(_FIND, id=import_id)
    if found is None or found.state != "applying":
        return
    by = _applier(found)
    waiting = tx.all(_WAITING, import_id=import_id)
    rows = taken = 0
    for row in waiting:
        if rows and rows + row.row_count > ROWS_AT_ONCE:
            break
        rows += row.row_count
        taken += 1
        _apply_step(tx, found, row, by)
    is_over = taken == len(waiting) < ROWS_AT_ONCE
    tx.do(
        _ADVANCE,
        id_=import_id,
        state_="applied" if is_over else "applying",
        rows=found.row_count - found.rows_done if is_over else rows,
        ended_at_=tx.now if is_over else None,
    )
    if is_over:
        tx.emit(ImportFinished(import_id, found.business_id))
        if has_wishes(tx, import_id):
            tx.enqueue(fetch_pictures, import_id=import_id)
    else:
        tx.enqueue(apply_rows, import_id=import_id)
    tx.publish([found.business_id], Change("import", import_id))


def undo_rows(tx: Tx, import_id: ImportId) -> None:
    """Job: take the last 200 rows of an applied import back, then ask for the ones before them.

    What was edited since stays as it is, with a note; what was ordered is hidden, not deleted.
    """
    found = tx.one(_FIND, id=import_id)
    if found is None or found.state != "undoing":
        return
    by = _applier(found)
    done = tx.all(_DONE, import_id=import_id)
    for row in done:
        _undo_step(tx, found, row, by)
    is_over = len(done) < ROWS_AT_ONCE
    tx.do(
        _ADVANCE,
        id_=import_id,
        state_="undone" if is_over else "undoing",
        rows=found.row_count - found.rows_done if is_over else sum(row.row_count for row in done),
        ended_at_=tx.now if is_over else None,
    )
    if is_over:
        tx.do(_FORGET_KEYS, import_id=import_id)
        tx.do(_FORGET_PICTURES, import_id=import_id)
    else:
        tx.enqueue(undo_rows, import_id=import_id)
    tx.publish([found.business_id], Change("import", import_id))


def get_import(
    tx: Tx, import_id: ImportId, *, by: Actor, after: int = 0, limit: int = PAGE
) -> Import:
    """An import with a page of its rows, in the order of the file. Raises: NotFound, NotAllowed."""
    found = _mine(tx, import_id, by)
    counts = Counter({row.result: row.count for row in tx.all(_COUNTS, import_id=import_id)})
    page = tx.all(_ROWS_OF, import_id=import_id, after=after, limit=limit + 1)
    return Import(
        id=import_id,
        business_id=found.business_id,
        name=found.name,
        state=found.state,
        format=found.format,
        format_name=next(it.LABEL for it in FORMATS if found.format == it.NAME),
        encoding=found.encoding,
        delimiter=found.delimiter,
        decimal=found.decimal_sign,
        counts={name: int(counts[name]) for name in _RESULTS},
        row_count=found.row_count,
        rows_done=found.rows_done,
        unused_columns=tuple(found.unused_columns),
        gone=msgspec.convert(found.gone, Gone),
        created_at=found.created_at,
        ended_at=found.ended_at,
        rows=tuple(map(_report_in, page[:limit])),
        next=page[limit - 1].row if len(page) > limit else None,
    )


def reports_of(all_steps: Iterable[Step]) -> list[RowReport]:
    """What the steps of a plan say about each row, in the order of the file."""
    by_row = _by_row(all_steps)
    return [by_row[row][0] for row in sorted(by_row)]


def count_rows(reports: Iterable[RowReport]) -> dict[str, int]:
    """How many rows there are of each result."""
    counts = Counter(report.result for report in reports)
    return {name: counts[name] for name in _RESULTS}


_RESULTS: tuple[Result, ...] = (
    "created", "updated", "unchanged", "draft", "skipped", "refused",
)  # fmt: skip


def _mine(tx: Tx, import_id: ImportId, by: Actor) -> Row:
    found = tx.one(_FIND, id=import_id)
    if found is None:
        raise NotFound(id=import_id)
    business.require(tx, found.business_id, business.Role.MANAGER, by=by)
    return found


def _applier(found: Row) -> Actor:
    return Actor(found.by_user_id, found.by_person_id, found.by_kind)


def _apply_step(tx: Tx, found: Row, row: Row, by: Actor) -> None:
    content = msgspec.convert(row.content, _Content)
    step = content.step
    savepoint = tx.savepoint()
    try:
        before, after = _do(tx, found, step, by)
    except (_Outdated, InvalidProduct, InvalidCollection, StockIsPromised) as refusal:
        savepoint.undo()
        for number in content.rows:
            _refuse_row(tx, found.id, number, _reason(number, refusal))
        state, before, after = "refused", _Before(), ""
    else:
        savepoint.keep()
        state = "done"
    tx.do(
        _END_STEP,
        import_id_=found.id,
        position_=row.position,
        state_=state,
        before_=before,
        after_=after,
    )


@dataclass(frozen=True, slots=True)
class _Before:
    """What a step found: what undoing brings back."""

    product: ProductDraft | None = None
    collection: NewCollection | None = None
    members: tuple[ProductId, ...] = ()


def _do(tx: Tx, found: Row, step: Step, by: Actor) -> tuple[_Before, str]:
    """Do one step; what was there before, and the fingerprint of what is there now."""
    before, after = _Before(), ""
    if step.collection is not None:
        before = _put_collection(tx, found.business_id, step.collection, step.members, by)
    if step.product_id is not None:
        there = find_product(tx, step.product_id)
        if fingerprint(there) != step.seen:
            raise _Outdated
        if step.draft is not None:
            before = _Before(product=draft_of(there) if there else None)
            there = save_product(tx, step.product_id, found.business_id, step.draft, by=by)
        after = fingerprint(there)
        for position, wish in enumerate(step.wishes):
            wish_for(tx, found.id, found.business_id, step.product_id, wish, position)
    tx.many(
        _REMEMBER_KEY,
        [
            {
                "business_id": found.business_id,
                "key": key,
                "product_id": known.product_id,
                "variant_id": known.variant_id,
                "collection_id": known.collection_id,
                "import_id": found.id,
            }
            for key, known in step.keys
        ],
    )
    return before, after


def _put_collection(
    tx: Tx,
    business_id: BusinessId,
    wanted: NewCollection,
    members: tuple[ProductId, ...] | None,
    by: Actor,
) -> _Before:
    """Make the collection so; what it was before. Members that are not there are left out."""
    there = find_collection(tx, wanted.id)
    before = _Before()
    if there is not None:
        before = _Before(
            collection=NewCollection(
                there.id, there.parent_id, there.name, there.description, there.is_hidden
            ),
            members=tuple(members_of(tx, there.id)),
        )
    draft = CollectionDraft(
        name=wanted.name,
        description=wanted.description,
        parent_id=wanted.parent_id,
        picture_id=there.picture_id if there else None,
        product_ids=None
        if members is None
        else tuple(product.id for product in find_products(tx, members)),
        is_hidden=wanted.is_hidden,
    )
    save_collection(tx, wanted.id, business_id, draft, by=by)
    return before


def _undo_step(tx: Tx, found: Row, row: Row, by: Actor) -> None:
    content = msgspec.convert(row.content, _Content)
    step = content.step
    before = msgspec.convert(row.before, _Before)
    state = "undone"
    savepoint = tx.savepoint()
    try:
        if step.collection is not None:
            _undo_collection(tx, found.business_id, step, before, by)
        if step.product_id is not None and step.draft is not None:
            _undo_product(tx, step.product_id, step.draft, before.product, row.after, by)
    except (_Outdated, InvalidProduct, InvalidCollection, StockIsPromised):
        savepoint.undo()
        state = "kept"
        for number in content.rows:
            there = tx.one(_ROW, import_id=found.id, row_=number)
            assert there is not None
            notes = [note(number, "edited-since"), *there.notes]
            tx.do(_SET_ROW, import_id_=found.id, row_=number, result_=there.result, notes_=notes)
    else:
        savepoint.keep()
    tx.do(
        _END_STEP,
        import_id_=found.id,
        position_=row.position,
        state_=state,
        before_=row.before,
        after_=row.after,
    )


def _undo_collection(
    tx: Tx, business_id: BusinessId, step: Step, before: _Before, by: Actor
) -> None:
    assert step.collection is not None
    id_: CollectionId = step.collection.id
    there = find_collection(tx, id_)
    if there is None:
        return
    members = tuple(members_of(tx, id_))
    if before.collection is None:
        if set(members) - set(step.members or ()):
            raise _Outdated  # somebody put more into it
        delete_collection(tx, id_, by=by)
        return
    if members != step.members:
        raise _Outdated
    _put_collection(tx, business_id, before.collection, before.members, by)


def _undo_product(
    tx: Tx,
    product_id: ProductId,
    wanted: ProductDraft,
    before: ProductDraft | None,
    after: str,
    by: Actor,
) -> None:
    there = find_product(tx, product_id)
    if there is None:
        return
    if fingerprint(there) != after:
        raise _Outdated
    if before is None:
        delete_product(tx, product_id, by=by)
        return
    save_product(tx, product_id, there.business_id, _with_old_stock(there, wanted, before), by=by)


def _with_old_stock(there: Product, wanted: ProductDraft, before: ProductDraft) -> ProductDraft:
    """`before`, with a count only where the import set one and nothing was sold since."""
    counted = {it.id: it.stock.on_hand if it.stock else None for it in wanted.variants}
    now = {it.id: it.stock.on_hand for it in there.variants}
    variants = []
    for variant in before.variants:
        stock = variant.stock or StockDraft()
        is_as_set = counted.get(variant.id) is not None and counted[variant.id] == now[variant.id]
        variants.append(
            replace(variant, stock=replace(stock, on_hand=stock.on_hand if is_as_set else None))
        )
    return replace(before, variants=tuple(variants))


class _Outdated(Exception):
    """The product is not any more what it was when the plan was made."""


def _reason(row: int, refusal: Exception) -> Note:
    if isinstance(refusal, _Outdated):
        return note(row, "changed-since-plan")
    assert isinstance(refusal, Problem)
    flaws = refusal.facts.get("flaws") or ()
    return note(row, "not-saved", reason=flaws[0].text if flaws else refusal.title)


def _refuse_row(tx: Tx, import_id: ImportId, number: int, reason: Note) -> None:
    row = tx.one(_ROW, import_id=import_id, row_=number)
    assert row is not None
    tx.do(
        _SET_ROW,
        import_id_=import_id,
        row_=number,
        result_="refused",
        notes_=[reason, *row.notes],
    )


@dataclass(frozen=True, slots=True)
class _Content:
    """A step as it is kept: its rows are told by number, what is said of them is kept by row."""

    rows: tuple[int, ...]
    step: Step


def _numbered(step: Step) -> _Content:
    return _Content(tuple(report.row for report in step.rows), replace(step, rows=()))


def _by_row(all_steps: Iterable[Step]) -> dict[int, tuple[RowReport, ProductId | None]]:
    """One report per row; that a row was refused outweighs all else."""
    reports: dict[int, tuple[RowReport, ProductId | None]] = {}
    for step in all_steps:
        for report in step.rows:
            there = reports.get(report.row)
            if there is None or report.result == "refused":
                reports[report.row] = (report, step.product_id)
    return reports


def _report_in(row: Row) -> RowReport:
    return RowReport(
        row=row.row,
        result=row.result,
        title=row.title,
        changes=msgspec.convert(row.changes, tuple[RowChange, ...]),
        notes=msgspec.convert(row.notes, tuple[Note, ...]),
    )
