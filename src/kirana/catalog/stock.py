"""How much there is, what is promised to whom, and every change of it.

`held` is the sum of the holds and `on_hand` what stands on the shelf; each change of either is a
row of `catalog_stock_moves`. A hold that has expired counts as free from that moment on: whoever
needs it frees it, so nothing depends on the sweeper being in time.
"""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, false, func, insert, or_, select, true, update

from kirana import business
from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import InvalidInput, NotFound
from kirana.platform.stream import Change
from kirana.values import SYSTEM, Actor, BusinessId, OrderId, VariantId

from .events import StockLow, StockRanOut, StockReturned
from .model import MAX_UNITS, Stock, StockDraft, flaws_of_stock, one_line
from .problems import InvalidProduct, NotForSale, OutOfStock, StockIsPromised
from .tables import holds, stock_moves, variants

NOBODY = UUID(int=0)
NO_STOCK = Stock()
_COLUMNS = (
    variants.c.id,
    variants.c.product_id,
    variants.c.business_id,
    variants.c.tracked,
    variants.c.on_hand,
    variants.c.held,
    variants.c.sell_beyond,
    variants.c.backorder_text,
    variants.c.low_at,
    variants.c.moves,
)
_FIND = Q(select(*_COLUMNS).where(variants.c.id == bindparam("id")))
_MOVE = (
    update(variants)
    .where(variants.c.id == bindparam("id_"))
    .values(
        on_hand=variants.c.on_hand + bindparam("on_hand_delta"),
        held=variants.c.held + bindparam("held_delta"),
        moves=variants.c.moves + 1,
    )
    .returning(*_COLUMNS)
)
_MOVE_ANY = Q(_MOVE)
_MOVE_FREE = Q(
    _MOVE.where(
        variants.c.retired_at.is_(None),
        or_(
            variants.c.tracked == false(),
            variants.c.sell_beyond == true(),
            variants.c.on_hand - variants.c.held >= bindparam("held_delta"),
        ),
    )
)
_REMEMBER_MOVE = Q(insert(stock_moves))
_SET = Q(
    update(variants)
    .where(variants.c.id == bindparam("id_"))
    .values(
        tracked=bindparam("tracked_"),
        sell_beyond=bindparam("sell_beyond_"),
        backorder_text=bindparam("backorder_text_"),
        low_at=bindparam("low_at_"),
    )
)
_FIND_HOLD = Q(
    select(holds.c.quantity, holds.c.until_at).where(
        holds.c.order_id == bindparam("order_id"), holds.c.variant_id == bindparam("variant_id")
    )
)
_SAVE_HOLD = Q(upsert(holds, keys=["order_id", "variant_id"], update=["quantity", "until_at"]))
_DROP_HOLD = Q(
    delete(holds).where(
        holds.c.order_id == bindparam("order_id"), holds.c.variant_id == bindparam("variant_id")
    )
)
_HOLDS_OF = Q(
    select(holds).where(holds.c.order_id == bindparam("order_id")).order_by(holds.c.variant_id)
)
_EXPIRED_OF = Q(
    select(holds).where(
        holds.c.variant_id == bindparam("variant_id"),
        holds.c.until_at <= bindparam("now"),
        holds.c.order_id != bindparam("except_order_id"),
    )
)
_EXPIRED = Q(
    select(holds)
    .where(holds.c.until_at <= bindparam("now"))
    .order_by(holds.c.until_at)
    .limit(bindparam("limit"))
)
_EXPIRED_SUMS = Q(
    select(holds.c.variant_id, func.sum(holds.c.quantity).label("quantity"))
    .where(and_(holds.c.until_at <= bindparam("now"), any_of(holds.c.variant_id, "ids")))
    .group_by(holds.c.variant_id)
)


def reserve(
    tx: Tx,
    variant_id: VariantId,
    quantity: int,
    *,
    for_order: OrderId,
    until: int | None,
    by: Actor,
) -> None:
    """Promise `quantity` of a variant to an order: until an instant, or for good (`None`).

    Says how much the order holds in all, so it may be repeated, with another quantity too. A hold
    that was made for good stays so. One that expired and went to somebody else is taken anew.

    Raises: OutOfStock, NotForSale when there is no such variant.
    """
    if not 1 <= quantity <= MAX_UNITS:
        raise InvalidInput(field="quantity")
    hold = tx.one(_FIND_HOLD, order_id=for_order, variant_id=variant_id)
    missing = quantity - (hold.quantity if hold else 0)
    if missing > 0:
        _hold_more(tx, variant_id, missing, for_order, by)
    elif missing < 0:
        _move(tx, variant_id, 0, missing, "released", for_order, by)
    if hold and hold.until_at is None:
        until = None
    tx.do(_SAVE_HOLD, order_id=for_order, variant_id=variant_id, quantity=quantity, until_at=until)


