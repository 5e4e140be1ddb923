"""A little of everything, and names for it that a generated request may use."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from kirana import business, catalog, chat, identity, money, orders
from kirana.catalog import Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.platform.db import Tx
from kirana.values import (
    SYSTEM,
    Actor,
    BusinessId,
    CollectionId,
    ConversationId,
    DeviceId,
    MediaId,
    MessageId,
    Money,
    OrderId,
    ProductId,
    RequestId,
    TransferId,
    UserId,
    VariantId,
    uuid7,
)

SOME_DAY = date(2031, 5, 1)
CT = '{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"AwgAEpAB","session_id":"c2Vzc2lvbg"}'
COMMITMENT = "A" * 43
NAMES = (
    "business_id",
    "owner_id",
    "user_id",
    "product_id",
    "variant_id",
    "collection_id",
    "conversation_id",
    "message_id",
    "group_id",
    "private_id",
    "secret_id",
    "media_id",
    "order_id",
    "transfer_id",
    "request_id",
    "closure_id",
    "payout_id",
    "device_id",
)
ALIKE = {
    "person_id": ("owner_id", "user_id"),
    "payee_id": ("user_id", "business_id", "owner_id"),
    "payer_id": ("user_id",),
    "customer_id": ("user_id",),
    "agent_id": ("user_id",),
    "conversation_id": ("conversation_id", "group_id", "private_id"),
    "message_id": ("message_id", "secret_id"),
    "member_ids": ("owner_id", "user_id"),
    "media": ("media_id",),
    "with_id": ("business_id", "user_id"),
    "buyer_id": ("user_id",),
    "target_id": ("message_id",),
    "token_id": ("device_id",),
    "ids": ("owner_id", "user_id"),
    "collection": ("collection_id",),
    "collection_ids": ("collection_id",),
    "owner_id": ("owner_id", "user_id"),
    "before": ("request_id",),
}
"""What else a member of this name may hold."""


def placeholder(name: str) -> str:
    """An id that stands for a thing of the world until the request is sent."""
    return str(UUID(int=0x7C0DE << 96 | 0x7 << 76 | 0x8 << 60 | NAMES.index(name) + 1))


@dataclass(frozen=True, slots=True)
class World:
    """The ids of things, and the tokens of a shop's owner and of a customer."""

    ids: dict[str, str]
    owner_token: str
    customer_token: str

    def real(self, value: Any) -> Any:
        """The same value with the world's ids in the place of the placeholders."""
        match value:
            case str():
                for name in NAMES:
                    value = value.replace(placeholder(name), self.ids[name])
                return value
            case dict():
                return {self.real(key): self.real(it) for key, it in value.items()}
            case list():
                return [self.real(it) for it in value]
            case _:
                return value


def build(tx: Tx) -> World:
    """A shop with an owner, a customer with money, and what happened between them."""
    owner, customer = _person(tx, "Asha"), _person(tx, "Ravi")
    owner_token, _ = _token(tx, owner)
    customer_token, _ = _token(tx, customer)
    _, device_id = _token(tx, owner)
    shop_id = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata")
    business.open_business(tx, shop_id, draft, by=owner)
    as_shop = Actor(shop_id, owner.user_id)
    for owner_id in (owner.user_id, customer.user_id, shop_id):
        money.set_owner(tx, owner_id, by=SYSTEM)
        _top_up(tx, owner_id, 1_000_000)
    money.appoint_operator(tx, owner.user_id, by=SYSTEM)
    money.appoint_agent(tx, customer.user_id, by=SYSTEM)

    collection_id, product_id, variant_id = uuid7(), uuid7(), uuid7()
    catalog.save_collection(
        tx, CollectionId(collection_id), shop_id, catalog.CollectionDraft("Tea"), by=as_shop
    )
    price, stock = Price(Money(120, "INR")), StockDraft(tracked=True, on_hand=1_000)
    catalog.save_product(
        tx,
        ProductId(product_id),
        shop_id,
        ProductDraft(
            "Assam tea",
            (VariantDraft(VariantId(variant_id), price=price, stock=stock),),
            status=ProductStatus.PUBLISHED,
            collection_ids=(CollectionId(collection_id),),
        ),
        by=as_shop,
    )

    conversation_id = ConversationId(uuid7())
    chat.open_conversation(tx, conversation_id, chat.Kind.BUSINESS, shop_id, by=customer)
    message_id = MessageId(uuid7())
    words = chat.take_content({"type": "text", "text": "Is it fresh?"})
    chat.send_message(tx, message_id, conversation_id, words, by=customer)

    group_id, private_id = ConversationId(uuid7()), ConversationId(uuid7())
    identity.save_contact(tx, customer.user_id, by=owner)
    chat.open_group(tx, group_id, [owner.user_id], by=customer)
    chat.open_conversation(tx, private_id, chat.Kind.PRIVATE, customer.user_id, by=owner)
    secret_id, media_id = MessageId(uuid7()), MediaId(uuid7())
    sealed = chat.take_sealed(CT, "1.0", COMMITMENT)
    chat.send_sealed(tx, secret_id, group_id, sealed, by=customer)
    chat.begin_upload(tx, media_id, 12, 2, by=customer)

    order_id, transfer_id, request_id, payout_id = uuid7(), uuid7(), uuid7(), uuid7()
    orders.place_order(
        tx,
        OrderId(order_id),
        shop_id,
        {VariantId(variant_id): 2},
        method=orders.Method.PICKUP,
        payment=orders.Payment.WALLET,
        contact=orders.Contact("Ravi", "+919876543210"),
        shown_total=Money(240, "INR"),
        by=customer,
    )
    some = Money(100, "INR")
    money.send_money(tx, TransferId(transfer_id), owner.user_id, some, by=customer)
    money.request_money(tx, RequestId(request_id), customer.user_id, some, by=owner)
    money.ask_payout(tx, TransferId(payout_id), some, by=replace(customer, kind="system"))
    closure_id = uuid7()
    closure = business.NewClosure(SOME_DAY, SOME_DAY, (), "Away", is_holiday=False)
    business.add_closure(tx, shop_id, closure_id, closure, by=as_shop)
    ids = {
        "business_id": shop_id,
        "owner_id": owner.user_id,
        "user_id": customer.user_id,
        "product_id": product_id,
        "variant_id": variant_id,
        "collection_id": collection_id,
        "conversation_id": conversation_id,
        "message_id": message_id,
        "group_id": group_id,
        "private_id": private_id,
        "secret_id": secret_id,
        "media_id": media_id,
        "order_id": order_id,
        "transfer_id": transfer_id,
        "request_id": request_id,
        "closure_id": closure_id,
        "payout_id": payout_id,
        "device_id": device_id,
    }
    return World({name: str(id_) for name, id_ in ids.items()}, owner_token, customer_token)


def _person(tx: Tx, name: str) -> Actor:
    user_id = UserId(uuid7())
    identity.create_person(tx, user_id, name, by=SYSTEM)
    return Actor(user_id, user_id)


def _token(tx: Tx, who: Actor) -> tuple[str, DeviceId]:
    token, device_id = identity.new_token(), DeviceId(uuid7())
    device = identity.SignIn(device_id, identity.hash_token(token), "test")
    identity.open_session(tx, device, who.user_id, by=SYSTEM)
    return token, device_id


def _top_up(tx: Tx, owner_id: UserId, minor: int) -> None:
    source = money.Source.CREDIT
    money.top_up(tx, TransferId(uuid7()), owner_id, Money(minor, "INR"), source=source, by=SYSTEM)
