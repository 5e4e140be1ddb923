"""What one can say beside words, between real browsers."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at, running
from .test_private import Somebody, expect_photo, make_group, photo


@pytest.fixture(scope="module")
def isle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for these tests alone."""
    yield from running(Server(tmp_path_factory.mktemp("isle")))


def open_shop(page: Page, server: Server, name: str) -> str:
    """A shop of whoever uses this page."""
    shop = {
        "id": str(uuid7()),
        "name": name,
        "category": "grocery",
        "country": "IN",
        "currency": "INR",
        "zone": "Asia/Kolkata",
    }
    opened = page.request.post(f"{server.url}/v1/businesses", data=shop)
    assert opened.ok, opened.text()
    return shop["id"]


def test_a_message_is_forwarded_in_private_and_to_a_shop_only_by_choice(
    isle: Server, visit: Opener
) -> None:
    asha = Somebody(isle, visit(isle.url, size=PHONE), "Asha")
    ravi = Somebody(isle, visit(isle.url, size=DESKTOP), "Ravi")
    mina = Somebody(isle, visit(isle.url, size=PHONE), "Mina")
    asha.knows(ravi)
    ravi.knows(asha, mina)
    mina.knows(ravi)
    shop = open_shop(mina.page, isle, "Mina's Mill")

    # Ravi talks with a shop, with Mina, and with Asha, who sends a photo with marks in its words.
    ravi.page.goto(f"{isle.url}/app/chats/with/{shop}")
    ravi.says("Good morning")
    ravi.opens(mina)
    ravi.says("Hello Mina")
    was_sent(ravi)
    mina.opens(ravi)
    mina.reads("Hello Mina")
    asha.opens(ravi)
    asha.page.get_by_test_id("photos").set_input_files(photo())
    asha.page.get_by_role("textbox", name="Message Ravi").fill("The *old* _mill_ ~today~ `here`")
    asha.page.get_by_role("button", name="Send photo").click()
    was_sent(asha)
    ravi.opens(asha)
    expect_photo(ravi)
    for tag, words in (("strong", "old"), ("em", "mill"), ("s", "today"), ("code", "here")):
        expect(ravi.log.locator(f".words {tag}")).to_have_text(words)

    # He sends it on: to Mina as it is, to the shop only when he says that they may read it.
    ravi.asks_what_to_do_with("mill")
    ravi.page.get_by_role("menuitem", name="Forward").click()
    sheet = ravi.page.get_by_role("dialog", name="Forward to")
    sheet.get_by_role("checkbox", name="Mina", exact=True).check()
    sheet.get_by_role("checkbox", name="Mina's Mill").check()
    expect(sheet.get_by_text("Mina's Mill, the whole team there")).to_be_visible()
    go = sheet.get_by_role("button", name="Forward to 2 chats")
    expect(go).to_be_disabled()
    looked_at(ravi.page, "kinds-forward")
    sheet.get_by_label("They may read it").check()
    go.click()
    expect(ravi.page.get_by_text("Forwarded to 2 chats")).to_be_visible()
    ravi.opens(mina)
    was_sent(ravi)

    mina.reads("Forwarded")
    expect_photo(mina)
    looked_at(mina.page, "kinds-forwarded")
    ravi.page.goto(f"{isle.url}/app/chats/with/{shop}")
    ravi.reads("Forwarded")
    expect_open_photo(ravi)
    mina.page.goto(f"{isle.url}/app/chats?as={shop}")
    mina.page.get_by_role("link", name=re.compile("Ravi")).first.click()
    mina.reads("Forwarded")
    expect_open_photo(mina)


def was_sent(somebody: Somebody) -> None:
    """The last thing that they said is with the server."""
    last = somebody.log.locator("[data-id]").last
    expect(last.get_by_text(re.compile("^(Sent|Delivered|Read)$")).first).to_be_attached()


