"""Stock under random orders: whatever happens, a plain dictionary says the same."""

from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from kirana import catalog
from kirana.catalog import StockDraft
from kirana.catalog.tables import holds
from kirana.platform.db import Q, Tx
from kirana.values import SYSTEM, Actor, BusinessId, OrderId, VariantId
from tests.catalog import make
from tests.catalog.test_stock import books_balance
from tests.database import RehearsedDatabase

_HOLDS = Q(select(holds.c.order_id, holds.c.variant_id))


@dataclass(slots=True)
class Shelf:
    """What one variant should be, kept by hand."""

    tracked: bool = True
    sell_beyond: bool = False
    on_hand: int = 0
    holds: dict[OrderId, tuple[int, int | None]] = field(default_factory=dict)

    def held(self, now: int, *, but: OrderId | None = None) -> int:
        """Promised and not expired. An order's own expired hold does not stand in its way."""
        return sum(
            quantity
            for order, (quantity, until) in self.holds.items()
            if order != but and (until is None or until > now)
        )

    def left(self, now: int) -> int | None:
        if not self.tracked or self.sell_beyond:
            return None
        return max(self.on_hand - self.held(now), 0)


class Stock(RuleBasedStateMachine):
    db: RehearsedDatabase
    orders = Bundle("orders")

    @initialize()
    def open(self) -> None:
        self.shop: tuple[BusinessId, Actor] = make.shop(self.db)
        self.tea = make.sellable(self.db, self.shop, stock=3)
        self.milk = make.sellable(self.db, self.shop, stock=1, sell_beyond=True)
        self.bread = make.sellable(self.db, self.shop, stock=None)
        self.shelves = {
            self.tea: Shelf(on_hand=3),
            self.milk: Shelf(on_hand=1, sell_beyond=True),
            self.bread: Shelf(tracked=False),
        }

    @rule(target=orders)
    def begin(self) -> OrderId:
        return make.order_id()

    @rule(
        order=orders,
        which=st.integers(0, 2),
        quantity=st.integers(1, 4),
        for_ms=st.sampled_from([1_000, 5_000, None]),
    )
    def reserve(self, order: OrderId, which: int, quantity: int, for_ms: int | None) -> None:
        variant_id, shelf = self._shelf(which)
        now = self.db.clock.now
        until = None if for_ms is None else now + for_ms
        before = shelf.holds.get(order)
        fits = (
            not shelf.tracked
            or shelf.sell_beyond
            or quantity <= shelf.on_hand - shelf.held(now, but=order)
            or (before is not None and quantity <= before[0])
        )
        try:
            self.db.write(
                catalog.reserve, variant_id, quantity, for_order=order, until=until, by=SYSTEM
            )
        except catalog.OutOfStock:
            assert not fits
            return
        assert fits
        stays = before is not None and before[1] is None
        shelf.holds[order] = (quantity, None if stays else until)

    @rule(order=orders)
    def release(self, order: OrderId) -> None:
        self.db.write(catalog.release, order, by=SYSTEM)
        for shelf in self.shelves.values():
            shelf.holds.pop(order, None)

    @rule(order=orders)
    def take(self, order: OrderId) -> None:
        self._sync()
        self.db.write(catalog.take, order, by=SYSTEM)
        for shelf in self.shelves.values():
            quantity, _ = shelf.holds.pop(order, (0, None))
            if shelf.tracked:
                shelf.on_hand = max(shelf.on_hand - quantity, 0)

    @rule(order=orders, which=st.integers(0, 2), quantity=st.integers(1, 3))
    def restock(self, order: OrderId, which: int, quantity: int) -> None:
        variant_id, shelf = self._shelf(which)
        self.db.write(catalog.restock, variant_id, quantity, for_order=order, by=SYSTEM)
        if shelf.tracked:
            shelf.on_hand += quantity

    @rule(
        which=st.integers(0, 2),
        on_hand=st.none() | st.integers(0, 6),
        tracked=st.none() | st.booleans(),
        sell_beyond=st.none() | st.booleans(),
    )
    def count(
        self, which: int, on_hand: int | None, tracked: bool | None, sell_beyond: bool | None
    ) -> None:
        variant_id, shelf = self._shelf(which)
        after = replace(
            shelf,
            on_hand=shelf.on_hand if on_hand is None else on_hand,
            tracked=shelf.tracked if tracked is None else tracked,
            sell_beyond=shelf.sell_beyond if sell_beyond is None else sell_beyond,
        )
        held = after.held(self.db.clock.now)
        draft = StockDraft(on_hand=on_hand, tracked=tracked, sell_beyond=sell_beyond)
        try:
            self.db.write(catalog.set_stock, variant_id, draft, by=self.shop[1])
        except catalog.StockIsPromised as refusal:
            assert after.tracked
            assert not after.sell_beyond
            assert after.on_hand < held
            assert refusal.facts["promised"] == held  # noqa: PT017
        else:
            self.shelves[variant_id] = after

    @rule(milliseconds=st.sampled_from([1, 999, 2_000, 6_000]))
    def wait(self, milliseconds: int) -> None:
        self.db.clock.advance(milliseconds)

    @rule()
    def sweep(self) -> None:
        self.db.write(catalog.release_expired)

    @invariant()
    def everybody_sees_what_is_left(self) -> None:
        now = self.db.clock.now
        for variant_id, shelf in getattr(self, "shelves", {}).items():
            stock = self.db.read(catalog.stock_of, variant_id)
            assert stock.available == shelf.left(now)
            assert (stock.on_hand, stock.held) == (shelf.on_hand, shelf.held(now))

    @invariant()
    def the_books_balance(self) -> None:
        assert books_balance(self.db)

    def _shelf(self, which: int) -> tuple[VariantId, Shelf]:
        variant_id = (self.tea, self.milk, self.bread)[which]
        self._sync()
        return variant_id, self.shelves[variant_id]

    def _sync(self) -> None:
        """Forget by hand the expired holds that the server has already given back: whether it
        has is its own business, as long as nobody can tell from what is left."""

        def read(tx: Tx) -> set[tuple[OrderId, VariantId]]:
            return {(row.order_id, row.variant_id) for row in tx.all(_HOLDS)}

        kept = self.db.read(read)
        for variant_id, shelf in self.shelves.items():
            for order, (_, until) in list(shelf.holds.items()):
                if (order, variant_id) not in kept:
                    assert until is not None, "A hold for good was given back."
                    assert until <= self.db.clock.now, "A hold was given back too early."
                    del shelf.holds[order]


def test_stock_is_what_a_dictionary_says(db: RehearsedDatabase, database_kind: str) -> None:
    class Machine(Stock):
        pass

    Machine.db = db
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40 if database_kind == "sqlite" else 12,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