def release(tx: Tx, order_id: OrderId, *, by: Actor) -> None:
    """Give back what is still held for an order. Harmless when there is nothing."""
    for hold in tx.all(_HOLDS_OF, order_id=order_id):
        _drop(tx, hold, "released", by)


def take(
    tx: Tx,
    order_id: OrderId,
    *,
    by: Actor,
    quantities: Mapping[VariantId, int] | None = None,
) -> None:
    """Let what an order holds leave the shelf; with `quantities`, only so much of it.

    More than the shop thought to have can leave only where it sells beyond its stock; then none is
    left.
    """
    for hold in tx.all(_HOLDS_OF, order_id=order_id):
        wanted = hold.quantity if quantities is None else quantities.get(hold.variant_id, 0)
        count = min(wanted, hold.quantity)
        if count < 1:
            continue
        row = tx.one(_FIND, id=hold.variant_id)
        assert row is not None
        leaving = min(count, row.on_hand) if row.tracked else 0
        _move(tx, row.id, -leaving, -count, "taken", order_id, by)
        if count == hold.quantity:
            tx.do(_DROP_HOLD, order_id=order_id, variant_id=row.id)
        else:
            tx.do(
                _SAVE_HOLD,
                order_id=order_id,
                variant_id=row.id,
                quantity=hold.quantity - count,
                until_at=hold.until_at,
            )


def restock(tx: Tx, variant_id: VariantId, quantity: int, *, for_order: OrderId, by: Actor) -> None:
    """Put back on the shelf what came back from an order. Counts each call: call it once."""
    row = tx.one(_FIND, id=variant_id)
    if row is not None and row.tracked:
        _move(tx, variant_id, quantity, 0, "returned", for_order, by)


def set_stock(tx: Tx, variant_id: VariantId, stock: StockDraft, *, by: Actor) -> Stock:
    """Say how many there are, or whether they are counted at all. `None` leaves as it is.

    Raises: NotFound, NotAllowed, InvalidProduct, StockIsPromised.
    """
    if flaws := flaws_of_stock("stock", stock):
        raise InvalidProduct(flaws=flaws)
    row = tx.one(_FIND, id=variant_id)
    if row is None:
        raise NotFound(id=variant_id)
    business.require(tx, row.business_id, business.Role.MANAGER, by=by)
    if change_stock(tx, variant_id, stock, by=by):
        business.touch(tx, row.business_id)
        tx.publish([row.business_id], Change("catalog", row.product_id))
        before, after = stock_in(row), stock_of(tx, variant_id)
        business.record(
            tx,
            row.business_id,
            "stock.changed",
            subject_id=variant_id,
            before=before,
            after=after,
            by=by,
        )
    return stock_of(tx, variant_id)


def change_stock(tx: Tx, variant_id: VariantId, draft: StockDraft, *, by: Actor) -> bool:
    """Without asking who it is: whether anything changed. Raises: StockIsPromised."""
    row = tx.one(_FIND, id=variant_id)
    assert row is not None
    before = stock_in(row)
    after = merged(before, draft)
    if after == before:
        return False
    if after.tracked and not after.sell_beyond and after.on_hand < after.held:
        _free_expired(tx, variant_id)
        row = tx.one(_FIND, id=variant_id)
        assert row is not None
        before = stock_in(row)
        after = replace(after, held=before.held)
        if after.on_hand < after.held:
            raise StockIsPromised(variant_id=variant_id, promised=after.held)
    settings = {
        "id_": variant_id,
        "sell_beyond_": after.sell_beyond,
        "backorder_text_": after.backorder_text,
        "low_at_": after.low_at,
    }
    # The count is changed while nothing is checked against it, so no order of steps can fail.
    tx.do(_SET, **settings, tracked_=False)
    if after.on_hand != before.on_hand:
        moved = _apply(
            tx, _MOVE_ANY, variant_id, after.on_hand - before.on_hand, 0, "counted", None, by
        )
        assert moved is not None
    tx.do(_SET, **settings, tracked_=after.tracked)
    _announce(tx, row, before, after)
    return True


def merged(stock: Stock, draft: StockDraft) -> Stock:
    """`stock` with what `draft` says."""
    low_at = stock.low_at if draft.low_at is None else draft.low_at
    return Stock(
        tracked=stock.tracked if draft.tracked is None else draft.tracked,
        on_hand=stock.on_hand if draft.on_hand is None else draft.on_hand,
        held=stock.held,
        sell_beyond=stock.sell_beyond if draft.sell_beyond is None else draft.sell_beyond,
        backorder_text=stock.backorder_text
        if draft.backorder_text is None
        else one_line(draft.backorder_text),
        low_at=None if low_at == -1 else low_at,
    )


