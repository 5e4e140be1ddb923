"""Every screen: in light and dark, on a phone and at a desk, from left to right and from right to
left. It opens without a complaint, fits, and axe finds nothing serious."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, assert_accessible, assert_fits, keep
from .steps import enter_as

SHOP = "ashas-kirana"


def test_every_public_page_is_well_made(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/{SHOP}")
    order = order_of_a_guest(page, town)
    collection = page.locator("a[href*='/c/']").first.get_attribute("href")
    paths = [
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
    ]
    page.goto(f"{town.url}/{SHOP}/p/basmati-rice")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name=re.compile("View cart"))).to_be_visible()
    look_at(page, town, "public", [*paths, f"/{SHOP}/checkout"])


def test_every_screen_of_a_buyer_is_well_made(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in")
    look_at(page, town, "app", ["/app/sign-in"])
    enter_as(page, town, "Ravi Menon")
    chats = items(page, town, "/v1/conversations")
    orders = items(page, town, "/v1/orders")
    paid = next(it for it in orders if it["state"] == "fulfilled")
    (line, *_) = items(page, town, "/v1/wallets/INR/statement")
    meera = next(it["other"]["id"] for it in chats if it["kind"] == "private")
    look_at(
        page,
        town,
        "buyer",
        [
            "/app/chats",
            *(f"/app/chats/{it['id']}" for it in chats[:3]),
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
            "/app/pay/do/cash-out",
            "/app/pay/receive",
            "/app/pay/out",
            f"/app/pay/transfers/{line['transfer_id']}",
            "/app/my-shop",
            "/app/my-shop/open",
            "/app/you",
            "/app/you/code",
            "/app/scan",
            "/app/you/profile",
            "/app/you/privacy",
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
        ],
    )


def test_every_screen_of_a_seller_is_well_made(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in")
    enter_as(page, town, "Asha Kulkarni", "/app/my-shop")
    shop = page.request.get(f"{town.url}/v1/handles/{SHOP}").json()["id"]
    (order, *_) = items(page, town, f"/v1/orders?business_id={shop}", acting_for=shop)
    (product, *_) = items(page, town, f"/v1/businesses/{shop}/products")
    (chat, *_) = items(page, town, "/v1/conversations", acting_for=shop)
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
        "/settings/greeting",
        "/start/place",
        "/start/hours",
        "/start/product",
        "/start/done",
    ]
    look_at(
        page,
        town,
        "seller",
        [
            f"/app/chats?as={shop}",
            f"/app/chats/{chat['id']}?as={shop}",
            *(f"/app/my-shop/{shop}{path}" for path in of_shop),
            f"/app/shops/{SHOP}",
            f"/app/pay?as={shop}",
        ],
    )


def test_the_operator_s_and_the_agent_s_screens_are_well_made(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in")
    enter_as(page, town, "Omar Haddad", "/app/pay")
    look_at(
        page, town, "operator", ["/app/chats", "/app/pay", "/app/pay/do/top-up", "/app/pay/payouts"]
    )
    page = visit(f"{town.url}/app/sign-in")
    enter_as(page, town, "Nadia", "/app/pay")
    look_at(page, town, "agent", ["/app/pay", "/app/pay/do/cash-in"])


def test_back_leads_to_where_one_was(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in")
    enter_as(page, town, "Ravi Menon", "/app/shops")
    scroller = page.locator("[data-scroll=page]")
    shop = page.get_by_role("main").get_by_role("link", name=re.compile("Asha's Kirana")).last
    shop.scroll_into_view_if_needed()
    where = scroller.evaluate("it => it.scrollTop")
    assert where > 0
    shop.click()
    expect(page.get_by_role("heading", level=1, name="Asha's Kirana")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Shops")).to_be_visible()
    page.wait_for_function(
        "top => document.querySelector('[data-scroll=page]').scrollTop === top", arg=where
    )


@pytest.mark.parametrize("language", ["ar", "hi", "de"])
def test_the_public_s_pages_speak_the_reader_s_language(
    town: Server, visit: Opener, language: str
) -> None:
    page = visit(f"{town.url}/noor-tailors", locale=language)
    root = page.locator("html")
    expect(root).to_have_attribute("lang", language)
    expect(root).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    first = page.locator("[id^=product-] a").first.get_attribute("href")
    for number, path in enumerate(["/", "/noor-tailors", first, "/noor-tailors/chat"]):
        page.goto(f"{town.url}{path}")
        keep(page, f"{language}-{number}")
        assert_fits(page)
        assert_accessible(page)


def look_at(page: Page, town: Server, group: str, paths: Iterable[str | None]) -> None:
    """Each screen in all its looks; everything that is wrong is told at once."""
    wrong: list[str] = []
    for number, path in enumerate(paths):
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_viewport_size(PHONE)
        page.goto(f"{town.url}{path}")
        expect(page).to_have_title(re.compile("."))
        expect(page.get_by_role("heading").filter(visible=True).first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        words = re.sub("[0-9a-f-]{30,}|app/", "", str(path)).strip("/")
        name = f"screen-{group}-{number:02}-{words}"
        for size, scheme in (
            (PHONE, "light"),
            (PHONE, "dark"),
            (DESKTOP, "dark"),
            (DESKTOP, "light"),
        ):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            look = f"{name}-{'phone' if size is PHONE else 'desk'}-{scheme}"
            keep(page, look)
            try:
                # In the dark only the colors are others.
                assert_accessible(page, *(["color-contrast"] if scheme == "dark" else []))
                assert_fits(page)
            except AssertionError as error:
                wrong.append(f"{look}: {error}")
        page.set_viewport_size(PHONE)
        page.evaluate("document.documentElement.dir = 'rtl'")
        try:
            assert_fits(page)
        except AssertionError as error:
            wrong.append(f"{name}, right to left: {error}")
    assert not wrong, "\n".join(wrong)


def items(page: Page, town: Server, path: str, acting_for: str | None = None) -> list[Any]:
    headers = {"Kirana-Acting-For": acting_for} if acting_for else {}
    answer = page.request.get(f"{town.url}{path}", headers=headers)
    assert answer.ok, answer.text()
    found: list[Any] = answer.json()["items"]
    return found


def order_of_a_guest(page: Page, town: Server) -> str:
    """Something simple is ordered; where its page is."""
    page.goto(f"{town.url}/{SHOP}")
    page.get_by_role("button", name="Add Onions, 1 kg to the cart").click()
    expect(page.get_by_role("link", name=re.compile("View cart"))).to_be_visible()
    page.goto(f"{town.url}/{SHOP}/checkout")
    page.get_by_label("Name").fill("Guest")
    page.get_by_label("E-mail").fill("guest@example.org")
    page.get_by_role("radio", name=re.compile("^Pickup")).check()
    page.get_by_role("radio", name=re.compile("^Cash")).check()
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="Order placed")).to_be_visible()
    path = page.url.removeprefix(town.url)
    page.goto(f"{town.url}/{SHOP}")
    return path
