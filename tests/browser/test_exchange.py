"""Rates and fees: the operator sets them, and somebody exchanges money."""

from playwright.sync_api import expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .test_private import Somebody


def test_rates_and_fees_are_set_and_money_is_exchanged(village: Server, visit: Opener) -> None:
    ottilie = Somebody(village, visit(village.url, size=DESKTOP), "Ottilie")
    niklas = Somebody(village, visit(village.url), "Niklas")
    appointed = village.run("appoint", "operator", "ottilie@example.org")
    assert appointed.returncode == 0, appointed.stdout
    niklas_id = niklas.page.request.get(f"{village.url}/v1/me").json()["id"]
    paid_in = ottilie.page.request.post(
        f"{village.url}/v1/top-ups",
        data={
            "id": str(uuid7()),
            "owner_id": niklas_id,
            "amount": {"amount_minor": 1_000_00, "currency": "INR"},
            "source": "credit",
        },
    )
    assert paid_in.ok, paid_in.text()

    # The operator says what a sale costs, and at what rate rupees become euros.
    desk = ottilie.page
    desk.goto(f"{village.url}/app/you")
    desk.get_by_role("link", name="Fees and exchange").click()
    expect(desk.get_by_text("Sales cost nothing here.")).to_be_visible()
    desk.get_by_label("Percent").fill("1,5")
    desk.get_by_label("And for each sale").fill("2")
    desk.get_by_role("button", name="Put in force").first.click()
    expect(desk.get_by_text("1.5% + ₹2").first).to_be_visible()
    desk.get_by_label("Rate", exact=True).fill("0.0125")
    desk.get_by_role("button", name="Put in force", exact=True).nth(1).click()
    expect(desk.get_by_text("Even, may be short by €0")).to_be_visible()
    looked_at(desk, "exchange-operator-wide")

    # Niklas asks what it would be; there is nothing to be had yet.
    page = niklas.page
    page.goto(f"{village.url}/app/pay")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Exchange").click()
    expect(page.get_by_text("1 INR = 0.0125 EUR")).to_be_visible()
    expect(page.get_by_text("₹1,000 free to use")).to_be_visible()
    looked_at(page, "exchange-form-phone")
    page.get_by_label("What I pay").last.fill("400")
    page.get_by_role("button", name="See the offer").click()
    take = page.get_by_role("button", name="Exchange ₹400 for €5")
    expect(take).to_be_visible()
    looked_at(page, "exchange-offer-phone")
    take.click()
    expect(page.get_by_text("This currency has run out here for the moment.")).to_be_visible()

    # The operator will be short of ten euros; then the same offer, or a new one, goes through.
    most = desk.get_by_label("The most to be short of EUR", exact=True)
    most.fill("10")
    most.press("Enter")
    expect(desk.get_by_text("Even, may be short by €10")).to_be_visible()
    page.get_by_role("button", name="Another amount").click()
    page.get_by_text("What I get").first.click()
    page.get_by_label("What I get").last.fill("8")
    page.get_by_role("button", name="See the offer").click()
    page.get_by_role("button", name="Exchange ₹640 for €8").click()
    expect(page.get_by_role("heading", name="Exchanged")).to_be_visible()
    looked_at(page, "exchange-done-phone")
    page.get_by_role("link", name="Done").click()
    page.get_by_text("EUR", exact=True).click()
    expect(page.get_by_text("€8").first).to_be_visible()
    desk.reload()
    expect(desk.get_by_text("€8 short, of at most €10")).to_be_visible()
