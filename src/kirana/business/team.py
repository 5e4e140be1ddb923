"""Who works in a shop, and what they may do."""

from sqlalchemy import bindparam, delete, insert, select, update

from kirana import identity
from kirana.platform.db import Q, Tx
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, UserId

from .audit import record
from .events import TeamJoined, TeamLeft
from .model import Member, Role
from .problems import LastOwner
from .roles import require
from .tables import members

_FIND = Q(
    select(members.c.role).where(
        members.c.business_id == bindparam("business_id"),
        members.c.person_id == bindparam("person_id"),
    )
)
_LIST = Q(
    select(members)
    .where(members.c.business_id == bindparam("business_id"))
    .order_by(members.c.joined_at, members.c.person_id)
)
_INSERT = Q(insert(members))
_SET_ROLE = Q(
    update(members)
    .where(
        members.c.business_id == bindparam("business_id_"),
        members.c.person_id == bindparam("person_id_"),
    )
    .values(role=bindparam("role_"))
)
_DELETE = Q(
    delete(members).where(
        members.c.business_id == bindparam("business_id"),
        members.c.person_id == bindparam("person_id"),
    )
)
_OF_PERSON = Q(
    select(members.c.business_id, members.c.role)
    .where(members.c.person_id == bindparam("person_id"))
    .order_by(members.c.joined_at, members.c.business_id)
)


def list_members(tx: Tx, business_id: BusinessId, *, by: Actor) -> list[Member]:
    """The team, for the team. Raises: NotFound, NotAllowed."""
    require(tx, business_id, Role.VIEWER, by=by)
    rows = tx.all(_LIST, business_id=business_id)
    cards = identity.get_cards(tx, [row.person_id for row in rows])
    return [
        Member(
            row.person_id,
            cards[row.person_id].name,
            cards[row.person_id].photo_id,
            Role(row.role),
            row.joined_at,
        )
        for row in rows
    ]


def list_roles(tx: Tx, person_id: UserId) -> dict[BusinessId, Role]:
    """The shops that a person works in."""
    return {row.business_id: Role(row.role) for row in tx.all(_OF_PERSON, person_id=person_id)}


def set_role(
    tx: Tx, business_id: BusinessId, person_id: UserId, role: Role, *, by: Actor
) -> Member:
    """Take somebody into the team, or give them another role.

    Raises: NotFound (also when there is no such person), NotAllowed, LastOwner.
    """
    require(tx, business_id, Role.OWNER, by=by)
    card = identity.get_card(tx, person_id)
    if card.kind != "person":
        raise NotFound(user_id=person_id)
    known = tx.one(_FIND, business_id=business_id, person_id=person_id)
    before = Role(known.role) if known else None
    if before != role:
        if before is None:
            insert_member(tx, business_id, person_id, role)
        else:
            _keep_an_owner(tx, business_id, person_id, role)
            tx.do(_SET_ROLE, business_id_=business_id, person_id_=person_id, role_=role)
        record(
            tx, business_id, "team.joined", subject_id=person_id, before=before, after=role, by=by
        )
        tx.publish([person_id, business_id], Change("business", business_id))
        tx.emit(TeamJoined(business_id, person_id, role))
    return next(it for it in list_members(tx, business_id, by=by) if it.id == person_id)


def remove_member(tx: Tx, business_id: BusinessId, person_id: UserId, *, by: Actor) -> None:
    """Somebody leaves the team: shown out by an owner, or by themselves. Again: nothing.

    Raises: NotFound, NotAllowed, LastOwner.
    """
    require(tx, business_id, Role.VIEWER if person_id == by.person_id else Role.OWNER, by=by)
    known = tx.one(_FIND, business_id=business_id, person_id=person_id)
    if known is None:
        return
    _keep_an_owner(tx, business_id, person_id, None)
    delete_member(tx, business_id, person_id)
    record(tx, business_id, "team.left", subject_id=person_id, before=known.role, by=by)


def insert_member(tx: Tx, business_id: BusinessId, person_id: UserId, role: Role) -> None:
    tx.do(_INSERT, business_id=business_id, person_id=person_id, role=role, joined_at=tx.now)
    identity.delegate(tx, business_id, person_id)


def delete_member(tx: Tx, business_id: BusinessId, person_id: UserId) -> None:
    tx.do(_DELETE, business_id=business_id, person_id=person_id)
    identity.undelegate(tx, business_id, person_id)
    tx.publish([person_id, business_id], Change("business", business_id))
    tx.emit(TeamLeft(business_id, person_id))


def others_by_role(tx: Tx, business_id: BusinessId, person_id: UserId) -> list[tuple[UserId, Role]]:
    """The rest of the team, those who may most first."""
    rows = [row for row in tx.all(_LIST, business_id=business_id) if row.person_id != person_id]
    return sorted(
        ((row.person_id, Role(row.role)) for row in rows), key=lambda it: list(Role).index(it[1])
    )


def promote(tx: Tx, business_id: BusinessId, person_id: UserId) -> None:
    """Make a member the owner, because the last one is gone."""
    tx.do(_SET_ROLE, business_id_=business_id, person_id_=person_id, role_=Role.OWNER)
    tx.publish([person_id, business_id], Change("business", business_id))
    tx.emit(TeamJoined(business_id, person_id, Role.OWNER))


def _keep_an_owner(tx: Tx, business_id: BusinessId, person_id: UserId, role: Role | None) -> None:
    """Raises: LastOwner when nobody would own the shop any more."""
    if role is Role.OWNER:
        return
    others = others_by_role(tx, business_id, person_id)
    known = tx.one(_FIND, business_id=business_id, person_id=person_id)
    if known and known.role == Role.OWNER and all(other is not Role.OWNER for _, other in others):
        raise LastOwner(business_id=business_id)
