"""Which screens there are, for whom."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from kirana.values import uuid7
from tests.servers import Server

SHOP = "ashas-kirana"


def of_public(page: Page, server: Server) -> list[str]:
    """What everybody may see; a guest has something in the cart then, and has ordered."""
    page.goto(f"{server.url}/{SHOP}")
    order = _order_of_a_guest(page, server)
    collection = page.locator("a[href*='/c/']").first.get_attribute("href")
    assert collection is not None
    page.goto(f"{server.url}/{SHOP}/p/basmati-rice")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name=re.compile("View cart"))).to_be_visible()
    return [
        "/",
        "/?category=bakery",
        "/?q=nothing+like+this",
        f"/{SHOP}",
        collection,
        f"/{SHOP}/search?q=rice",
        f"/{SHOP}/search?q=xyzzy",
        f"/{SHOP}/p/basmati-rice",
        f"/{SHOP}/about",
        f"/{SHOP}/qr",
        f"/{SHOP}/cart",
        f"/{SHOP}/chat",
        order,
        f"/{SHOP}/checkout",
    ]


def of_buyer(page: Page, server: Server) -> list[str]:
    """Those of Ravi, who is signed in here."""
    chats = items(page, server, "/v1/conversations")
    orders = items(page, server, "/v1/orders")
    paid = next(it for it in orders if it["state"] == "fulfilled")
    (line, *_) = items(page, server, "/v1/wallets/INR/statement")
    private = next(it for it in chats if it["kind"] == "private")
    meera = private["other"]["id"]
    return [
        "/app/chats",
        *(f"/app/chats/{it['id']}" for it in chats[:3]),
        *(f"/app/chats/{it['id']}/info" for it in chats[:2]),
        "/app/shops",
        f"/app/shops/{SHOP}",
        f"/app/shops/{SHOP}?cart",
        "/app/orders",
        f"/app/orders/{orders[0]['id']}",
        f"/app/orders/{paid['id']}",
        f"/app/orders/{paid['id']}/receipt",
        "/app/pay",
        "/app/pay/do/send",
        f"/app/pay/do/send/{meera}",
        f"/app/pay/do/ask/{meera}",
        f"/app/pay/split/{private['id']}",
        "/app/pay/do/cash-out",
        "/app/pay/receive",
        "/app/pay/out",
        "/app/pay/link",
        "/app/pay/links",
        "/app/pay/coming",
        f"/app/pay/coming/{meera}",
        f"/app/pay/to/{meera}?amount=25000&currency=INR",
        make_link(page, server),
        f"/app/take/{uuid7()}",
        "/app/pay/add",
        "/app/pay/bank",
        "/app/pay/exchange",
        "/app/pay/months",
        f"/app/pay/transfers/{line['transfer_id']}",
        f"/app/pay/transfers/{line['transfer_id']}/receipt",
        "/app/verify",
        "/app/my-shop",
        "/app/my-shop/open",
        "/app/you",
        "/app/you/code",
        "/app/scan",
        "/app/you/profile",
        "/app/you/privacy",
        "/app/you/notifications",
        "/app/you/pin",
        "/app/you/passkeys",
        "/app/you/devices",
        "/app/you/keys",
        "/app/keys/who",
        f"/app/keys/{meera}",
        "/app/you/tokens",
        "/app/you/blocked",
        "/app/you/data",
        "/app/you/deletion",
    ]


def of_seller(page: Page, server: Server) -> list[str]:
    """Those of Asha, who is signed in here."""
    shop = page.request.get(f"{server.url}/v1/handles/{SHOP}").json()["id"]
    (order, *_) = items(page, server, f"/v1/orders?business_id={shop}", acting_for=shop)
    (product, *_) = items(page, server, f"/v1/businesses/{shop}/products")
    (chat, *_) = items(page, server, "/v1/conversations", acting_for=shop)
    of_shop = [
        "",
        "/orders",
        f"/orders/{order['id']}",
        "/products",
        f"/products/{product['id']}",
        "/products/new",
        "/products/collections",
        "/files",
        "/settings",
        "/settings/profile",
        "/settings/place",
        "/settings/hours",
        "/settings/delivery",
        "/settings/bank",
        "/settings/greeting",
        "/start/place",
        "/start/hours",
        "/start/product",
        "/start/done",
    ]
    return [
        f"/app/chats?as={shop}",
        f"/app/chats/{chat['id']}?as={shop}",
        f"/app/chats/{chat['id']}/info?as={shop}",
        *(f"/app/my-shop/{shop}{path}" for path in of_shop),
        f"/app/shops/{SHOP}",
        f"/app/pay?as={shop}",
        f"/app/pay/out?as={shop}",
    ]


def of_operator() -> list[str]:
    """Those of Omar."""
    return [
        "/app/chats",
        "/app/pay",
        "/app/pay/do/top-up",
        "/app/pay/payouts",
        "/app/pay/payouts/rules",
        "/app/operator/reports",
        "/app/operator/exchange",
        "/app/operator/payments",
        "/app/operator/suspensions",
        "/app/operator/cards",
        "/app/operator/clearing",
    ]


def items(page: Page, server: Server, path: str, acting_for: str | None = None) -> list[Any]:
    headers = {"Kirana-Acting-For": acting_for} if acting_for else {}
    answer = page.request.get(f"{server.url}{path}", headers=headers)
    assert answer.ok, answer.text()
    found: list[Any] = answer.json()["items"]
    return found


def _order_of_a_guest(page: Page, server: Server) -> str:
    """Something simple is ordered; where its page is."""
    page.goto(f"{server.url}/{SHOP}")
    page.get_by_role("button", name=re.compile("Add Onions, 1 kg")).click()
    expect(page.get_by_role("link", name=re.compile("View cart"))).to_be_visible()
    page.goto(f"{server.url}/{SHOP}/checkout")
    page.get_by_label("Name").fill("Guest")
    page.get_by_label("E-mail").fill("guest@example.org")
    page.get_by_role("radio", name=re.compile("^Pickup")).check()
    page.get_by_role("radio", name=re.compile("^Cash")).check()
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="Order placed")).to_be_visible()
    path = page.url.removeprefix(server.url)
    page.goto(f"{server.url}/{SHOP}")
    return path


def make_link(page: Page, server: Server) -> str:
    """A rupee of whoever is signed in here, for whoever opens this."""
    id, secret = uuid7(), "a-secret-for-all-to-see"
    body = {
        "id": str(id),
        "amount": {"amount_minor": 100, "currency": "INR"},
        "secret": secret,
    }
    answer = page.request.post(f"{server.url}/v1/money-links", data=body)
    assert answer.ok, answer.text()
    return f"/app/take/{id}#{secret}"