def expect_open_photo(somebody: Somebody) -> None:
    """It is here, from this device while it is being sent, and from the server after that."""
    picture = somebody.log.get_by_role("button", name="Open photo").last.locator("img")
    expect(picture).to_have_js_property("complete", True)
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_somebody_is_named_in_a_group(isle: Server, visit: Opener) -> None:
    lena = Somebody(isle, visit(isle.url, size=DESKTOP), "Lena")
    omar = Somebody(isle, visit(isle.url, size=PHONE), "Omar")
    yuki = Somebody(isle, visit(isle.url, size=PHONE), "Yuki")
    lena.knows(omar, yuki)
    omar.knows(lena, yuki)
    yuki.knows(lena, omar)
    make_group(lena, "Boat", "Omar", "Yuki")

    # By keyboard, the second of those who are offered.
    field = lena.page.get_by_role("textbox", name="Message Boat")
    field.press_sequentially("Ask @")
    names = lena.page.get_by_role("listbox", name="Whom to name")
    expect(names.get_by_role("option")).to_have_count(2)
    looked_at(lena.page, "kinds-names")
    field.press_sequentially("yu")
    expect(names.get_by_role("option")).to_have_count(1)
    field.press("Enter")
    expect(field).to_have_value("Ask @Yuki ")
    expect(names).to_have_count(0)
    field.press_sequentially("please")
    lena.page.get_by_role("button", name="Send", exact=True).click()

    # She sees in her list that it is for her, he does not.
    for somebody in (omar, yuki):
        expect(somebody.page.get_by_text("Ask @Yuki please")).to_be_visible()
    expect(yuki.page.get_by_text("You are named")).to_be_attached()
    expect(omar.page.get_by_text("You are named")).to_have_count(0)
    looked_at(yuki.page, "kinds-named-list")
    yuki.page.reload()
    expect(yuki.page.get_by_text("You are named")).to_be_attached()
    yuki.page.get_by_role("link", name=re.compile("Boat")).first.click()
    expect(yuki.log.locator(".words b")).to_have_text("@Yuki")
    yuki.page.get_by_role("link", name="Back").filter(visible=True).first.click()
    expect(yuki.page.get_by_role("searchbox", name="Search chats")).to_be_visible()
    expect(yuki.page.get_by_text("You are named")).to_have_count(0)

    # By touch: she answers.
    yuki.page.get_by_role("link", name=re.compile("Boat")).first.click()
    field = yuki.page.get_by_role("textbox", name="Message Boat")
    field.press_sequentially("Ask @o")
    yuki.page.get_by_role("option", name=re.compile("Omar")).click()
    expect(field).to_have_value("Ask @Omar ")
    expect(field).to_be_focused()
    yuki.page.get_by_role("button", name="Send", exact=True).click()
    omar.page.get_by_role("link", name=re.compile("Boat")).first.click()
    expect(omar.log.locator(".words b").last).to_have_text("@Omar")
    looked_at(omar.page, "kinds-named")


def test_a_poll_is_asked_answered_and_ended(isle: Server, visit: Opener) -> None:
    nora = Somebody(isle, visit(isle.url, size=DESKTOP), "Nora")
    paul = Somebody(isle, visit(isle.url, size=PHONE), "Paul")
    nora.knows(paul)
    paul.knows(nora)
    nora.opens(paul)
    attach(nora, "Poll")
    sheet = nora.page.get_by_role("dialog", name="New poll")
    sheet.get_by_label("Question").fill("Where do we meet?")
    sheet.get_by_label("Option 1", exact=True).fill("Park")
    sheet.get_by_label("Option 2", exact=True).fill("Park")
    expect(sheet.get_by_role("button", name="Ask")).to_be_disabled()
    sheet.get_by_label("Option 2", exact=True).fill("River")
    looked_at(nora.page, "kinds-poll-form")
    sheet.get_by_role("button", name="Ask").click()

    # He chooses, and thinks again; she sees it, and who it was.
    paul.opens(nora)
    paul.reads("Where do we meet?")
    paul.log.get_by_role("button", name="Park, 0 votes").click()
    expect(nora.log.get_by_role("button", name="Park, 1 vote")).to_be_visible()
    paul.log.get_by_role("button", name="River, 0 votes").click()
    expect(nora.log.get_by_role("button", name="River, 1 vote")).to_be_visible()
    expect(nora.log.get_by_role("button", name="Park, 0 votes")).to_be_visible()
    nora.log.get_by_role("button", name="River, 1 vote").click()
    expect(paul.log.get_by_role("button", name="River, 2 votes")).to_be_visible()
    nora.log.get_by_role("button", name="2 people voted").click()
    expect(nora.page.get_by_role("dialog", name="Who voted").get_by_text("Paul")).to_be_visible()
    looked_at(nora.page, "kinds-poll-who")
    nora.page.get_by_role("button", name="Close").click()

    # He takes his vote back; she ends it.
    paul.log.get_by_role("button", name="River, 2 votes").click()
    expect(nora.log.get_by_role("button", name="River, 1 vote")).to_be_visible()
    looked_at(paul.page, "kinds-poll")
    nora.log.get_by_role("button", name="End the poll").click()
    expect(paul.log.get_by_text("Ended", exact=True)).to_be_visible()
    expect(paul.log.get_by_role("button", name="Park, 0 votes")).to_be_disabled()
    paul.page.reload()
    expect(paul.log.get_by_text("Ended", exact=True)).to_be_visible()
    expect(paul.log.get_by_role("button", name="River, 1 vote")).to_be_disabled()


