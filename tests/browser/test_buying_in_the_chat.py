"""J2 for those who have an account: the shop in the chat, paid from the wallet, and money back."""

import re

from playwright.sync_api import Page, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at
from .steps import enter_as, give_pin


def test_a_buyer_pays_from_the_wallet_inside_the_chat(town: Server, visit: Opener) -> None:
    asha = visit(f"{town.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, town, "Asha Kulkarni", "/app/my-shop")
    asha.get_by_role("navigation", name="My shop").get_by_role("link", name="Orders").click()
    meera = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(meera, town, "Meera Joshi")
    before = wallet(meera)

    # From the conversation into the shop.
    meera.get_by_role("link", name=re.compile("Asha's Kirana")).first.click()
    expect(meera.get_by_role("log")).to_be_visible()
    looked_at(meera, "chat-shop")
    meera.get_by_role("link", name="See the shop").click()
    expect(meera.get_by_role("heading", name="Asha's Kirana")).to_be_visible()
    looked_at(meera, "shop-in-chat")

    # A product is looked at and added; another is added with one tap.
    meera.get_by_role("button", name="Look at Basmati rice").click()
    sheet = meera.get_by_role("dialog", name="Basmati rice")
    sheet.get_by_role("radio", name="5 kg").click()
    looked_at(meera, "product-sheet")
    sheet.get_by_role("button", name=re.compile("^Add to cart")).click()
    meera.get_by_role("button", name="Add Poha, 500 g").click()
    meera.get_by_role("button", name=re.compile("See the cart")).click()
    cart = meera.get_by_role("dialog", name="Your cart at Asha's Kirana")
    expect(cart.get_by_role("list", name="Cart").get_by_role("listitem")).to_have_count(2)
    cart.get_by_role("radio", name="Pick up").check(force=True)
    cart.get_by_role("radio", name=re.compile("^Wallet")).check()
    looked_at(meera, "pay-sheet")
    cart.get_by_role("button", name="Place order · ₹731").click()
    placed = meera.get_by_role("heading", name=re.compile("is placed$"))
    confirm = meera.get_by_role("dialog", name="Confirm")
    expect(placed.or_(confirm).first).to_be_visible()
    if confirm.is_visible():
        looked_at(meera, "pay-pin")
        give_pin(meera)
    expect(placed).to_be_visible()
    looked_at(meera, "order-placed")
    assert wallet(meera) == (before[0], before[1] + 731_00)
    meera.get_by_role("link", name=re.compile("See the order|Order")).last.click()
    heading = meera.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile(r"Order #\d+"))
    looked_at(meera, "order")
    number = re.sub(r"\D", "", heading.inner_text())
    meera.get_by_role("link", name="Back").click()
    card = meera.get_by_role("log").get_by_role("article").filter(has_text=number).last
    expect(card).to_contain_text("Placed")
    expect(card).to_contain_text("₹731")

    # The seller takes it on; the card in the chat moves by itself.
    order = asha.get_by_role("article", name=f"Order {number}", exact=True)
    expect(order).to_contain_text("Meera")
    order.get_by_role("button", name=re.compile("^Accept")).click()
    expect(card).to_contain_text("Accepted")
    order.get_by_role("link").click()
    asha.get_by_role("button", name=re.compile(f"^Picked up, Order {number}")).first.click()
    expect(card).to_contain_text("Done")
    assert wallet(meera) == (before[0] - 731_00, before[1])
    looked_at(meera, "chat-order")

    # One of the two was not fresh: its money goes back.
    asha.get_by_role("button", name="Refund", exact=True).click()
    refund = asha.get_by_role("dialog", name=re.compile("^Refund"))
    refund.get_by_role("button", name="More of Poha, 500 g").click()
    looked_at(asha, "seller-refund")
    refund.get_by_role("button", name="Refund ₹42").click()
    expect(asha.get_by_text("₹42 went back to the customer.")).to_be_visible()
    expect(meera.get_by_role("log")).to_contain_text("went back")
    meera.goto(f"{town.url}/app/pay")
    expect(meera.get_by_role("region", name="Activity")).to_contain_text("42")
    assert wallet(meera) == (before[0] - 689_00, before[1])
    looked_at(meera, "wallet-refund")


def test_a_seller_serves_an_order_without_leaving_the_chat(town: Server, visit: Opener) -> None:
    # The order stands in a fourth pane, beside the list, the conversation and its field.
    asha = visit(f"{town.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, town, "Asha Kulkarni")
    asha.get_by_role("radio", name="Asha's Kirana").check(force=True)
    asha.get_by_role("link", name=re.compile("Ravi Menon")).first.click()
    card = asha.get_by_role("log").get_by_role("article").last
    card.get_by_role("link", name="Open order").click()
    pane = asha.get_by_role("complementary", name=re.compile("^Order #"))
    expect(pane.get_by_role("heading", level=1)).to_be_visible()
    expect(asha.get_by_role("log", name="Ravi Menon")).to_be_visible()
    expect(pane.get_by_text("Besan laddu, 250 g")).to_be_visible()
    assert pane.evaluate("pane => pane.contains(document.activeElement)")
    looked_at(asha, "chat-order-seller")

    # On his phone the same card opens the order; back leads to the chat, where he was.
    ravi = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(ravi, town, "Ravi Menon")
    ravi.get_by_role("link", name=re.compile("Asha's Kirana")).first.click()
    his = ravi.get_by_role("log").get_by_role("article").last
    his.get_by_role("link", name="Open order").click()
    expect(ravi.get_by_role("heading", name="Asha's Kirana is getting it ready.")).to_be_visible()
    looked_at(ravi, "chat-order-buyer")

    # She moves it on while she may still answer, and he sees it.
    pane.get_by_role("button", name=re.compile("^Ready")).click()
    expect(ravi.get_by_role("heading", name=re.compile("^It is ready"))).to_be_visible()
    ravi.go_back()
    expect(his).to_contain_text("Ready")
    pane.get_by_role("link", name="Close").click()
    expect(pane).to_be_hidden()
    expect(card).to_contain_text("Ready")


def wallet(page: Page) -> tuple[int, int]:
    """Balance and what of it is set aside, in paise."""
    origin = re.match(r"https?://[^/]+", page.url)
    assert origin
    wallets = page.request.get(f"{origin[0]}/v1/wallets").json()["items"]
    (found,) = [it for it in wallets if it["currency"] == "INR"]
    return found["balance"]["amount_minor"], found["on_hold"]["amount_minor"]
