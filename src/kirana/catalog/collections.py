"""Collections: products put together by hand, in order, or by a rule; a tree for categories."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from kirana import business
from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import MAX_AMOUNT_MINOR, Actor, BusinessId, CollectionId, ProductId

from .model import (
    MAX_DEPTH,
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_UNITS,
    Flaw,
    one_line,
    safe_html,
    slug_choices,
    slug_of,
)
from .problems import InvalidCollection
from .tables import collections, members, products

MAX_MEMBERS = 5_000

_FIND = Q(select(collections).where(collections.c.id == bindparam("id")))
_FIND_BY_SLUG = Q(
    select(collections).where(
        collections.c.business_id == bindparam("business_id"),
        collections.c.slug == bindparam("slug"),
    )
)
_LIST = Q(
    select(collections)
    .where(collections.c.business_id == bindparam("business_id"))
    .order_by(collections.c.position, collections.c.created_at, collections.c.id)
)
_SAVE = Q(
    upsert(
        collections,
        keys=["id"],
        update=[c.name for c in collections.c if c.name not in ("id", "business_id", "created_at")],
    )
)
_LAST_POSITION = Q(
    select(func.coalesce(func.max(collections.c.position), 0).label("position")).where(
        collections.c.business_id == bindparam("business_id")
    )
)
_DROP = Q(delete(collections).where(collections.c.id == bindparam("id")))
_ADOPT = Q(
    update(collections)
    .where(collections.c.parent_id == bindparam("parent_id_"))
    .values(parent_id=bindparam("grandparent_id"))
)
_MEMBERS = Q(
    select(members.c.collection_id, members.c.product_id)
    .where(any_of(members.c.collection_id, "ids"))
    .order_by(members.c.collection_id, members.c.position, members.c.product_id)
)
_DROP_MEMBERS = Q(delete(members).where(members.c.collection_id == bindparam("collection_id")))
_ADD_MEMBERS = Q(insert(members))
_KNOWN_PRODUCTS = Q(
    select(products.c.id).where(
        any_of(products.c.id, "ids"), products.c.business_id == bindparam("business_id")
    )
)
_COUNTS = Q(
    select(members.c.collection_id, func.count().label("count"))
    .join(products, products.c.id == members.c.product_id)
    .where(products.c.business_id == bindparam("business_id"), products.c.status == "published")
    .group_by(members.c.collection_id)
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which products a collection takes in by itself: those for which all of this is true."""

    tag: str | None = None
    min_price_minor: int | None = None
    max_price_minor: int | None = None
    in_stock: bool = False
    new_days: int | None = None
    """Added in the last so many days."""


@dataclass(frozen=True, slots=True)
class CollectionDraft:
    """A collection, as the shop wants it to be. `None` leaves as it is."""

    name: Annotated[str, msgspec.Meta(max_length=1000)]
    slug: str | None = None
    description: str = ""
    parent_id: CollectionId | None = None
    """The collection that it is a part of; `None`: it stands at the top."""
    picture_id: str | None = None
    rule: Rule | None = None
    """With a rule, nothing can be put in by hand."""
    product_ids: tuple[ProductId, ...] | None = None
    """In this order."""
    is_hidden: bool = False
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    id: CollectionId
    business_id: BusinessId
    parent_id: CollectionId | None
    position: int
    slug: str
    name: str
    description: str
    picture_id: str | None
    rule: Rule | None
    is_hidden: bool
    product_count: int | None = None
    """Of published products put in by hand; where it is not counted, `None`."""


def save_collection(
    tx: Tx,
    collection_id: CollectionId,
    business_id: BusinessId,
    draft: CollectionDraft,
    *,
    by: Actor,
) -> Collection:
    """Create the collection, or replace it; the same again writes nothing.

    Raises: NotAllowed, InvalidCollection, IdReused.
    """
    business.require(tx, business_id, business.Role.MANAGER, by=by)
    before = tx.one(_FIND, id=collection_id)
    if before is not None and before.business_id != business_id:
        raise IdReused(id=collection_id)
    draft = _tidy(draft)
    if flaws := _flaws_of(tx, collection_id, business_id, draft):
        raise InvalidCollection(flaws=flaws)

    after = Collection(
        id=collection_id,
        business_id=business_id,
        parent_id=draft.parent_id,
        position=_position(tx, business_id, draft, before),
        slug=_slug_for(tx, collection_id, business_id, draft, before),
        name=draft.name,
        description=draft.description,
        picture_id=draft.picture_id,
        rule=draft.rule,
        is_hidden=draft.is_hidden,
    )
    is_same = before is not None and _collection_in(before) == after
    if not is_same:
        tx.do(
            _SAVE,
            id=collection_id,
            business_id=business_id,
            parent_id=after.parent_id,
            position=after.position,
            slug=after.slug,
            name=after.name,
            description=after.description,
            picture_id=after.picture_id,
            rule=after.rule,
            is_hidden=after.is_hidden,
            created_at=before.created_at if before else tx.now,
        )
    wanted = () if draft.rule else draft.product_ids
    if wanted is not None and list(wanted) != members_of(tx, collection_id):
        is_same = False
        tx.do(_DROP_MEMBERS, collection_id=collection_id)
        tx.many(
            _ADD_MEMBERS,
            [
                {"collection_id": collection_id, "product_id": id_, "position": position}
                for position, id_ in enumerate(wanted, 1)
            ],
        )
    if not is_same:
        _tell(tx, business_id, "collection.saved", after, by)
    return after