def test_a_place_a_contact_and_emoji(isle: Server, visit: Opener) -> None:
    place = {"latitude": 12.9716, "longitude": 77.5946}
    sita = Somebody(
        isle, visit(isle.url, size=PHONE, geolocation=place, permissions=["geolocation"]), "Sita"
    )
    tara = Somebody(isle, visit(isle.url, size=DESKTOP), "Tara")
    uma = Somebody(isle, visit(isle.url, size=PHONE), "Uma")
    sita.knows(tara, uma)
    tara.knows(sita)
    sita.opens(tara)
    tara.opens(sita)

    attach(sita, "Location")
    sheet = sita.page.get_by_role("dialog", name="Send a place")
    sheet.get_by_role("button", name="Where I am").click()
    sheet.get_by_label("What it is").fill("Blue gate")
    looked_at(sita.page, "kinds-place-form")
    sheet.get_by_role("button", name="Send this place").click()
    tara.reads("Blue gate")
    maps = tara.log.get_by_role("link", name="Open in maps")
    expect(maps).to_have_attribute("href", "geo:12.97160,77.59460?q=12.97160,77.59460")

    # Somebody whom she knows: one tap, and one talks with them.
    attach(sita, "Contact")
    sheet = sita.page.get_by_role("dialog", name="Send contacts")
    sheet.get_by_role("checkbox", name="Uma").check()
    sheet.get_by_role("button", name="Send 1 contact").click()
    tara.log.get_by_role("button", name="Add").click()
    expect(tara.page.get_by_text("Uma is one of your contacts now")).to_be_visible()
    looked_at(tara.page, "kinds-cards")

    # An emoji by its name, alone and large; and another one as a reaction.
    sita.page.get_by_role("button", name="Emoji", exact=True).click()
    sita.page.get_by_label("Search emoji").fill("teacup")
    sita.page.get_by_role("button", name="teacup without handle").click()
    looked_at(sita.page, "kinds-emoji")
    sita.page.get_by_role("button", name="Send", exact=True).click()
    expect(tara.log.locator(".words.large")).to_have_text("🍵")
    tara.asks_what_to_do_with("🍵")
    tara.page.get_by_role("menuitem", name="Another emoji").click()
    picker = tara.page.get_by_role("dialog", name="Emoji")
    picker.get_by_label("Search emoji").fill("party popper")
    picker.get_by_role("button", name="party popper").click()
    expect(sita.log.get_by_role("button", name="🎉, 1 person")).to_be_visible()
    sita.page.get_by_role("button", name="Emoji", exact=True).click()
    expect(sita.page.get_by_role("heading", name="Recent")).to_be_visible()
    looked_at(sita.page, "kinds-emoji-recent")

    tara.log.get_by_role("link", name="Message").click()
    expect(tara.page.get_by_role("textbox", name="Message Uma")).to_be_visible()


def attach(somebody: Somebody, what: str) -> None:
    somebody.page.get_by_role("button", name="Attach").click()
    somebody.page.get_by_role("menuitem", name=what, exact=True).click()
