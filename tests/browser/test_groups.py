"""What is set in a chat for all in it: what is pinned, a group's photo, who may do what."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at, running
from .steps import sign_in
from .test_kinds import open_shop
from .test_private import Somebody, back, make_group, photo

SLOW_MS = 60_000
"""Opening the keys and fetching history, on a machine that does much else."""


@pytest.fixture(scope="module")
def hill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for these tests alone."""
    yield from running(Server(tmp_path_factory.mktemp("hill")))


def test_what_is_pinned_is_found_by_both_and_by_a_new_device(hill: Server, visit: Opener) -> None:
    asha = Somebody(hill, visit(hill.url, size=PHONE), "Asha")
    ravi = Somebody(hill, visit(hill.url, size=DESKTOP), "Ravi")
    asha.knows(ravi)
    ravi.knows(asha)
    key = recovery_key(asha)
    asha.opens(ravi)
    for words in ("First", "Second", "Third", "Fourth"):
        asha.says(words)
    ravi.opens(asha)
    ravi.reads("Fourth")

    # Each pins one, and both are there for both; a line says who did it.
    pin(asha, "First")
    expect(pinned(ravi.page)).to_contain_text("First")
    ravi.reads("Asha pinned a message")
    pin(ravi, "Second")
    for somebody in (asha, ravi):
        expect(pinned(somebody.page)).to_contain_text("Second")
        expect(pinned(somebody.page)).to_have_accessible_name(re.compile("message 1 of 2"))
    looked_at(asha.page, "groups-pinned")

    # A tap leads there, and on to the one before.
    pinned(ravi.page).click()
    expect(pinned(ravi.page)).to_contain_text("First")
    pinned(ravi.page).click()
    expect(pinned(ravi.page)).to_contain_text("Second")

    # Three at most: a fourth takes the place of the oldest, if one wants that.
    pin(asha, "Third")
    expect(pinned(asha.page)).to_have_accessible_name(re.compile("message 1 of 3"))
    pin(asha, "Fourth")
    sheet = asha.page.get_by_role("dialog", name="Pin this instead?")
    looked_at(asha.page, "groups-replace")
    sheet.get_by_role("button", name="Pin instead of the oldest").click()
    for somebody in (asha, ravi):
        expect(pinned(somebody.page)).to_contain_text("Fourth")
        somebody.page.reload()
        expect(pinned(somebody.page)).to_contain_text("Fourth")

    # What is deleted is pinned no more.
    asha.asks_what_to_do_with("Third")
    asha.page.get_by_role("menuitem", name="Delete for all").click()
    expect(pinned(ravi.page)).to_have_accessible_name(re.compile("message 1 of 2"))

    # A device that was linked just now shows it.
    second = visit(f"{hill.url}/app/sign-in", size=PHONE)
    sign_in(second, hill, "asha@example.org")
    recover(second, hill, key)
    second.goto(f"{hill.url}/app/chats/with/{ravi.id}")
    expect(pinned(second)).to_contain_text("Fourth", timeout=SLOW_MS)
    ravi.asks_what_to_do_with("Fourth")
    ravi.page.get_by_role("menuitem", name="Unpin").click()
    for page in (second, asha.page, ravi.page):
        expect(pinned(page)).to_contain_text("Second")


