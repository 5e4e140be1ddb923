"""A tip for a shop, after the goods were handed over."""

from playwright.sync_api import expect

from tests.servers import Server

from .conftest import PHONE, Opener, looked_at
from .screens import items
from .steps import enter_as, give_pin


def test_a_buyer_gives_a_tip_and_both_read_what_it_was_for(town: Server, visit: Opener) -> None:
    ravi = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(ravi, town, "Ravi Menon")
    orders = items(ravi, town, "/v1/orders")
    order = next(it for it in orders if it["state"] == "fulfilled")
    ravi.goto(f"{town.url}/app/orders/{order['id']}")
    ravi.get_by_role("link", name="Give a tip").click()
    expect(ravi.get_by_role("radio", name="Tip")).to_be_checked()
    for key in "20":
        ravi.get_by_role("button", name=key, exact=True).click()
    looked_at(ravi, "tip-phone")
    ravi.get_by_role("button", name="Send ₹20 to").click()
    done = ravi.get_by_role("link", name="Done")
    confirm = ravi.get_by_role("dialog", name="Confirm")
    expect(done.or_(confirm).first).to_be_visible()
    if confirm.is_visible():
        give_pin(ravi)
    done.click()
    first = ravi.get_by_role("region", name="Activity").get_by_role("link").first
    expect(first).to_contain_text("Tip")
    expect(first).to_contain_text("₹20")
