"""The operators' desk: a payment is looked at by two, a correction is made by two."""

import pytest
from playwright.sync_api import Page, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .test_notices import Phone
from .test_private import Somebody

pytestmark = pytest.mark.service_worker


def test_a_large_payment_waits_for_two_operators_and_a_correction_for_the_second(
    village: Server, visit: Opener
) -> None:
    rosa = Somebody(village, visit(village.url, size=DESKTOP), "Rosa")
    remy = Somebody(village, visit(village.url, size=DESKTOP), "Remy")
    nora = Somebody(village, visit(village.url), "Nora")
    paul = Somebody(village, visit(village.url), "Paul")
    for who in ("rosa", "remy"):
        appointed = village.run("appoint", "operator", f"{who}@example.org")
        assert appointed.returncode == 0, appointed.stdout
    for person, handle in ((nora, "nora-r"), (paul, "paul-r")):
        person.page.request.patch(f"{village.url}/v1/me", data={"handle": handle})
    nora_id = nora.page.request.get(f"{village.url}/v1/me").json()["id"]
    paid_in = rosa.page.request.post(
        f"{village.url}/v1/top-ups",
        data={
            "id": str(uuid7()),
            "owner_id": nora_id,
            "amount": {"amount_minor": 50_000, "currency": "EUR"},
            "source": "credit",
        },
    )
    assert paid_in.ok, paid_in.text()

    # Payments above ten are looked at by two.
    first = rosa.page
    first.goto(f"{village.url}/app/you")
    first.get_by_role("link", name="Payments to look at").click()
    expect(first.get_by_text("Nothing waits for you.")).to_be_visible()
    first.get_by_label("Currency").first.fill("EUR")
    first.get_by_label("Above which amount").fill("10")
    first.get_by_role("button", name="Put in force").click()
    expect(first.get_by_text("EUR · Above €10")).to_be_visible()

    # Nora pays more than that, and reads that it waits.
    page = nora.page
    page.goto(f"{village.url}/app/pay/do/send")
    page.get_by_label("Phone number or handle").fill("@paul-r")
    page.get_by_role("button", name="Find").click()
    for key in "30":
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name="Send €30 to Paul").click()
    expect(page.get_by_role("heading", name="On its way to Paul")).to_be_visible()
    looked_at(page, "review-sent-phone")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Set aside").first).to_be_visible()
    phone = Phone(village, page)
    phone.turn_on()
    phone.close_app()

    # One operator says yes, then the other: Paul has the money.
    expect(first.get_by_text("€30 · Nora to Paul")).to_be_visible()
    expect(first.get_by_text("Waits because of")).to_be_visible()
    expect(first.get_by_text("Pays: Nora")).to_be_visible()
    expect(first.get_by_text("In 30 days: €0 out (0), €500 in (1)")).to_be_visible()
    first.get_by_text("Pays: Nora").scroll_into_view_if_needed()
    looked_at(first, "review-waits-wide")
    first.get_by_role("button", name="Let through: €30, Nora to Paul").click()
    expect(first.get_by_text("1 of 2 said yes")).to_be_visible()
    second = remy.page
    second.goto(f"{village.url}/app/pay")
    expect(second.get_by_role("link", name="1 notice Pay")).to_be_visible()
    looked_at(second, "review-news-wide")
    second.get_by_role("link", name="A payment waits for you").click()
    second.get_by_role("button", name="Let through: €30, Nora to Paul").click()
    expect(second.get_by_text("Nothing waits for you.")).to_be_visible()

    # Nora hears of it while her app is closed, and comes to it by that.
    phone.push(*first_notice(page))
    (told,) = phone.shown("€30 to Paul")
    assert told["title"] == "Your payment went through"
    page.goto(f"{village.url}/app/pay")
    expect(page.get_by_role("link", name="1 notice Pay")).to_be_visible()
    looked_at(page, "review-news-phone")
    page.get_by_role("link", name="Your payment went through").click()
    page.wait_for_url(f"{village.url}{told['path']}")
    expect(page.get_by_role("link", name="1 notice Pay")).to_have_count(0)
    expect(second.get_by_role("link", name="1 notice Pay")).to_have_count(0)
    paul.page.goto(f"{village.url}/app/pay")
    expect(paul.page.get_by_text("€30").first).to_be_visible()

    # What cannot wait is refused for a name, and only operators see that it was tried.
    first.get_by_label("Name", exact=True).fill("Nora")
    first.get_by_role("button", name="Add", exact=True).click()
    expect(first.get_by_text("Payments of Nora are looked at")).to_be_visible()
    tried = {
        "id": str(uuid7()), "amount": {"amount_minor": 700, "currency": "EUR"}, "secret": "s" * 24,
    }  # fmt: skip
    assert page.request.post(f"{village.url}/v1/money-links", data=tried).status == 409
    expect(first.get_by_text("€7 · By Nora")).to_be_visible()
    first.get_by_role("heading", name="Refused for a name").scroll_into_view_if_needed()
    looked_at(first, "review-refused")
    assert page.request.get(f"{village.url}/v1/refused-payments").status == 403

    # A correction: what one proposes, the other makes.
    first.get_by_label("Phone number or handle").fill("@paul-r")
    first.get_by_role("button", name="Find").click()
    first.get_by_text("Take", exact=True).click()
    first.get_by_label("Take", exact=True).last.fill("5")
    first.get_by_label("Why").fill("Was paid twice")
    first.get_by_role("button", name="Propose a correction").click()
    expect(first.get_by_text("€5 from Paul")).to_be_visible()
    expect(first.get_by_role("button", name="Make it: €5 from Paul")).to_have_count(0)
    second.get_by_role("button", name="Make it: €5 from Paul").click()
    expect(second.get_by_text("· Made ·")).to_be_visible()
    looked_at(second, "review-corrected-wide")
    paul.page.reload()
    expect(paul.page.get_by_text("€25").first).to_be_visible()
    expect(paul.page.get_by_text("Put right").first).to_be_visible()


def first_notice(page: Page) -> tuple[str, int]:
    """What somebody is told outside of chats and where it stands in their stream, once it does."""
    ref, pos = page.evaluate(
        """async () => {
            for (;;) {
                const { frames } = await (await fetch('/v1/stream?after=0&wait_s=20')).json();
                const found = frames.find(({ k }) => k === 'notice');
                if (found) return [found.ref, found.pos];
            }
        }"""
    )
    return ref, pos
