"""Coming in: as somebody new, as a guest who stays, and from a phone that was lost."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at, running
from .steps import enter_as, main_navigation, sign_up


@pytest.fixture
def named(tmp_path: Path) -> Iterator[Server]:
    """A server that is reached by a name: a passkey belongs to one."""
    server = Server(tmp_path)
    server.environment["KIRANA_PUBLIC_URL"] = f"http://localhost:{server.port}"
    for opened in running(server):
        opened.url = f"http://localhost:{server.port}"
        yield opened


def test_a_guest_signs_up_and_keeps_chat_and_order(town: Server, visit: Opener) -> None:
    # A stranger asks, and orders with delivery.
    page = visit(f"{town.url}/ashas-kirana/chat", size=PHONE)
    page.get_by_label("Message").fill("Do you deliver to Deccan?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Namaste, this is Asha.")).to_be_visible()
    page.goto(f"{town.url}/ashas-kirana/p/wild-honey-350-g")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name=re.compile("View cart")).click()
    page.get_by_role("link", name="Checkout").click()
    page.get_by_label("Name").fill("Leela")
    page.get_by_label("Phone").fill("+919812300001")
    page.get_by_role("radio", name=re.compile("^Delivery")).check()
    page.get_by_label("Street and number").fill("3 Prabhat Road")
    looked_at(page, "stranger-delivery")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="Order placed")).to_be_visible()
    expect(page.get_by_text("3 Prabhat Road")).to_be_visible()
    expect(page.get_by_text("₹350.00").first).to_be_visible()

    # She makes an account in the same browser: both are there.
    sign_up(page, town, "+919812300001", "Leela")
    page.get_by_role("link", name=re.compile("Asha's Kirana")).first.click()
    log = page.get_by_role("log")
    expect(log.get_by_text("Do you deliver to Deccan?")).to_be_visible()
    expect(log.get_by_role("article")).to_contain_text("₹350")
    looked_at(page, "guest-joined")
    page.goto(f"{town.url}/app/orders")
    expect(page.get_by_role("link", name=re.compile("Wild honey"))).to_be_visible()


def test_a_wrong_code_is_refused_in_words(village: Server, visit: Opener) -> None:
    page = visit(f"{village.url}/app/sign-in", size=PHONE)
    page.get_by_label("Phone or e-mail").fill("12")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("Type a phone number with its country code")).to_be_visible()
    page.get_by_label("Phone or e-mail").fill("omar@example.org")
    page.get_by_role("button", name="Send me a code").click()
    right = village.code_for("omar@example.org")
    page.get_by_label("Code").fill(f"{(int(right) + 1) % 1_000_000:06}")
    expect(page.get_by_label("Code")).to_have_value("")
    expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    looked_at(page, "wrong-code")
    page.get_by_label("Code").fill(right)
    page.get_by_label("Name").fill("Omar")
    page.get_by_role("button", name="Start").click()
    expect(main_navigation(page)).to_be_visible()


def test_a_lost_phone_is_signed_out_from_another_device(town: Server, visit: Opener) -> None:
    lost = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(lost, town, "Greta Lindner")
    desk = visit(f"{town.url}/app/sign-in", size=DESKTOP)
    enter_as(desk, town, "Greta Lindner", "/app/you/devices")
    mine = desk.get_by_role("button", name=re.compile("^Sign out "))
    expect(mine).not_to_have_count(0)
    while mine.count():
        before = mine.count()
        mine.first.click()
        expect(mine).to_have_count(before - 1)
    expect(lost).to_have_url(re.compile("/app/sign-in"))
    expect(desk.get_by_text("This device")).to_be_visible()


def test_signed_out_while_the_keys_are_asked_for_is_no_fault(
    village: Server, visit: Opener
) -> None:
    page = visit(f"{village.url}/app/sign-in", size=PHONE)
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        problem = {"type": "/problems/not-signed-in", "title": "Sign in first.", "status": 401}
        route.fulfill(status=401, content_type="application/problem+json", json=problem)

    page.route("**/v1/key-queries", refuse)
    sign_up(page, village, "tomasz@example.org", "Tomasz")
    while not refused:
        page.wait_for_timeout(50)
    page.request.delete(
        f"{village.url}/v1/sessions/current", headers={"Sec-Fetch-Site": "same-origin"}
    )
    expect(page).to_have_url(re.compile("/app/sign-in"))
    # `visit` fails when the console says more than the refusal.


def test_a_passkey_signs_in_and_confirms(named: Server, visit: Opener) -> None:
    page = visit(f"{named.url}/app/sign-in", size=PHONE)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})

    sign_up(page, named, "ravi@example.org", "Ravi")
    page.goto(f"{named.url}/app/you/passkeys")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is ready.")).to_be_visible()
    looked_at(page, "passkey")

    page.goto(f"{named.url}/app/you")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(main_navigation(page)).to_be_visible()
    assert page.request.get(f"{named.url}/v1/me").json()["name"] == "Ravi"

    # It confirms what asks for more than being signed in.
    page.goto(f"{named.url}/app/you/deletion")
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("dialog", name="Confirm").get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/app/sign-in"))
    assert page.request.get(f"{named.url}/v1/me").status == 401


def test_where_a_server_has_only_a_number_no_passkey_is_offered(
    village: Server, visit: Opener
) -> None:
    page = visit(f"{village.url}/app/sign-in", size=PHONE)
    expect(page.get_by_role("button", name="Send me a code")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)


def test_what_stands_after_the_hash_of_a_link_is_there_after_signing_in(
    town: Server, visit: Opener
) -> None:
    # As in a link into a group, whose name no server sees.
    link = f"{town.url}/app/shops#Tea%20friends"
    page = visit(link, size=PHONE)
    expect(page).to_have_url(re.compile("/app/sign-in.*#Tea%20friends$"))
    assert "Tea" not in page.url.partition("#")[0]

    page.get_by_role("button", name="Greta Lindner").click()

    expect(page).to_have_url(link)
    expect(main_navigation(page)).to_be_visible()