def delete_collection(tx: Tx, collection_id: CollectionId, *, by: Actor) -> None:
    """Take the collection away; its products stay, its parts move up. Raises: NotFound."""
    row = tx.one(_FIND, id=collection_id)
    if row is None:
        raise NotFound(id=collection_id)
    business.require(tx, row.business_id, business.Role.MANAGER, by=by)
    tx.do(_ADOPT, parent_id_=collection_id, grandparent_id=row.parent_id)
    tx.do(_DROP_MEMBERS, collection_id=collection_id)
    tx.do(_DROP, id=collection_id)
    _tell(tx, row.business_id, "collection.deleted", _collection_in(row), by)


def list_collections(
    tx: Tx, business_id: BusinessId, *, viewer: Actor | None = None
) -> list[Collection]:
    """In the shop's order; hidden ones, and all below them, for the team only."""
    counts = {row.collection_id: row.count for row in tx.all(_COUNTS, business_id=business_id)}
    found = [
        replace(it, product_count=counts.get(it.id, 0) if it.rule is None else None)
        for it in map(_collection_in, tx.all(_LIST, business_id=business_id))
    ]
    if viewer is not None and business.find_role(tx, business_id, by=viewer) is not None:
        return found
    parents = {it.id: it.parent_id for it in found}
    hidden = {it.id for it in found if it.is_hidden}
    return [it for it in found if hidden.isdisjoint(_line_of(it.id, parents))]


def get_collection(
    tx: Tx, collection_id: CollectionId, *, viewer: Actor | None = None
) -> Collection:
    """A hidden one, or one below it, is for the team only. Raises: NotFound."""
    found = find_collection(tx, collection_id)
    if found is not None:
        for it in list_collections(tx, found.business_id, viewer=viewer):
            if it.id == collection_id:
                return it
    raise NotFound(id=collection_id)


def find_collection(
    tx: Tx,
    collection_id: CollectionId | None = None,
    *,
    business_id: BusinessId | None = None,
    slug: str | None = None,
) -> Collection | None:
    """By its id, or by its slug in a shop."""
    if collection_id is not None:
        row = tx.one(_FIND, id=collection_id)
    else:
        row = tx.one(_FIND_BY_SLUG, business_id=business_id, slug=slug)
    return _collection_in(row) if row else None


def members_of(tx: Tx, collection_id: CollectionId) -> list[ProductId]:
    """The products that were put in by hand, in their order."""
    return [row.product_id for row in tx.all(_MEMBERS, ids=[collection_id])]


def with_parts(tx: Tx, collection: Collection) -> list[CollectionId]:
    """The ids of the collection and of all that are parts of it."""
    parents = {row.id: row.parent_id for row in tx.all(_LIST, business_id=collection.business_id)}
    return [id_ for id_ in parents if collection.id in _line_of(id_, parents)]


def _line_of(
    id_: CollectionId, parents: dict[CollectionId, CollectionId | None]
) -> Iterator[CollectionId]:
    """The collection, its parent, and so on up."""
    current: CollectionId | None = id_
    for _ in range(MAX_DEPTH + 1):
        if current is None:
            return
        yield current
        current = parents.get(current)


def _tidy(draft: CollectionDraft) -> CollectionDraft:
    rule = draft.rule
    if rule is not None and rule.tag is not None:
        rule = replace(rule, tag=one_line(rule.tag).casefold() or None)
    return replace(
        draft,
        name=one_line(draft.name),
        description=safe_html(draft.description),
        slug=slug_of(draft.slug) if draft.slug else None,
        rule=rule,
        product_ids=None if draft.product_ids is None else tuple(dict.fromkeys(draft.product_ids)),
    )


