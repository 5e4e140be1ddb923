"""What somebody may do in a shop: the one place where that is asked."""

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Tx
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, BusinessId

from .model import Role
from .tables import businesses, members

_EXISTS = Q(select(businesses.c.id).where(businesses.c.id == bindparam("id")))
_FIND = Q(
    select(members.c.role).where(
        members.c.business_id == bindparam("business_id"),
        members.c.person_id == bindparam("person_id"),
    )
)


def find_role(tx: Tx, business_id: BusinessId, *, by: Actor) -> Role | None:
    """What the person behind `by` is in this shop; Kirana itself is an owner everywhere."""
    if by.kind == "system":
        return Role.OWNER
    row = tx.one(_FIND, business_id=business_id, person_id=by.person_id)
    return Role(row.role) if row else None


def require(tx: Tx, business_id: BusinessId, role: Role, *, by: Actor) -> Role:
    """The role that `by` has, which is `role` or one that may more. Raises: NotFound, NotAllowed.

    It is the person that counts, never the shop that they act for.
    """
    found = find_role(tx, business_id, by=by)
    if found is not None and found.includes(role):
        return found
    if tx.one(_EXISTS, id=business_id) is None:
        raise NotFound(business_id=business_id)
    raise NotAllowed(business_id=business_id, needs=role)
