"""A person's own account: taking everything along, and leaving for good.

Each room says what it knows of somebody and forgets it; here all of them are asked, in one
transaction, in an order in which none still needs what another has forgotten.
"""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from uuid import UUID

from kirana import business, catalog, chat, crm, identity, money, notices, orders
from kirana.catalog import files
from kirana.platform import pictures
from kirana.platform.db import Tx
from kirana.platform.images import MASTER
from kirana.platform.problems import NotAllowed
from kirana.values import Actor, BusinessId, DeviceId, Money, Problem, UserId

ROOMS = (orders, catalog, crm, chat, business, money, notices, identity)
"""All that know something of people, in the order in which they forget it."""


class AccountNotSettled(Problem):
    """Something has to be settled before this account can be deleted."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What stands in the way: money left or set aside, an agent's float, an open order, or a shop
    that would have no owner. `owner_id` is the person's, or that of a shop which is to close."""

    kind: Literal["wallet", "float", "order", "shop"]
    owner_id: UserId
    amount: Money | None = None
    order_id: UUID | None = None
    number: int | None = None
    name: str | None = None
    has_team: bool = False
    """Of a shop: somebody of the team could own it instead."""


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """What deleting the account would take, if the shops named in the question close with it."""

    unsettled: list[Unsettled]
    closes: list[business.LastOwned]
    """The shops that close for good."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A fresh code to an address of one's own: for who has neither PIN nor passkey."""

    address: identity.Address
    code: str


@dataclass(frozen=True, slots=True)
class ShopAlong:
    """What an owner takes along of a shop; its products are a file beside this one."""

    id: BusinessId
    handle: str
    money: money.MoneyExport
    chat: chat.ChatExport
    greeting: crm.Greeting
    orders: list[orders.Order]


@dataclass(frozen=True, slots=True)
class Export:
    """Everything that the rooms know of a person, and of the shops that they own."""

    made_at: int
    identity: identity.UserExport
    chat: chat.ChatExport
    orders: orders.OrdersExport
    money: money.MoneyExport
    business: business.BusinessExport
    catalog: catalog.CatalogExport
    notices: list[notices.Notice]
    shops: list[ShopAlong]


@dataclass(frozen=True, slots=True)
class Along:
    """The export, and the files that belong to it: names of blobs by their names in the archive."""

    export: Export
    tables: dict[str, str]
    """Texts to be written as they are."""
    media: list[tuple[str, chat.Media, list[str]]]
    photo: str | None


def take_along(tx: Tx, public_url: str, *, by: Actor) -> Along:
    """All that is kept of the person behind `by`."""
    me = by.person_id
    owned = [
        it.business.id
        for it in business.export_user(tx, me).shops
        if it.role is business.Role.OWNER
    ]
    export = Export(
        made_at=tx.now,
        identity=identity.export_user(tx, me),
        chat=chat.export_user(tx, me),
        orders=orders.export_user(tx, me),
        money=money.export_user(tx, me),
        business=business.export_user(tx, me),
        catalog=catalog.export_user(tx, me),
        notices=notices.export_user(tx, me),
        shops=[_shop_along(tx, shop_id) for shop_id in owned],
    )
    photo_id = export.identity.me.photo_id
    return Along(
        export,
        tables={
            f"shops/{shop.handle}/products.csv": files.export_catalog(
                tx, shop.id, "kirana", public_url, by=by
            )
            for shop in export.shops
        },
        media=[
            (f"{folder}files/{_file_name(media)}", media, names)
            for folder, owner_id, found in [
                ("", me, export.chat),
                *((f"shops/{shop.handle}/", shop.id, shop.chat) for shop in export.shops),
            ]
            for media in found.media
            if media.kind != chat.MediaKind.SEALED
            if (names := chat.blobs_in_order(tx, media.id, by=Actor(owner_id, me)))
        ],
        photo=pictures.find_file(tx, photo_id, MASTER) if photo_id else None,
    )


