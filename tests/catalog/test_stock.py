"""What is left, what is promised, and to whom."""

import pytest
from sqlalchemy import func, select

from kirana import catalog
from kirana.catalog import StockDraft
from kirana.catalog.tables import holds, stock_moves, variants
from kirana.platform.db import Q, Tx
from kirana.platform.problems import InvalidInput, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, OrderId, VariantId, uuid7
from tests.catalog import make
from tests.catalog.conftest import Heard
from tests.database import RehearsedDatabase

_MOVES = Q(
    select(
        stock_moves.c.variant_id,
        func.sum(stock_moves.c.on_hand_delta).label("on_hand"),
        func.sum(stock_moves.c.held_delta).label("held"),
        func.count().label("moves"),
    ).group_by(stock_moves.c.variant_id)
)
_COUNTERS = Q(select(variants.c.id, variants.c.on_hand, variants.c.held, variants.c.moves))
_HELD = Q(select(holds.c.variant_id, func.sum(holds.c.quantity)).group_by(holds.c.variant_id))


def books_balance(db: RehearsedDatabase) -> bool:
    """The counters equal the sum of their moves, and what is held the sum of the holds."""

    def check(tx: Tx) -> bool:
        moved = {row[0]: tuple(map(int, row[1:])) for row in tx.all(_MOVES)}
        held = {row[0]: int(row[1]) for row in tx.all(_HELD)}
        return all(
            moved.get(row.id, (0, 0, 0)) == (row.on_hand, row.held, row.moves)
            and held.get(row.id, 0) == row.held
            for row in tx.all(_COUNTERS)
        )

    return db.read(check)


def reserve(
    db: RehearsedDatabase,
    variant_id: VariantId,
    quantity: int = 1,
    *,
    order: OrderId | None = None,
    for_ms: int | None = 60_000,
) -> OrderId:
    order = order or make.order_id()
    until = None if for_ms is None else db.clock.now + for_ms
    db.write(catalog.reserve, variant_id, quantity, for_order=order, until=until, by=SYSTEM)
    return order


def count(
    db: RehearsedDatabase, shop: tuple[object, Actor], variant_id: VariantId, on_hand: int
) -> catalog.Stock:
    draft = StockDraft(tracked=True, on_hand=on_hand)
    return db.write(catalog.set_stock, variant_id, draft, by=shop[1])


def test_the_last_unit_is_sold_once(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=1)

    outcomes = []
    for _ in range(50):
        try:
            outcomes.append(reserve(db, tea))
        except catalog.OutOfStock as refusal:
            outcomes.append(refusal.facts)

    assert len([it for it in outcomes if not isinstance(it, dict)]) == 1
    assert outcomes.count({"variant_id": tea, "available": 0}) == 49
    assert books_balance(db)


def test_a_hold_that_has_expired_is_free_though_nobody_swept(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=1)
    reserve(db, tea, for_ms=1_000)
    assert db.read(catalog.available, tea) == 0

    db.clock.advance(1_000)

    assert db.read(catalog.available, tea) == 1
    reserve(db, tea)
    with pytest.raises(catalog.OutOfStock):
        reserve(db, tea)
    assert books_balance(db)


def test_sweeping_gives_back_what_has_expired_and_nothing_else(
    db: RehearsedDatabase, heard: Heard
) -> None:
    tea = make.sellable(db, make.shop(db), stock=2)
    reserve(db, tea, for_ms=1_000)
    reserve(db, tea, for_ms=None)
    heard.take(db)

    db.clock.advance(5_000)
    db.write(catalog.release_expired)
    db.write(catalog.release_expired)

    assert heard.take(db) == ["stock.returned"]
    assert db.read(catalog.available, tea) == 1
    assert books_balance(db)


def test_reserving_twice_for_the_same_order_holds_once(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=3)

    order = reserve(db, tea, 2)
    reserve(db, tea, 2, order=order)

    assert db.read(catalog.available, tea) == 1


def test_an_order_may_hold_more_or_less_later(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=3)
    order = reserve(db, tea, 2)

    reserve(db, tea, 3, order=order)
    assert db.read(catalog.available, tea) == 0
    with pytest.raises(catalog.OutOfStock):
        reserve(db, tea, 4, order=order)
    reserve(db, tea, 1, order=order)

    assert db.read(catalog.available, tea) == 2
    assert books_balance(db)


