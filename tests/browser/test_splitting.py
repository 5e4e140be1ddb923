"""A bill in a group: one has paid, each of the others pays a share, and it closes itself."""

import re

from playwright.sync_api import Locator, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .steps import type_digits
from .test_private import Somebody, make_group

RUPEES = 100


def test_a_bill_is_split_with_three_and_closes_when_all_have_paid(
    village: Server, visit: Opener
) -> None:
    asha = Somebody(village, visit(village.url), "Ashasplit")
    ravi = Somebody(village, visit(village.url), "Ravisplit")
    meera = Somebody(village, visit(village.url, size=DESKTOP), "Meerasplit")
    for one in (asha, ravi, meera):
        one.knows(*({asha, ravi, meera} - {one}))
        put_in(village, asha, one, 1_000)
    make_group(asha, "Hampi", "Ravisplit", "Meerasplit")
    asha.says("Here are the rooms")
    for one in (ravi, meera):
        one.page.goto(asha.page.url)
        one.reads("Here are the rooms")

    # Equally: one third each, to the last paisa.
    begin(asha, "1000")
    expect(asha.page.get_by_text("₹333.33", exact=True).first).to_be_visible()
    looked_at(asha.page, "split-equal")
    asha.page.get_by_role("button", name="Ask 2 people for ₹666.66").click()
    for one in (asha, ravi, meera):
        expect(bill(one)).to_contain_text("0 of 2 paid")
    looked_at(ravi.page, "split-card")

    # Each pays in the group, and everybody sees it.
    pay_share(ravi, "₹333.33")
    for one in (asha, ravi, meera):
        expect(bill(one)).to_contain_text("1 of 2 paid")
    expect(meera.page.get_by_text("Ravisplit paid their share").first).to_be_visible()
    bill(asha).get_by_role("button", name="Remind").click()
    expect(asha.page.get_by_text("Reminded", exact=True)).to_be_visible()
    bill(asha).get_by_role("button", name="Remind").click()
    expect(asha.page.get_by_text("You reminded them within the last day.")).to_be_visible()
    pay_share(meera, "₹333.33")
    for one in (asha, ravi, meera):
        expect(bill(one)).to_contain_text("2 of 2 paid")
    expect(meera.page.get_by_text("Everybody has paid for ₹1,000").first).to_be_visible()
    looked_at(meera.page, "split-closed-wide")
    assert [balance(one) for one in (asha, ravi, meera)] == [1_666_66, 666_67, 666_67]


def test_a_bill_is_split_by_shares_amounts_and_items(village: Server, visit: Opener) -> None:
    dina = Somebody(village, visit(village.url), "Dinasplit")
    emil = Somebody(village, visit(village.url), "Emilsplit")
    dina.knows(emil)
    emil.knows(dina)
    put_in(village, dina, dina, 10)
    dina.opens(emil)
    dina.says("The dinner")

    begin(dina, "90")
    choose(dina, "Shares")
    dina.page.get_by_role("group", name="Shares of Emilsplit").get_by_role("button").last.click()
    expect(dina.page.get_by_role("button", name="Ask 1 person for ₹60")).to_be_enabled()
    looked_at(dina.page, "split-shares")

    choose(dina, "Amounts")
    go = dina.page.get_by_role("button", name=re.compile("^Ask "))
    expect(go).to_be_disabled()
    expect(dina.page.get_by_text("₹90 is not given to anybody yet.")).to_be_visible()
    dina.page.get_by_label("Amount of Emilsplit").fill("95")
    expect(dina.page.get_by_text("That is ₹5 more than the bill.")).to_be_visible()
    expect(go).to_be_disabled()
    dina.page.get_by_label("Amount of Emilsplit").fill("50")
    dina.page.get_by_label("Amount of You").fill("40")
    expect(dina.page.get_by_role("button", name="Ask 1 person for ₹50")).to_be_enabled()
    looked_at(dina.page, "split-amounts")

    choose(dina, "Items")
    dina.page.get_by_role("textbox", name="Item 1").fill("60")
    dina.page.get_by_role("button", name="Emilsplit had item 1").click()
    dina.page.get_by_role("button", name="Add an item").click()
    dina.page.get_by_role("textbox", name="Item 2").fill("20")
    dina.page.get_by_role("button", name="You had item 2").click()
    expect(dina.page.get_by_text("₹10 for tax and tip is shared in proportion.")).to_be_visible()
    looked_at(dina.page, "split-items")
    dina.page.get_by_role("button", name="Ask 1 person for ₹67.50").click()
    emil.opens(dina)
    expect(bill(emil)).to_contain_text("0 of 1 paid")

    # He says no, and it is closed.
    bill(emil).get_by_role("button", name="Decline").click()
    for one in (dina, emil):
        expect(bill(one)).to_contain_text("declined")
    dina.page.goto(f"{village.url}/app/chats")
    expect(dina.page.get_by_text("Done: 0 of 1 paid for ₹90")).to_be_visible()


def begin(one: Somebody, rupees: str) -> None:
    one.page.get_by_role("button", name="Attach").click()
    one.page.get_by_role("menuitem", name="Split a bill").click()
    type_digits(one.page, rupees)
    one.page.get_by_role("button", name="Who pays what").click()


def choose(one: Somebody, way: str) -> None:
    one.page.get_by_role("radio", name=way, exact=True).check(force=True)


def bill(one: Somebody) -> Locator:
    return one.log.get_by_role("article").filter(has_text=re.compile("splits? it"))


def pay_share(one: Somebody, of: str) -> None:
    bill(one).get_by_role("button", name=f"Pay my share, {of}").click()
    sheet = one.page.get_by_role("dialog", name="Pay")
    sheet.get_by_role("button", name=re.compile(f"^Pay {re.escape(of)}")).click()
    sheet.get_by_role("button", name="Done").click()


def put_in(server: Server, operator: Somebody, one: Somebody, rupees: int) -> None:
    """Credit, by an operator."""
    address = f"{operator.name.lower()}@example.org"
    assert server.run("appoint", "operator", address).returncode == 0
    body = {
        "id": str(uuid7()),
        "owner_id": one.id,
        "amount": {"amount_minor": rupees * RUPEES, "currency": "INR"},
        "source": "credit",
    }
    answer = operator.page.request.post(f"{server.url}/v1/top-ups", data=body)
    assert answer.ok, answer.text()


def balance(one: Somebody) -> int:
    mine = one.page.request.get(f"{one.server.url}/v1/wallets").json()
    (minor,) = [it["balance"]["amount_minor"] for it in mine["items"]]
    assert isinstance(minor, int)
    return minor
