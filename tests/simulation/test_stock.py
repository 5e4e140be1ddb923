"""Stock under random orders: whatever happens, a plain dictionary says the same."""

from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
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

WHICH = st.sampled_from([0, 0, 0, 1, 2])
"""Mostly what is counted: there something can go wrong."""

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

    @initialize()
    def open(self) -> None:
        self.orders = [make.order_id() for _ in range(4)]
        self.shop: tuple[BusinessId, Actor] = make.shop(self.db)
        self.tea = make.sellable(self.db, self.shop, stock=3)
        self.milk = make.sellable(self.db, self.shop, stock=1, sell_beyond=True)
        self.bread = make.sellable(self.db, self.shop, stock=None)
        self.shelves = {
            self.tea: Shelf(on_hand=3),
            self.milk: Shelf(on_hand=1, sell_beyond=True),
            self.bread: Shelf(tracked=False),
        }

    @rule(
        number=st.integers(0, 3),
        which=WHICH,
        quantity=st.integers(1, 3),
        for_ms=st.sampled_from([1_000, 1_000, 2_000, None]),
    )
    def reserve(self, number: int, which: int, quantity: int, for_ms: int | None) -> None:
        order = self.orders[number]
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

    @rule(number=st.integers(0, 3))
    def release(self, number: int) -> None:
        order = self.orders[number]
        self.db.write(catalog.release, order, by=SYSTEM)
        for shelf in self.shelves.values():
            shelf.holds.pop(order, None)

    @rule(number=st.integers(0, 3))
    def take(self, number: int) -> None:
        order = self.orders[number]
        self._sync()
        self.db.write(catalog.take, order, by=SYSTEM)
        for shelf in self.shelves.values():
            quantity, _ = shelf.holds.pop(order, (0, None))
            if shelf.tracked:
                shelf.on_hand = max(shelf.on_hand - quantity, 0)

    @rule(which=WHICH, quantity=st.integers(1, 2))
    def restock(self, which: int, quantity: int) -> None:
        variant_id, shelf = self._shelf(which)
        self.db.write(catalog.restock, variant_id, quantity, for_order=self.orders[0], by=SYSTEM)
        if shelf.tracked:
            shelf.on_hand += quantity

    @rule(which=WHICH, on_hand=st.integers(0, 4))
    def count(self, which: int, on_hand: int) -> None:
        self._set(which, StockDraft(on_hand=on_hand))

    @rule(
        which=st.integers(1, 2),
        tracked=st.none() | st.booleans(),
        sell_beyond=st.none() | st.booleans(),
    )
    def switch(self, which: int, tracked: bool | None, sell_beyond: bool | None) -> None:
        self._set(which, StockDraft(tracked=tracked, sell_beyond=sell_beyond))

    def _set(self, which: int, draft: StockDraft) -> None:
        variant_id, shelf = self._shelf(which)
        after = replace(
            shelf,
            on_hand=shelf.on_hand if draft.on_hand is None else draft.on_hand,
            tracked=shelf.tracked if draft.tracked is None else draft.tracked,
            sell_beyond=shelf.sell_beyond if draft.sell_beyond is None else draft.sell_beyond,
        )
        held = after.held(self.db.clock.now)
        try:
            self.db.write(catalog.set_stock, variant_id, draft, by=self.shop[1])
        except catalog.StockIsPromised as refusal:
            assert after.tracked
            assert not after.sell_beyond
            assert after.on_hand < held
            assert refusal.facts["promised"] == held  # noqa: PT017
        else:
            self.shelves[variant_id] = after

    @rule(milliseconds=st.sampled_from([999, 1_000, 2_000]))
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
            max_examples=60 if database_kind == "sqlite" else 20,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