def stock_of(tx: Tx, variant_id: VariantId) -> Stock:
    """The stock as it counts now: expired holds are free. Raises: NotFound."""
    row = tx.one(_FIND, id=variant_id)
    if row is None:
        raise NotFound(id=variant_id)
    expired = expired_holds(tx, [variant_id]).get(variant_id, 0)
    return replace(stock_in(row), held=row.held - expired)


def available(tx: Tx, variant_id: VariantId) -> int | None:
    """How many can be ordered now; `None`: as many as one likes. Raises: NotFound."""
    return stock_of(tx, variant_id).available


def expired_holds(tx: Tx, variant_ids: list[VariantId]) -> dict[VariantId, int]:
    """How many of `held` are nobody's any more, though not yet swept; mostly none."""
    rows = tx.all(_EXPIRED_SUMS, now=tx.now, ids=variant_ids)
    return {row.variant_id: int(row.quantity) for row in rows}


def release_expired(tx: Tx) -> None:
    """Sweep: give back what was held until a moment that has passed."""
    for hold in tx.all(_EXPIRED, now=tx.now, limit=500):
        _drop(tx, hold, "expired", SYSTEM)


def stock_in(row: Row) -> Stock:
    """The stock that a row of `catalog_variants` tells."""
    return Stock(
        tracked=row.tracked,
        on_hand=row.on_hand,
        held=row.held,
        sell_beyond=row.sell_beyond,
        backorder_text=row.backorder_text,
        low_at=row.low_at,
    )


def _hold_more(tx: Tx, variant_id: VariantId, count: int, order_id: OrderId, by: Actor) -> None:
    if _hold_if_free(tx, variant_id, count, order_id, by):
        return
    _free_expired(tx, variant_id, except_for=order_id)
    if _hold_if_free(tx, variant_id, count, order_id, by):
        return
    row = tx.one(_FIND, id=variant_id)
    if row is None or stock_in(row).available is None:
        raise NotForSale(variant_id=variant_id)
    raise OutOfStock(variant_id=variant_id, available=stock_in(row).available)


def _free_expired(tx: Tx, variant_id: VariantId, except_for: UUID = NOBODY) -> None:
    expired = tx.all(_EXPIRED_OF, variant_id=variant_id, now=tx.now, except_order_id=except_for)
    for hold in expired:
        _drop(tx, hold, "expired", SYSTEM)


def _drop(tx: Tx, hold: Row, reason: str, by: Actor) -> None:
    tx.do(_DROP_HOLD, order_id=hold.order_id, variant_id=hold.variant_id)
    _move(tx, hold.variant_id, 0, -hold.quantity, reason, hold.order_id, by)


def _hold_if_free(tx: Tx, variant_id: VariantId, count: int, order_id: OrderId, by: Actor) -> bool:
    row = _apply(tx, _MOVE_FREE, variant_id, 0, count, "reserved", order_id, by)
    if row is not None:
        _tell(tx, row, 0, count)
    return row is not None


def _move(
    tx: Tx,
    variant_id: VariantId,
    on_hand_delta: int,
    held_delta: int,
    reason: str,
    order_id: OrderId | None,
    by: Actor,
) -> None:
    row = _apply(tx, _MOVE_ANY, variant_id, on_hand_delta, held_delta, reason, order_id, by)
    assert row is not None
    _tell(tx, row, on_hand_delta, held_delta)


def _apply(
    tx: Tx,
    statement: Q,
    variant_id: UUID,
    on_hand_delta: int,
    held_delta: int,
    reason: str,
    order_id: OrderId | None,
    by: Actor,
) -> Row | None:
    row = tx.one(statement, id_=variant_id, on_hand_delta=on_hand_delta, held_delta=held_delta)
    if row is not None:
        tx.do(
            _REMEMBER_MOVE,
            variant_id=variant_id,
            number=row.moves,
            on_hand_delta=on_hand_delta,
            held_delta=held_delta,
            reason=reason,
            order_id=order_id,
            by_id=by.person_id,
            moved_at=tx.now,
        )
    return row


def _tell(tx: Tx, row: Row, on_hand_delta: int, held_delta: int) -> None:
    after = stock_in(row)
    before = replace(after, on_hand=after.on_hand - on_hand_delta, held=after.held - held_delta)
    if after.tracked and before.on_hand - before.held != after.on_hand - after.held:
        business.touch(tx, row.business_id)
        if _announce(tx, row, before, after):
            tx.publish([BusinessId(row.business_id)], Change("catalog", row.product_id))


def _announce(tx: Tx, row: Row, before: Stock, after: Stock) -> bool:
    """Tell of the borders that were crossed; whether there was one."""
    who = (row.id, row.product_id, row.business_id)
    if before.is_available and not after.is_available:
        tx.emit(StockRanOut(*who))
    elif after.is_available and not before.is_available:
        tx.emit(StockReturned(*who))
    elif after.is_low and not before.is_low:
        tx.emit(StockLow(*who, after.on_hand - after.held))
    else:
        return False
    return True