def _flaws_of(
    tx: Tx, collection_id: CollectionId, business_id: BusinessId, draft: CollectionDraft
) -> list[Flaw]:
    flaws = []
    if not draft.name or len(draft.name) > MAX_NAME:
        flaws.append(Flaw("name", "length", f"A name has 1 to {MAX_NAME} characters."))
    if len(draft.description) > MAX_DESCRIPTION:
        flaws.append(Flaw("description", "too-long", f"At most {MAX_DESCRIPTION} characters."))
    if draft.picture_id and not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", draft.picture_id):
        flaws.append(Flaw("picture_id", "not-a-picture", "This is not the id of a picture."))
    if draft.position is not None and not 0 <= draft.position <= MAX_UNITS:
        flaws.append(Flaw("position", "range", "A position is zero or more."))
    if draft.rule is not None and not _is_sane(draft.rule):
        flaws.append(Flaw("rule", "range", "That is out of range."))
    if draft.rule == Rule():
        flaws.append(Flaw("rule", "missing", "A rule says at least one thing."))
    if draft.rule is not None and draft.product_ids:
        flaws.append(Flaw("product_ids", "rule", "The rule decides what belongs here."))
    if draft.parent_id is not None:
        flaws += _flaws_of_parent(tx, collection_id, business_id, draft.parent_id)
    if draft.product_ids:
        known = tx.all(_KNOWN_PRODUCTS, ids=draft.product_ids, business_id=business_id)
        if len(known) < len(draft.product_ids) or len(known) > MAX_MEMBERS:
            flaws.append(Flaw("product_ids", "no-such-product", "The shop has no such product."))
    return flaws


def _is_sane(rule: Rule) -> bool:
    prices = (rule.min_price_minor, rule.max_price_minor)
    return all(0 <= price <= MAX_AMOUNT_MINOR for price in prices if price is not None) and (
        rule.new_days is None or 1 <= rule.new_days <= 36_500
    )


def _flaws_of_parent(
    tx: Tx, collection_id: CollectionId, business_id: BusinessId, parent_id: CollectionId
) -> list[Flaw]:
    parents = {row.id: row.parent_id for row in tx.all(_LIST, business_id=business_id)}
    if parent_id not in parents:
        return [Flaw("parent_id", "no-such-collection", "The shop has no such collection.")]
    above = list(_line_of(parent_id, parents))
    if collection_id in above:
        return [Flaw("parent_id", "circle", "A collection cannot be a part of itself.")]
    if len(above) + _height(collection_id, parents) > MAX_DEPTH:
        return [Flaw("parent_id", "too-deep", f"At most {MAX_DEPTH} levels.")]
    return []


def _height(id_: CollectionId, parents: dict[CollectionId, CollectionId | None]) -> int:
    """How many levels the collection and its parts make."""
    heights = (
        list(_line_of(other, parents)).index(id_) + 1
        for other in parents
        if id_ in _line_of(other, parents)
    )
    return max(heights, default=1)


def _position(tx: Tx, business_id: BusinessId, draft: CollectionDraft, before: Row | None) -> int:
    if draft.position is not None:
        return draft.position
    if before is not None:
        return int(before.position)
    last = tx.one(_LAST_POSITION, business_id=business_id)
    return int(last.position) + 1 if last else 1


def _slug_for(
    tx: Tx,
    collection_id: CollectionId,
    business_id: BusinessId,
    draft: CollectionDraft,
    before: Row | None,
) -> str:
    if draft.slug is None and before is not None:
        return str(before.slug)
    for slug in slug_choices(draft.slug or slug_of(draft.name), collection_id):
        owner = tx.one(_FIND_BY_SLUG, business_id=business_id, slug=slug)
        if owner is None or owner.id == collection_id:
            return slug
    raise AssertionError("The last choice is nobody else's.")


def _tell(tx: Tx, business_id: BusinessId, action: str, collection: Collection, by: Actor) -> None:
    business.record(
        tx, business_id, action, subject_id=collection.id, after={"name": collection.name}, by=by
    )
    business.touch(tx, business_id)
    tx.publish([business_id], Change("catalog", business_id))


def _collection_in(row: Row) -> Collection:
    return Collection(
        id=row.id,
        business_id=row.business_id,
        parent_id=row.parent_id,
        position=row.position,
        slug=row.slug,
        name=row.name,
        description=row.description,
        picture_id=row.picture_id,
        rule=msgspec.convert(row.rule, Rule) if row.rule else None,
        is_hidden=row.is_hidden,
    )