def plan_deletion(tx: Tx, close_ids: Collection[BusinessId], *, by: Actor) -> DeletionPlan:
    """What stands in the way, and what would close."""
    last = business.list_last_owned(tx, by.person_id)
    closes = [shop for shop in last if shop.id in close_ids]
    unsettled = [
        Unsettled("shop", shop.id, name=shop.name, has_team=shop.has_team)
        for shop in last
        if shop.id not in close_ids
    ]
    for owner_id in (by.person_id, *(shop.id for shop in closes)):
        unsettled += _money_left(tx, owner_id, person_id=by.person_id)
        unsettled += [
            Unsettled("order", owner_id, order_id=order.id, number=order.number)
            for order in orders.list_unfinished(tx, owner_id)
        ]
    return DeletionPlan(unsettled, closes)


def delete_account(
    tx: Tx, close_ids: Collection[BusinessId], *, proof: Proof | None = None, by: Actor
) -> list[DeviceId]:
    """Forget the person behind `by`, and close the named shops with the account. What the books
    and other people's receipts need stays, under an id that leads to nobody.

    Answers the devices that are signed out by this.

    Raises: AccountNotSettled with what is in the way, money.ConfirmationRequired,
    money.ConfirmationWrong, identity.WrongCode, NotAllowed in the name of a shop.
    """
    if by.is_acting_for_a_shop or by.kind == "system":
        raise NotAllowed()
    me = by.person_id
    plan = plan_deletion(tx, close_ids, by=by)
    if plan.unsettled:
        raise AccountNotSettled(unsettled=plan.unsettled)
    _be_sure(tx, close_ids, proof, by=by)

    devices = [it.id for it in identity.export_user(tx, me).devices]
    photo_id = identity.get_card(tx, me).photo_id
    for shop in plan.closes:
        business.close_business(tx, shop.id, by=by)
        crm.erase_user(tx, shop.id)
        chat.erase_user(tx, shop.id)
        money.erase_user(tx, shop.id)
        notices.erase_user(tx, shop.id)
    for room in ROOMS:
        room.erase_user(tx, me)
    if photo_id and not any(it.uses_picture(tx, photo_id) for it in (identity, business, catalog)):
        pictures.forget(tx, photo_id)
    return devices


def deletion_challenge(person_id: UserId, close_ids: Collection[BusinessId]) -> bytes:
    """What a PIN is given for: this account, with these shops."""
    closing = b"".join(sorted(shop_id.bytes for shop_id in set(close_ids)))
    return sha256(b"account-deletion" + person_id.bytes + closing).digest()


def _be_sure(tx: Tx, close_ids: Collection[BusinessId], proof: Proof | None, *, by: Actor) -> None:
    """By PIN, passkey or code; a guest has nothing but the device.

    Raises: money.ConfirmationRequired, money.ConfirmationWrong, identity.WrongCode.
    """
    if by.kind == "guest":
        return
    me = identity.get_me(tx, by=by)
    has_means = me.has_pin or me.has_passkey
    if proof is not None and not has_means:
        identity.prove_address(tx, proof.address, proof.code, by=by)
        return
    challenge = deletion_challenge(by.person_id, close_ids)
    if by.confirmation is None:
        raise money.ConfirmationRequired(challenge=challenge.hex(), by_code=not has_means)
    if by.confirmation.challenge != challenge:
        raise money.ConfirmationWrong(challenge=challenge.hex())


def _money_left(tx: Tx, owner_id: UserId, *, person_id: UserId) -> list[Unsettled]:
    owner = Actor(owner_id, person_id)
    left = []
    for wallet in money.list_wallets(tx, by=owner):
        moving = wallet.balance or wallet.on_hold or wallet.coming
        if moving:
            left.append(Unsettled("wallet", owner_id, amount=moving))
    left += [
        Unsettled("float", owner_id, amount=amount)
        for amount in money.list_floats(tx, by=owner)
        if amount
    ]
    return left


def _shop_along(tx: Tx, shop_id: BusinessId) -> ShopAlong:
    return ShopAlong(
        shop_id,
        business.get_business(tx, shop_id).handle,
        money.export_user(tx, shop_id),
        chat.export_user(tx, shop_id),
        crm.export_user(tx, shop_id),
        orders.export_shop(tx, shop_id),
    )


def _file_name(media: chat.Media) -> str:
    """The id keeps names apart; what the person called it keeps it recognizable."""
    return (
        f"{media.id}-{media.name}" if media.name else f"{media.id}.{media.mime.partition('/')[2]}"
    )
