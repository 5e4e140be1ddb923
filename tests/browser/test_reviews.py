"""The operators' desk: a payment is looked at by two, a correction is made by two."""

from playwright.sync_api import expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .test_private import Somebody


def test_a_large_payment_waits_for_two_operators_and_a_correction_for_the_second(
    village: Server, visit: Opener
) -> None:
    olga = Somebody(village, visit(village.url, size=DESKTOP), "Olga")
    omar = Somebody(village, visit(village.url, size=DESKTOP), "Omar")
    nils = Somebody(village, visit(village.url), "Nils")
    pia = Somebody(village, visit(village.url), "Pia")
    for who in ("olga", "omar"):
        appointed = village.run("appoint", "operator", f"{who}@example.org")
        assert appointed.returncode == 0, appointed.stdout
    for person, handle in ((nils, "nils-r"), (pia, "pia-r")):
        person.page.request.patch(f"{village.url}/v1/me", data={"handle": handle})
    nils_id = nils.page.request.get(f"{village.url}/v1/me").json()["id"]
    paid_in = olga.page.request.post(
        f"{village.url}/v1/top-ups",
        data={
            "id": str(uuid7()),
            "owner_id": nils_id,
            "amount": {"amount_minor": 50_000, "currency": "INR"},
            "source": "credit",
        },
    )
    assert paid_in.ok, paid_in.text()

    # Payments above a hundred are looked at by two.
    first = olga.page
    first.goto(f"{village.url}/app/you")
    first.get_by_role("link", name="Payments to look at").click()
    expect(first.get_by_text("Nothing waits for you.")).to_be_visible()
    first.get_by_label("Above which amount").fill("100")
    first.get_by_role("button", name="Put in force").click()
    expect(first.get_by_text("INR · Above ₹100")).to_be_visible()

    # Nils pays more than that, and reads that it waits.
    page = nils.page
    page.goto(f"{village.url}/app/pay/do/send")
    page.get_by_label("Phone number or handle").fill("@pia-r")
    page.get_by_role("button", name="Find").click()
    for key in "300":
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name="Send ₹300 to Pia").click()
    expect(page.get_by_role("heading", name="On its way to Pia")).to_be_visible()
    looked_at(page, "review-sent-phone")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Set aside").first).to_be_visible()

    # One operator says yes, then the other: Pia has the money.
    expect(first.get_by_text("₹300 · Nils to Pia")).to_be_visible()
    looked_at(first, "review-waits-wide")
    first.get_by_role("button", name="Let through: ₹300, Nils to Pia").click()
    expect(first.get_by_text("1 of 2 said yes")).to_be_visible()
    second = omar.page
    second.goto(f"{village.url}/app/operator/payments")
    second.get_by_role("button", name="Let through: ₹300, Nils to Pia").click()
    expect(second.get_by_text("Nothing waits for you.")).to_be_visible()
    pia.page.goto(f"{village.url}/app/pay")
    expect(pia.page.get_by_text("₹300").first).to_be_visible()

    # A correction: what one proposes, the other makes.
    first.get_by_label("Phone number or handle").fill("@pia-r")
    first.get_by_role("button", name="Find").click()
    first.get_by_text("Take", exact=True).click()
    first.get_by_label("Take", exact=True).last.fill("50")
    first.get_by_label("Why").fill("Was paid twice")
    first.get_by_role("button", name="Propose a correction").click()
    expect(first.get_by_text("₹50 from Pia")).to_be_visible()
    expect(first.get_by_role("button", name="Make it: ₹50 from Pia")).to_have_count(0)
    second.get_by_role("button", name="Make it: ₹50 from Pia").click()
    expect(second.get_by_text("· Made ·")).to_be_visible()
    looked_at(second, "review-corrected-wide")
    pia.page.reload()
    expect(pia.page.get_by_text("₹250").first).to_be_visible()
    expect(pia.page.get_by_text("Put right").first).to_be_visible()
