"""A code that asks for so much, and payments that come by themselves."""

import re

from playwright.sync_api import expect

from tests.servers import Server

from .conftest import Opener, looked_at
from .liar import rewrite
from .steps import give_pin
from .test_money_links import join
from .test_private import Somebody
from .test_splitting import balance, put_in


def test_a_code_with_an_amount_leads_a_stranger_to_paying_it(
    village: Server, visit: Opener
) -> None:
    gita = Somebody(village, visit(village.url), "Gitacode")
    put_in(village, gita, gita, 10)
    page = gita.page
    page.goto(f"{village.url}/app/pay/receive")
    page.get_by_role("button", name="With an amount").click()
    page.get_by_role("textbox", name=re.compile("^Amount")).fill("250.50")
    page.get_by_role("textbox", name=re.compile("^Amount")).blur()
    expect(page.get_by_role("img", name="Your code for ₹250.50")).to_be_visible()
    looked_at(page, "receive-amount")
    shown = page.get_by_text(re.compile(r"/app/pay/to/.*\?amount=25050&currency=INR$"))
    link = (shown.text_content() or "").strip()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as a picture").click()
    assert saving.value.path().read_bytes().startswith(b"\x89PNG")

    # A stranger joins on the way, and stands before the sum; without money it is not sent.
    stranger = visit(link)
    join(stranger, village, "Hemacode")
    expect(stranger.get_by_test_id("amount")).to_contain_text("₹250.50")
    expect(stranger.get_by_text("You have ₹0")).to_be_visible()
    expect(stranger.get_by_role("button", name="Send ₹250.50 to Gitacode")).to_be_disabled()

    # Somebody who has it pays it.
    ivan = Somebody(village, visit(village.url), "Ivancode")
    put_in(village, gita, ivan, 300)
    ivan.page.goto(link)
    expect(ivan.page.get_by_test_id("amount")).to_contain_text("₹250.50")
    looked_at(ivan.page, "pay-by-code")
    ivan.page.get_by_role("button", name="Send ₹250.50 to Gitacode").click()
    expect(ivan.page.get_by_role("heading", name="Sent to Gitacode")).to_be_visible()
    assert (balance(gita), balance(ivan)) == (260_50, 49_50)


def test_a_payment_is_planned_runs_by_itself_and_is_ended(town: Server, visit: Opener) -> None:
    ravi = visit(f"{town.url}/app/sign-in?next=/app/pay")
    ravi.get_by_role("button", name="Ravi Menon").click()
    expect(ravi.get_by_role("heading", name="Pay", level=1)).to_be_visible()
    ravi.goto(f"{town.url}/app/pay/do/send")
    ravi.get_by_role("link", name=re.compile("Meera Joshi")).first.click()
    ravi.get_by_role("link", name="Plan payments").click()
    expect(ravi.get_by_role("heading", name="Plan payments to Meera")).to_be_visible()
    ravi.get_by_label("Amount", exact=True).fill("15")
    ravi.get_by_text("Number", exact=True).click()
    ravi.get_by_label("How many payments").fill("3")
    looked_at(ravi, "standing-new")
    ravi.get_by_role("button", name=re.compile("^Pay ₹15 to Meera every month from ")).click()
    give_pin(ravi)
    row = ravi.get_by_role("listitem").filter(has_text="Meera Joshi")
    expect(row).to_contain_text(re.compile("Every month · next on .* · 3 payments"))
    looked_at(ravi, "standing")

    # The rent goes up.
    row.get_by_role("button", name="Change amount").click()
    ravi.get_by_label("New amount").fill("18")
    looked_at(ravi, "standing-amount")
    ravi.get_by_role("button", name="Pay Meera Joshi ₹18 from now on").click()
    give_pin(ravi)
    expect(ravi.get_by_text("₹18 from the next payment on")).to_be_visible()
    expect(row).to_contain_text("₹18")

    # Its morning comes.
    rewrite(town, "UPDATE money_standing_orders SET next_at = 1 WHERE state = ?", "active")
    expect(row).to_contain_text("Paid on")
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("Every month · Paused")
    row.get_by_role("button", name="Go on").click()
    expect(row).to_contain_text("next on")
    ravi.goto(f"{town.url}/app/pay")
    expect(ravi.get_by_role("heading", name="Coming payments")).to_be_visible()
    expect(ravi.get_by_role("link", name=re.compile("Meera Joshi.*₹18")).first).to_be_visible()
    looked_at(ravi, "standing-pay")

    ravi.goto(f"{town.url}/app/pay/coming")
    row.get_by_role("button", name="End", exact=True).click()
    row.get_by_role("button", name="Yes, end it").click()
    expect(row).to_contain_text("Over")
    expect(ravi.get_by_text("Nothing more will be paid")).to_be_visible()