def test_an_order_that_comes_back_late_takes_its_own_expired_hold_again(
    db: RehearsedDatabase,
) -> None:
    tea = make.sellable(db, make.shop(db), stock=2)
    order = reserve(db, tea, 1, for_ms=1_000)
    db.clock.advance(2_000)

    reserve(db, tea, 2, order=order)

    assert db.read(catalog.available, tea) == 0
    assert books_balance(db)


def test_an_order_that_comes_back_late_keeps_its_own_hold_while_others_lose_theirs(
    db: RehearsedDatabase,
) -> None:
    tea = make.sellable(db, make.shop(db), stock=2)
    order = reserve(db, tea, 1, for_ms=1_000)
    reserve(db, tea, 1, for_ms=1_000)
    db.clock.advance(2_000)

    reserve(db, tea, 2, order=order)

    assert db.read(catalog.available, tea) == 0
    assert books_balance(db)


def test_an_order_that_comes_back_too_late_finds_that_it_is_gone(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=1)
    late = reserve(db, tea, 1, for_ms=1_000)
    db.clock.advance(2_000)
    reserve(db, tea, 1)

    with pytest.raises(catalog.OutOfStock):
        reserve(db, tea, 1, order=late, for_ms=None)


def test_a_hold_that_was_made_for_good_does_not_expire(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=1)
    order = reserve(db, tea, 1, for_ms=1_000)
    reserve(db, tea, 1, order=order, for_ms=None)
    reserve(db, tea, 1, order=order, for_ms=1_000)

    db.clock.advance(9_000)
    db.write(catalog.release_expired)

    assert db.read(catalog.available, tea) == 0


def test_releasing_gives_everything_of_an_order_back_once(
    db: RehearsedDatabase, heard: Heard
) -> None:
    shop = make.shop(db)
    tea, coffee = make.sellable(db, shop, stock=1), make.sellable(db, shop, stock=5)
    order = reserve(db, tea)
    reserve(db, coffee, 2, order=order)
    heard.take(db)

    db.write(catalog.release, order, by=SYSTEM)
    db.write(catalog.release, order, by=SYSTEM)

    assert db.read(catalog.available, tea) == 1
    assert db.read(catalog.available, coffee) == 5
    assert heard.take(db) == ["stock.returned"]
    assert books_balance(db)


def test_goods_leave_the_shelf_at_their_hand_over(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=5)
    order = reserve(db, tea, 3, for_ms=None)

    db.write(catalog.take, order, by=SYSTEM)
    db.write(catalog.take, order, by=SYSTEM)

    stock = db.read(catalog.stock_of, tea)
    assert (stock.on_hand, stock.held, stock.available) == (2, 0, 2)
    assert books_balance(db)


def test_a_part_of_an_order_can_leave_first(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=5)
    order = reserve(db, tea, 3, for_ms=None)

    db.write(catalog.take, order, by=SYSTEM, quantities={tea: 1})

    stock = db.read(catalog.stock_of, tea)
    assert (stock.on_hand, stock.held) == (4, 2)
    db.write(catalog.take, order, by=SYSTEM)
    assert db.read(catalog.available, tea) == 2
    assert books_balance(db)


def test_what_comes_back_can_be_sold_again(db: RehearsedDatabase, heard: Heard) -> None:
    tea = make.sellable(db, make.shop(db), stock=1)
    order = reserve(db, tea)
    db.write(catalog.take, order, by=SYSTEM)
    heard.take(db)

    db.write(catalog.restock, tea, 1, for_order=order, by=SYSTEM)

    assert db.read(catalog.available, tea) == 1
    assert heard.take(db) == ["stock.returned"]
    assert books_balance(db)


def test_what_is_not_counted_is_always_there(db: RehearsedDatabase, heard: Heard) -> None:
    tea = make.sellable(db, make.shop(db), stock=None)
    heard.take(db)

    order = reserve(db, tea, 1_000)
    db.write(catalog.take, order, by=SYSTEM)
    db.write(catalog.restock, tea, 5, for_order=order, by=SYSTEM)

    assert db.read(catalog.available, tea) is None
    assert db.read(catalog.stock_of, tea).on_hand == 0
    assert heard.take(db) == []
    assert books_balance(db)


