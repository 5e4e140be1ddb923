"""J2: a stranger opens the link, asks and buys; the seller watches."""

import re

from playwright.sync_api import Page, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, keep, looked_at
from .steps import enter_as

GREETING = "Namaste, this is Asha."


def test_a_stranger_buys_on_a_phone_while_the_seller_watches(town: Server, visit: Opener) -> None:
    # The seller has her inbox open, on a wide screen.
    asha = visit(f"{town.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, town, "Asha Kulkarni")
    asha.get_by_role("radio", name="Asha's Kirana").check(force=True)

    # The stranger follows the link, looks around and finds the tea.
    stranger = visit(f"{town.url}/ashas-kirana", size=PHONE)
    expect(stranger.get_by_role("heading", name="Asha's Kirana")).to_be_visible()
    looked_at(stranger, "stranger-shop")
    stranger.get_by_role("searchbox", name="Search in Asha's Kirana").fill("masla tea")
    stranger.get_by_role("link", name="Masala tea, 250 g").click()
    expect(stranger.get_by_role("heading", name="Masala tea, 250 g")).to_be_visible()
    looked_at(stranger, "stranger-product")

    # Asks about it on the same page, and is greeted.
    stranger.get_by_role("link", name="Ask about this").click()
    panel = stranger.get_by_role("dialog", name="Chat with Asha's Kirana")
    panel.get_by_label("Message").fill("Is this one with cardamom?")
    panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_text("Is this one with cardamom?")).to_be_visible()
    expect(panel.get_by_text(GREETING)).to_be_visible()
    assert "/p/" in stranger.url
    looked_at(stranger, "stranger-chat")

    # She sees it come in without touching anything, and answers.
    row = asha.get_by_role("link", name=re.compile("with cardamom|Namaste")).first
    expect(row).to_be_visible()
    row.click()
    log = asha.get_by_role("log")
    expect(log.get_by_text("Is this one with cardamom?")).to_be_visible()
    expect(panel.locator(".mine").last).to_contain_text("Read")
    field = asha.get_by_role("textbox", name=re.compile("^Message "))
    field.press_sequentially("Yes, and a little pepper.")
    expect(panel.get_by_text("Asha's Kirana is typing…")).to_be_visible()
    keep(stranger, "stranger-chat-typing")
    asha.get_by_role("button", name="Send", exact=True).click()
    expect(panel.get_by_text("Yes, and a little pepper.")).to_be_visible()
    expect(panel.get_by_text("is typing…")).to_be_hidden()
    looked_at(asha, "seller-chat")
    panel.get_by_label("Message").press_sequentially("Thank you.")
    expect(asha.get_by_text("typing…").first).to_be_visible()
    panel.get_by_role("button", name="Send").click()
    expect(log.get_by_text("Thank you.")).to_be_visible()

    # He puts two into the cart and orders, to be paid in cash at the counter.
    panel.get_by_role("button", name="Close").click()
    stranger.get_by_role("button", name="One more").click()
    stranger.get_by_role("button", name="Add to cart").click()
    stranger.get_by_role("link", name=re.compile("View cart")).click()
    expect(stranger.get_by_role("heading", name="Cart")).to_be_visible()
    looked_at(stranger, "stranger-cart")
    stranger.get_by_role("link", name="Checkout").click()
    stranger.get_by_label("Name").fill("Kiran")
    stranger.get_by_label("Phone").fill("+919812345678")
    stranger.get_by_role("radio", name=re.compile("^Pickup")).check()
    stranger.get_by_role("radio", name=re.compile("^Cash")).check()
    looked_at(stranger, "stranger-checkout")
    stranger.get_by_role("button", name="Place the order").click()
    head = stranger.get_by_role("heading", level=1)
    expect(head).to_have_text("Order placed")
    looked_at(stranger, "stranger-order")
    number = order_number(stranger)

    # The card appears in her conversation; on the board she takes it on, step by step.
    expect(log.get_by_role("heading", name=re.compile(f"^Order.*{number}"))).to_be_visible()
    asha.get_by_role("link", name="My shop").click()
    asha.get_by_role("navigation", name="My shop").get_by_role("link", name="Orders").click()
    board = asha.get_by_role("group", name="Orders by state").filter(visible=True)
    order = board.get_by_role("article", name=f"Order {number}", exact=True)
    expect(order).to_contain_text("Kiran")
    looked_at(asha, "seller-board")
    order.get_by_role("button", name=re.compile("^Accept")).click()
    expect(head).to_have_text("Order accepted")
    order.get_by_role("button", name=re.compile("^Ready")).click()
    expect(head).to_have_text("Ready to pick up")

    # He comes by and pays; it is handed over, and there is a receipt.
    order.get_by_role("link").click()
    asha.get_by_role("button", name="Cash received").click()
    expect(asha.get_by_text("in cash is written down")).to_be_visible()
    expect(stranger.get_by_text("To be paid in cash")).to_be_hidden()
    asha.get_by_role("button", name=re.compile("^Picked up")).first.click()
    expect(head).to_have_text("Handed over")
    looked_at(asha, "seller-order")
    stranger.get_by_role("link", name="Receipt").click()
    expect(stranger.get_by_role("article")).to_contain_text("₹370.00")
    looked_at(stranger, "stranger-receipt")

    # Both chats tell of it.
    stranger.goto(f"{town.url}/ashas-kirana/chat")
    card = stranger.get_by_role("log").get_by_role("link", name=re.compile(f"Order.*{number}"))
    expect(card).to_contain_text("Handed over")
    asha.get_by_role("button", name="Message").click()
    expect(asha.get_by_role("log")).to_contain_text("Done")


def order_number(page: Page) -> str:
    found = re.search(r"#(\d+)", page.title())
    assert found, page.title()
    return found[1]


def test_a_stranger_buys_without_a_script(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/", size=PHONE, java_script_enabled=False)
    page.get_by_role("link", name=re.compile("Asha's Kirana")).click()
    page.get_by_role("link", name="Lemons, 6 pieces").click()
    page.get_by_label("Quantity").fill("3")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name=re.compile("View cart")).click()
    expect(page.get_by_text("₹90.00").first).to_be_visible()
    page.get_by_role("button", name="One less").click()
    expect(page.get_by_text("₹60.00").first).to_be_visible()
    keep(page, "no-script-cart")
    page.get_by_role("link", name="Checkout").click()
    page.get_by_label("Name").fill("Noor")
    page.get_by_label("Phone").fill("+919812345679")
    page.get_by_role("radio", name=re.compile("^Pickup")).check()
    page.get_by_role("radio", name=re.compile("^Cash")).check()
    keep(page, "no-script-checkout")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="Order placed")).to_be_visible()
    expect(page.get_by_text("2 × Lemons, 6 pieces")).to_be_visible()
    keep(page, "no-script-order")
    page.get_by_role("link", name="Chat").click()
    page.get_by_label("Message").fill("I come at six.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("I come at six.")).to_be_visible()
    page.go_back()
    page.goto(f"{town.url}/ashas-kirana/cart")
    expect(page.get_by_text("Your cart is empty")).to_be_visible()
