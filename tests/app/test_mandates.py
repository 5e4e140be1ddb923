"""What each place in a shop's team may do with the shop's money, at the server's own door."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from kirana import business, identity, money
from kirana.business import Role
from kirana.values import (
    SYSTEM,
    Actor,
    BusinessId,
    Mandate,
    Money,
    PaymentAddressId,
    RequestId,
    TransferId,
    UserId,
    uuid7,
)
from tests.apps import RunningApp, actor

PIN = "2719"
AMOUNT = {"amount_minor": 100, "currency": "INR"}
ACTS: dict[str, Mandate] = {
    "send": Mandate.SPEND,
    "pay a request": Mandate.SPEND,
    "pay out": Mandate.SPEND,
    "get cash": Mandate.SPEND,
    "draw the line": Mandate.SPEND,
    "set a payment address": Mandate.SPEND,
    "order from another shop": Mandate.SPEND,
    "give back": Mandate.GIVE_BACK,
    "ask": Mandate.ASK,
    "take back": Mandate.ASK,
    "decline": Mandate.ASK,
    "say that it was paid from the bank": Mandate.SPEND,
    "confirm what came from the bank": Mandate.ASK,
    "say that nothing came": Mandate.ASK,
}
MAY = {
    Role.OWNER: Mandate.SPEND,
    Role.MANAGER: Mandate.GIVE_BACK,
    Role.AGENT: Mandate.ASK,
    Role.VIEWER: Mandate.NOTHING,
}


@dataclass(frozen=True)
class Till:
    """A shop with ₹1,000, a friend who paid it, and somebody of its team, acting for it."""

    app: RunningApp
    id: BusinessId
    owner: UserId
    friend: UserId
    member: httpx.AsyncClient

    async def balance(self) -> int:
        wallet = await self.app.db.read(money.get_wallet, self.id, "INR")
        return wallet.available.amount_minor


async def open_till(app: RunningApp, role: Role) -> Till:
    owner, friend, member = [await app.person(name) for name in ("Asha", "Ravi", "Meera")]
    shop = await open_shop(app, owner)
    for id in (owner, friend, member, shop):
        await app.db.write(money.set_owner, id, by=SYSTEM)
    await app.db.write(money.appoint_agent, friend, by=SYSTEM)
    for id in (shop, friend):
        await app.db.write(money.top_up, TransferId(uuid7()), id, Money(1000_00, "INR"), by=SYSTEM)
    if role is Role.OWNER:
        member = owner
    else:
        await app.db.write(business.set_role, shop, member, role, by=actor(owner))
    await app.db.write(identity.set_pin, identity.hash_pin(PIN), by=actor(member))
    return Till(app, shop, owner, friend, await app.client(member, acting_for=shop))


async def open_shop(app: RunningApp, owner: UserId) -> BusinessId:
    shop = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata")
    await app.db.write(business.open_business, shop, draft, by=actor(owner))
    return shop


async def act(till: Till, what: str) -> httpx.Response:
    """Do it as the member would, with the PIN where it is asked for."""
    path, body = await prepare(till, what)
    method = "PUT" if what == "draw the line" else "POST"
    answer = await till.member.request(method, path, json=body)
    if answer.json().get("type") == "/problems/confirmation-required":
        challenge = answer.json()["challenge"]
        confirmation = await till.member.post(
            "/v1/confirmations", json={"id": str(uuid7()), "challenge": challenge, "pin": PIN}
        )
        assert confirmation.status_code == 201, confirmation.text
        proof = {"Kirana-Confirmation": confirmation.json()["id"]}
        answer = await till.member.request(method, path, json=body, headers=proof)
    return answer


async def prepare(till: Till, what: str) -> tuple[str, dict[str, Any] | None]:
    id, db, friend = str(uuid7()), till.app.db, actor(till.friend)
    match what:
        case "send":
            return "/v1/transfers", {"id": id, "payee_id": str(till.friend), "amount": AMOUNT}
        case "pay out":
            return "/v1/payouts", {"id": id, "amount": AMOUNT}
        case "get cash":
            return "/v1/cash-outs", {"id": id, "agent_id": str(till.friend), "amount": AMOUNT}
        case "draw the line":
            return "/v1/wallets/INR/confirmation-line", {"amount_minor": 5}
        case "set a payment address":
            details = {"vpa": "asha@bank", "name": "Asha"}
            return "/v1/payment-addresses", {"id": id, "rail": "upi", "details": details}
        case "order from another shop":
            return "/v1/orders", await order(till, id)
        case "give back":
            paid = TransferId(uuid7())
            await db.write(money.send_money, paid, till.id, Money(100, "INR"), by=friend)
            return f"/v1/transfers/{paid}/refunds", {"id": id}
        case "ask":
            return "/v1/requests", {"id": id, "payer_id": str(till.friend), "amount": AMOUNT}
        case "take back":
            return f"/v1/requests/{await ask(till, till.id, till.friend)}/cancellation", None
        case "decline":
            return f"/v1/requests/{await ask(till, till.friend, till.id)}/decline", None
        case "say that it was paid from the bank":
            request, address = await paid_at_the_bank(till, till.friend, till.id)
            return "/v1/claims", {"id": id, "request_id": str(request), "address_id": str(address)}
        case "confirm what came from the bank" | "say that nothing came":
            request, address = await paid_at_the_bank(till, till.id, till.friend)
            claim = TransferId(uuid7())
            await db.write(money.make_claim, claim, request, address, by=friend)
            end = "confirmation" if what.startswith("confirm") else "rejection"
            return f"/v1/claims/{claim}/{end}", {"id": id}
        case _:
            request = await ask(till, till.friend, till.id)
            return f"/v1/requests/{request}/payment", {"id": id}


async def ask(till: Till, asker: UserId, payer: UserId) -> Any:
    id = uuid7()
    await till.app.db.write(
        money.ask, id, asker=asker, payer=payer, amount=Money(100, "INR"), by=SYSTEM
    )
    return id


async def paid_at_the_bank(
    till: Till, payee: UserId, payer: UserId
) -> tuple[RequestId, PaymentAddressId]:
    """A request, and where it can be paid from bank to bank."""
    address, details = PaymentAddressId(uuid7()), {"vpa": "asha@bank", "name": "Asha"}
    trusted = Actor(payee, payee, "system")
    await till.app.db.write(money.set_address, address, "upi", details, by=trusted)
    return RequestId(await ask(till, payee, payer)), address


async def order(till: Till, id: str) -> dict[str, Any]:
    from kirana import catalog
    from kirana.values import ProductId, VariantId

    seller = await open_shop(till.app, till.friend)
    await till.app.db.write(money.set_owner, seller, by=SYSTEM)
    variant = VariantId(uuid7())
    price = catalog.Price(Money(100, "INR"))
    draft = catalog.ProductDraft(
        "Tea", (catalog.VariantDraft(variant, price=price),), status=catalog.ProductStatus.PUBLISHED
    )
    await till.app.db.write(
        catalog.save_product, ProductId(uuid7()), seller, draft, by=actor(till.friend)
    )
    return {
        "id": id,
        "business_id": str(seller),
        "quantities": {str(variant): 1},
        "method": "pickup",
        "payment": "wallet",
        "contact": {"name": "Meera", "phone": "+919876543210"},
        "shown_total": AMOUNT,
    }


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("what", list(ACTS))
async def test_a_place_in_the_team_is_no_key_to_the_till(
    app: RunningApp, role: Role, what: str
) -> None:
    till = await open_till(app, role)
    before = await till.balance()

    answer = await act(till, what)

    if MAY[role].includes(ACTS[what]):
        assert answer.status_code in (200, 201), answer.text
        return
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed")
    paid_in = 100 if what == "give back" else 0
    assert await till.balance() == before + paid_in


async def test_everybody_in_the_team_sees_what_they_may_do(app: RunningApp) -> None:
    for role, mandate in MAY.items():
        till = await open_till(app, role)
        assert (await till.member.get("/v1/wallets")).json()["mandate"] == mandate
    own = await app.client(await app.person())
    assert (await own.get("/v1/wallets")).json()["mandate"] == "spend"


async def test_who_is_made_a_viewer_may_not_spend_from_then_on(app: RunningApp) -> None:
    till = await open_till(app, Role.OWNER)
    assert (await act(till, "send")).status_code == 201
    other = await app.person("Nadia")
    await app.db.write(business.set_role, till.id, other, Role.OWNER, by=actor(till.owner))

    await app.db.write(business.set_role, till.id, till.owner, Role.VIEWER, by=actor(other))

    assert (await act(till, "send")).status_code == 403


async def test_whom_no_role_is_known_of_may_only_look_on(app: RunningApp) -> None:
    till = await open_till(app, Role.OWNER)
    stranger = await app.person("Omar")
    await app.db.write(identity.delegate, till.id, stranger)
    client = await app.client(stranger, acting_for=till.id)

    answer = await client.post(
        "/v1/transfers", json={"id": str(uuid7()), "payee_id": str(stranger), "amount": AMOUNT}
    )

    assert (answer.status_code, answer.json()["needs"]) == (403, "spend")