def test_a_shop_may_sell_more_than_it_has(db: RehearsedDatabase) -> None:
    tea = make.sellable(db, make.shop(db), stock=1, sell_beyond=True)

    order = reserve(db, tea, 3)
    assert db.read(catalog.stock_of, tea).held == 3
    db.write(catalog.take, order, by=SYSTEM)

    assert db.read(catalog.stock_of, tea).on_hand == 0
    assert books_balance(db)


def test_the_shop_is_told_once_when_little_is_left_and_once_when_none_is(
    db: RehearsedDatabase, heard: Heard
) -> None:
    tea = make.sellable(db, make.shop(db), stock=4, low_at=2)
    heard.take(db)

    first = reserve(db, tea, 1)
    assert heard.take(db) == []
    reserve(db, tea, 1)
    assert heard.take(db) == ["stock.low"]
    reserve(db, tea, 1)
    assert heard.take(db) == []
    reserve(db, tea, 1)
    assert heard.take(db) == ["stock.ran_out"]
    db.write(catalog.release, first, by=SYSTEM)

    assert heard.take(db) == ["stock.returned"]


def test_counting_the_shelf_sets_what_is_there(db: RehearsedDatabase, heard: Heard) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop, stock=5)
    heard.take(db)

    assert count(db, shop, tea, 0).available == 0
    assert heard.take(db) == ["stock.ran_out"]
    assert count(db, shop, tea, 0).available == 0
    assert heard.take(db) == []
    assert count(db, shop, tea, 7).available == 7
    assert heard.take(db) == ["stock.returned"]
    assert books_balance(db)


def test_a_count_cannot_go_below_what_is_promised(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop, stock=5)
    reserve(db, tea, 2, for_ms=1_000)
    reserve(db, tea, 2, for_ms=None)

    with pytest.raises(catalog.StockIsPromised) as refusal:
        count(db, shop, tea, 3)
    assert refusal.value.facts["promised"] == 4
    db.clock.advance(2_000)
    assert count(db, shop, tea, 2).available == 0

    with pytest.raises(catalog.StockIsPromised):
        count(db, shop, tea, 1)
    assert books_balance(db)


def test_switching_the_count_on_keeps_what_is_promised(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop, stock=None)
    order = reserve(db, tea, 2, for_ms=None)

    with pytest.raises(catalog.StockIsPromised):
        count(db, shop, tea, 1)
    assert count(db, shop, tea, 5).available == 3
    db.write(catalog.set_stock, tea, StockDraft(tracked=False), by=shop[1])
    assert db.read(catalog.available, tea) is None

    db.write(catalog.take, order, by=SYSTEM)
    assert db.read(catalog.stock_of, tea).on_hand == 5
    assert books_balance(db)


def test_a_threshold_can_be_set_and_taken_away(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop, stock=5)

    assert db.write(catalog.set_stock, tea, StockDraft(low_at=2), by=shop[1]).low_at == 2
    assert db.write(catalog.set_stock, tea, StockDraft(on_hand=6), by=shop[1]).low_at == 2
    assert db.write(catalog.set_stock, tea, StockDraft(low_at=-1), by=shop[1]).low_at is None


def test_only_managers_count(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop)
    stranger = make.stranger(db)

    with pytest.raises(NotAllowed):
        db.write(catalog.set_stock, tea, StockDraft(on_hand=9), by=stranger)
    with pytest.raises(NotFound):
        db.write(catalog.set_stock, VariantId(uuid7()), StockDraft(on_hand=9), by=shop[1])


@pytest.mark.parametrize("quantity", [0, -1, 10**12])
def test_nonsense_is_not_held(db: RehearsedDatabase, quantity: int) -> None:
    tea = make.sellable(db, make.shop(db))

    with pytest.raises(InvalidInput):
        reserve(db, tea, quantity)


def test_what_does_not_exist_is_not_for_sale(db: RehearsedDatabase) -> None:
    with pytest.raises(catalog.NotForSale):
        reserve(db, VariantId(uuid7()))