def test_a_group_has_a_photo_and_rules_of_its_own(hill: Server, visit: Opener) -> None:
    lena = Somebody(hill, visit(hill.url, size=DESKTOP), "Lena")
    omar = Somebody(hill, visit(hill.url, size=PHONE), "Omar")
    lena.knows(omar)
    omar.knows(lena)
    yuki = Somebody(hill, visit(hill.url, size=PHONE), "Yuki")
    make_group(lena, "Tea friends", "Omar")
    lena.says("Welcome")
    omar.page.get_by_role("link", name=re.compile("Tea friends")).first.click()
    omar.reads("Welcome")

    # A photo, seen by who is here and by who comes later, found by their handle.
    to_info(lena)
    with lena.page.expect_file_chooser() as chooser:
        lena.page.get_by_role("button", name="Add a photo").click()
    chooser.value.set_files(photo())
    expect(lena.page.get_by_role("button", name="Remove the photo")).to_be_visible()
    expect_face(omar.page)
    omar.reads("Lena changed the photo of the group")
    handle(yuki, "yuki-tea")
    lena.page.get_by_role("button", name="Add people").click()
    sheet = lena.page.get_by_role("dialog", name="Add people")
    sheet.get_by_label("Somebody else").fill("@yuki-tea")
    sheet.get_by_role("button", name="Find").click()
    expect(sheet.get_by_role("checkbox", name="Yuki")).to_be_checked()
    looked_at(lena.page, "groups-found")
    sheet.get_by_role("button", name="Add 1 person").click()
    expect(lena.page.get_by_text("Has not accepted yet")).to_be_visible()
    yuki.page.get_by_role("link", name=re.compile("Tea friends")).first.click()
    yuki.page.get_by_role("button", name="Accept").click()
    expect_face(yuki.page)
    yuki.page.get_by_role("link", name="Tea friends", exact=True).click()
    large = yuki.page.locator(".photo img")
    expect(large).to_have_js_property("naturalWidth", 600)
    looked_at(yuki.page, "groups-photo")
    back(yuki)

    # Only admins write: the others are told so, and may still react.
    lena.page.get_by_label("Who may write").select_option(label="Admins")
    expect(omar.page.get_by_text("Only admins write here.", exact=True)).to_be_visible()
    expect(omar.page.get_by_role("textbox", name=re.compile("^Message "))).to_have_count(0)
    looked_at(omar.page, "groups-only-admins")
    omar.asks_what_to_do_with("Welcome")
    expect(omar.page.get_by_role("menuitem", name="Reply")).to_have_count(0)
    expect(omar.page.get_by_role("menuitem", name="Pin for all")).to_have_count(0)
    omar.page.get_by_role("menuitemradio", name="React with 👍").click()
    expect(omar.log.get_by_role("button", name="Take back 👍")).to_be_visible()

    # Everybody changes what it is called, as soon as an admin says so.
    omar.page.get_by_role("link", name="Tea friends", exact=True).click()
    expect(omar.page.get_by_role("button", name="Leave the group")).to_be_visible()
    expect(omar.page.get_by_label("Name of the group")).to_have_count(0)
    lena.page.get_by_label("Who may change name").select_option(label="Everybody")
    omar.page.get_by_label("Name of the group").fill("Coffee friends")
    omar.page.get_by_role("button", name="Save").click()
    for somebody in (lena, omar, yuki):
        expect(somebody.page.get_by_role("heading", name="Coffee friends")).to_be_visible()
    expect_face(yuki.page)
    looked_at(lena.page, "groups-permissions")
    back(omar)
    pin(omar, "Welcome")
    expect(pinned(omar.page)).to_contain_text("Welcome")
    back(lena)
    expect(pinned(lena.page)).to_contain_text("Welcome")
    lena.reads("Omar named the group “Coffee friends”")

    # And not any more when an admin takes it back; what was set stays.
    to_info(lena, "Coffee friends")
    lena.page.get_by_label("Who may change name").select_option(label="Admins")
    lena.page.get_by_role("button", name="Remove the photo").click()
    expect(lena.page.get_by_role("button", name="Add a photo")).to_be_visible()
    expect(omar.page.locator("header .two, .head .two")).to_be_visible()
    omar.asks_what_to_do_with("Welcome")
    expect(omar.page.get_by_role("menuitem", name="Delete for me")).to_be_visible()
    expect(omar.page.get_by_role("menuitem", name="Unpin")).to_have_count(0)
    omar.page.keyboard.press("Escape")
    expect(pinned(omar.page)).to_contain_text("Welcome")
    refused = omar.page.evaluate(
        """(conv) => fetch(`/v1/conversations/${conv}/permissions`, {
            method: 'PUT', headers: {'content-type': 'application/json'},
            body: JSON.stringify({editors: 'everybody'}),
        }).then((it) => it.status)""",
        omar.page.url.rsplit("/", 1)[1].partition("?")[0],
    )
    assert refused == 403


