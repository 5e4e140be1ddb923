"""Who may act for a shop. The room `business` decides; this is where sign-in looks it up."""

from sqlalchemy import bindparam, delete, select

from kirana.platform.db import Q, Tx, upsert
from kirana.platform.stream import Change
from kirana.values import UserId

from .tables import delegations

_INSERT = Q(upsert(delegations, ["shop_id", "person_id"]))
_DELETE = Q(
    delete(delegations).where(
        delegations.c.shop_id == bindparam("shop_id"),
        delegations.c.person_id == bindparam("person_id"),
    )
)
_FIND = Q(
    select(delegations.c.created_at).where(
        delegations.c.shop_id == bindparam("shop_id"),
        delegations.c.person_id == bindparam("person_id"),
    )
)
_LIST_SHOPS = Q(
    select(delegations.c.shop_id)
    .where(delegations.c.person_id == bindparam("person_id"))
    .order_by(delegations.c.created_at, delegations.c.shop_id)
)
_LIST_PEOPLE = Q(
    select(delegations.c.person_id)
    .where(delegations.c.shop_id == bindparam("shop_id"))
    .order_by(delegations.c.created_at, delegations.c.person_id)
)


def delegate(tx: Tx, shop_id: UserId, person_id: UserId) -> None:
    """From now on `person_id` may act for `shop_id`."""
    if tx.do(_INSERT, shop_id=shop_id, person_id=person_id, created_at=tx.now):
        tx.publish([person_id], Change("user", person_id))


def undelegate(tx: Tx, shop_id: UserId, person_id: UserId) -> None:
    if tx.do(_DELETE, shop_id=shop_id, person_id=person_id):
        tx.publish([person_id], Change("user", person_id))


def list_delegations(tx: Tx, person_id: UserId) -> list[UserId]:
    """The shops that a person may act for."""
    return [row.shop_id for row in tx.all(_LIST_SHOPS, person_id=person_id)]


def list_delegates(tx: Tx, shop_id: UserId) -> list[UserId]:
    """The people who may act for a shop: whoever should hear of what happens to it."""
    return [row.person_id for row in tx.all(_LIST_PEOPLE, shop_id=shop_id)]


def may_act_for(tx: Tx, person_id: UserId, shop_id: UserId) -> bool:
    return tx.one(_FIND, shop_id=shop_id, person_id=person_id) is not None
