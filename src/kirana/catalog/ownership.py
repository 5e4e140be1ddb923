"""What the catalog keeps of people: who moved stock."""

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select, type_coerce, update

from kirana.platform.db import Q, Text, Tx
from kirana.values import SYSTEM, OrderId, UserId, VariantId

from .tables import collections, products, stock_moves, variants

_DID = Q(
    select(stock_moves)
    .where(stock_moves.c.by_id == bindparam("person_id"))
    .order_by(stock_moves.c.moved_at, stock_moves.c.variant_id, stock_moves.c.number)
)
_SHOWING = [
    Q(
        select(products.c.id)
        .where(
            or_(
                type_coerce(products.c.picture_ids, Text).contains(bindparam("picture_id")),
                type_coerce(products.c.options, Text).contains(bindparam("picture_id")),
            )
        )
        .limit(1)
    ),
    Q(select(variants.c.id).where(variants.c.picture_id == bindparam("picture_id")).limit(1)),
    Q(select(collections.c.id).where(collections.c.picture_id == bindparam("picture_id")).limit(1)),
]
_FORGET = Q(
    update(stock_moves)
    .where(stock_moves.c.by_id == bindparam("person_id"))
    .values(by_id=bindparam("nobody"))
)


@dataclass(frozen=True, slots=True)
class StockDeed:
    """One change of stock that the person made or, by ordering, caused."""

    at: int
    variant_id: VariantId
    reason: str
    on_hand_delta: int
    held_delta: int
    order_id: OrderId | None


@dataclass(frozen=True, slots=True)
class CatalogExport:
    stock_moves: list[StockDeed]


def export_user(tx: Tx, user_id: UserId) -> CatalogExport:
    return CatalogExport(
        [
            StockDeed(
                row.moved_at,
                row.variant_id,
                row.reason,
                row.on_hand_delta,
                row.held_delta,
                row.order_id,
            )
            for row in tx.all(_DID, person_id=user_id)
        ]
    )


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Forget who moved the stock; that it moved stays. Again: nothing."""
    tx.do(_FORGET, person_id=user_id, nobody=SYSTEM.user_id)


def uses_picture(tx: Tx, picture_id: str) -> bool:
    """Whether a product or a collection shows it. Reads every product: ask seldom."""
    return any(tx.one(shows, picture_id=picture_id) for shows in _SHOWING)