def test_the_keys_of_somebody_are_one_tap_from_their_chat(hill: Server, visit: Opener) -> None:
    nora = Somebody(hill, visit(hill.url, size=PHONE), "Nora")
    paul = Somebody(hill, visit(hill.url, size=PHONE), "Paul")
    nora.knows(paul)
    paul.knows(nora)
    nora.opens(paul)
    nora.page.get_by_role("link", name="Paul", exact=True).click()
    row = nora.page.get_by_role("link", name=re.compile("Paul's keys"))
    expect(row).to_contain_text("Not compared yet")
    looked_at(nora.page, "groups-keys")
    row.click()
    expect(nora.page.get_by_role("heading", name="Paul's keys")).to_be_visible()


def test_a_link_to_a_shop_has_a_card_that_is_sealed_with_it(hill: Server, visit: Opener) -> None:
    mina = Somebody(hill, visit(hill.url, size=DESKTOP), "Mina")
    tom = Somebody(hill, visit(hill.url, size=PHONE), "Tom")
    mina.knows(tom)
    tom.knows(mina)
    shop = open_shop(mina.page, hill, "Mina's Mill")
    handle = mina.page.request.get(f"{hill.url}/v1/businesses/{shop}").json()["handle"]
    link = f"{hill.url}/{handle}"
    mina.opens(tom)
    field = mina.page.get_by_role("textbox", name="Message Tom")

    # The card stands above the field, and is left out when one wants that.
    field.fill(f"Look: {link}")
    card = mina.page.get_by_role("link", name="Mina's Mill").last
    expect(card).to_be_visible()
    looked_at(mina.page, "groups-card")
    mina.page.get_by_role("button", name="Send without this card").click()
    mina.page.get_by_role("button", name="Send", exact=True).click()
    tom.opens(mina)
    tom.reads("Look:")
    expect(tom.log.get_by_role("link", name="Mina's Mill")).to_have_count(0)

    # Sent with the words it is drawn from the message, and leads into the app.
    field.fill(f"Again: {link}")
    expect(mina.page.get_by_role("button", name="Send without this card")).to_be_visible()
    asked: list[str] = []
    tom.page.on("request", lambda request: asked.append(request.url))
    mina.page.get_by_role("button", name="Send", exact=True).click()
    expect(mina.page.get_by_role("button", name="Send without this card")).to_have_count(0)
    drawn = tom.log.get_by_role("link", name="Mina's Mill")
    expect(drawn).to_be_visible()
    assert not [url for url in asked if handle in url or shop in url]
    looked_at(tom.page, "groups-card-read")
    drawn.click()
    expect(tom.page).to_have_url(re.compile(f"/app/shops/{handle}"))


def pin(somebody: Somebody, text: str) -> None:
    somebody.asks_what_to_do_with(text)
    somebody.page.get_by_role("menuitem", name="Pin for all").click()


def pinned(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Pinned message"))


def to_info(somebody: Somebody, name: str = "Tea friends") -> None:
    somebody.page.get_by_role("link", name=name, exact=True).click()
    expect(somebody.page.get_by_role("button", name="Leave the group")).to_be_visible()


def expect_face(page: Page) -> None:
    """The photo of the group, small, in the head of its chat."""
    face = page.locator(".head img")
    expect(face).to_be_visible()
    expect(face).to_have_js_property("naturalWidth", 112)


def handle(somebody: Somebody, handle: str) -> None:
    changed = somebody.page.request.patch(f"{somebody.server.url}/v1/me", data={"handle": handle})
    assert changed.ok, changed.text()


def recovery_key(somebody: Somebody) -> str:
    page = somebody.page
    page.goto(f"{somebody.server.url}/app/you")
    page.get_by_role("link", name="Save", exact=True).click(timeout=SLOW_MS)
    key = page.get_by_test_id("recovery-key").inner_text()
    page.get_by_role("button", name="I have saved it").click()
    expect(page.get_by_test_id("recovery-key")).to_have_count(0)
    return key


def recover(page: Page, server: Server, key: str) -> None:
    page.goto(f"{server.url}/app/you/keys")
    page.get_by_role("button", name=re.compile("^Type the recovery key")).click(timeout=SLOW_MS)
    page.get_by_role("textbox", name="Recovery key").fill(key)
    page.get_by_role("button", name="Confirm this device").click()
    expect(page.get_by_text(re.compile("This device is confirmed"))).to_be_visible(timeout=SLOW_MS)
