"""Shops with things on the shelf and people with money, made the way clients make them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kirana import money
from kirana.values import SYSTEM, Money, TransferId, UserId, uuid7
from tests.live import Json, LiveServer, Phone, new_id

CONTACT = {"name": "Ravi", "phone": "+919876543210"}


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop; `owner` is its owner's phone, `desk` the same phone speaking for the shop."""

    id: str
    handle: str
    owner: Phone
    desk: Phone


def inr(minor: int) -> Json:
    return {"amount_minor": minor, "currency": "INR"}


def shop(live: LiveServer, name: str = "Asha Stores") -> Shop:
    owner = live.person("Asha")
    opened = owner.post(
        "/v1/businesses",
        {
            "id": new_id(),
            "name": name,
            "category": "grocery",
            "country": "IN",
            "currency": "INR",
            "zone": "Asia/Kolkata",
        },
    )
    return Shop(opened["id"], opened["handle"], owner, owner.act_for(opened["id"]))


def product(shop: Shop, name: str, price: int, stock: int = 5) -> str:
    """Something for sale; the id of its only variant."""
    variant_id = new_id()
    shop.desk.put(
        f"/v1/products/{new_id()}",
        {
            "business_id": shop.id,
            "name": name,
            "status": "published",
            "variants": [
                {
                    "id": variant_id,
                    "price": {"regular": inr(price)},
                    "stock": {"tracked": True, "on_hand": stock},
                }
            ],
        },
    )
    return variant_id


def top_up(live: LiveServer, owner_id: UserId | None, minor: int) -> None:
    """Give somebody money, as the operator does."""
    assert owner_id is not None
    live.write(
        money.top_up,
        TransferId(uuid7()),
        owner_id,
        Money(minor, "INR"),
        source=money.Source.CREDIT,
        by=SYSTEM,
    )


def guest(live: LiveServer, name: str = "") -> Phone:
    """A stranger who did not sign up."""
    phone = live.phone()
    body = {"id": new_id(), "device_id": new_id(), "name": name, "wants": "token"}
    made = phone.post("/v1/guests", body)
    phone.take(made["token"])
    phone.user_id = UserId(UUID(made["user"]["id"]))
    return phone


def conversation(phone: Phone, with_id: str, kind: str = "business") -> str:
    opened = phone.post("/v1/conversations", {"id": new_id(), "kind": kind, "with_id": with_id})
    return str(opened["id"])


def say(phone: Phone, conversation_id: str, words: str) -> Json:
    body = {"id": new_id(), "body": {"type": "text", "text": words}}
    return phone.post(f"/v1/conversations/{conversation_id}/messages", body)


def order(shop: Shop, quantities: dict[str, int], total: int, **changes: Any) -> Json:
    """What a client sends to place an order."""
    return {
        "id": new_id(),
        "business_id": shop.id,
        "quantities": quantities,
        "method": "pickup",
        "payment": "wallet",
        "contact": CONTACT,
        "shown_total": inr(total),
        **changes,
    }


def wallet(phone: Phone) -> tuple[int, int]:
    """Balance and what of it is set aside, in INR."""
    items = phone.get("/v1/wallets")["items"]
    (found,) = [it for it in items if it["currency"] == "INR"] or [None]
    return (found["balance"]["amount_minor"], found["on_hold"]["amount_minor"]) if found else (0, 0)
