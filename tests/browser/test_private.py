"""Private conversations between real browsers: nobody else reads them, and nothing is lost."""

import io
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from kirana.values import uuid7
from tests.journeys.test_no_readable_word import spellings
from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at, running
from .steps import sign_in, sign_up

WORDS = {
    "text": "Quokkafestival",
    "reply": "Silberdistelpfad",
    "edit": "Morgentauquartett",
    "caption": "Zwielichtkaskade",
    "file": "Fernwehkompass",
    "content": "Tintenfischballade",
    "request": "Nebelschluchtweg",
    "title": "Papageientreffen",
    "before": "Wolkenbrunnerhof",
    "between": "Kieselgrundorgel",
    "after": "Laternenfischzug",
}


@pytest.fixture(scope="module")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for these tests alone. What they wrote is nowhere on it in the end."""
    server = Server(tmp_path_factory.mktemp("hamlet"))
    yield from running(server)
    lines = server_content(server)
    assert any(b"example" in content for _, content in lines), "What is there is found."
    for word in WORDS.values():
        needles = spellings(word)
        found = {place for place, content in lines if any(it in content for it in needles)}
        assert not found, (word, found)


class Somebody:
    """A person with one device."""

    def __init__(self, server: Server, page: Page, name: str) -> None:
        self.server, self.page, self.name = server, page, name
        sign_up(page, server, f"{name.lower()}@example.org", name)
        self.id: str = page.evaluate("fetch('/v1/me').then((it) => it.json()).then((it) => it.id)")
        # The keys are there as soon as others can be sent them.
        page.wait_for_function(
            """(id) => fetch('/v1/key-queries', {
                method: 'POST',
                headers: {'content-type': 'application/json'},
                body: JSON.stringify({device_keys: {[`@${id}:kirana`]: []}}),
            }).then((it) => it.json()).then((it) => `@${id}:kirana` in (it.master_keys ?? {}))""",
            arg=self.id,
            polling=500,
        )

    def knows(self, *others: "Somebody") -> None:
        """Keeps them as contacts."""
        for other in others:
            status = self.page.evaluate(
                """(id) => fetch(`/v1/contacts/${id}`, {
                    method: 'PUT', headers: {'content-type': 'application/json'}, body: '{}',
                }).then((it) => it.status)""",
                other.id,
            )
            assert status in {200, 201}, status

    def opens(self, other: "Somebody") -> None:
        self.page.goto(f"{self.server.url}/app/chats/with/{other.id}")
        expect(self.log).to_be_visible()

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    def says(self, text: str) -> None:
        self.page.get_by_role("textbox", name=re.compile("^Message ")).fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def reads(self, text: str) -> None:
        expect(self.log.get_by_text(text).last).to_be_visible()

    def asks_what_to_do_with(self, text: str) -> None:
        self.log.locator(".words", has_text=text).last.click(button="right")


def friends(server: Server, visit: Opener, *names: str) -> list[Somebody]:
    """People with one device each who know each other."""
    people = [Somebody(server, visit(server.url, size=PHONE), name) for name in names]
    for one in people:
        one.knows(*(it for it in people if it is not one))
    return people


def test_two_people_talk_in_private(hamlet: Server, visit: Opener) -> None:
    asha = Somebody(hamlet, visit(hamlet.url, size=DESKTOP), "Asha")
    ravi = Somebody(hamlet, visit(hamlet.url, size=PHONE), "Ravi")
    asha.knows(ravi)
    ravi.knows(asha)
    asha.opens(ravi)
    asha.says(WORDS["text"])
    ravi.opens(asha)
    ravi.reads(WORDS["text"])
    private = ravi.page.get_by_text("Private. Only the people here can read this.")
    expect(private.filter(visible=True)).to_be_visible()

    # He answers and reacts; she sees both, and that he has read.
    ravi.asks_what_to_do_with(WORDS["text"])
    ravi.page.get_by_role("menuitem", name="Reply").click()
    ravi.says(WORDS["reply"])
    answer = asha.log.locator("[data-id]", has_text=WORDS["reply"]).last
    expect(answer.get_by_role("button", name=re.compile(WORDS["text"]))).to_be_visible()
    ravi.asks_what_to_do_with(WORDS["text"])
    ravi.page.get_by_role("menuitemradio", name="React with 👍").click()
    expect(asha.log.get_by_role("button", name="👍, 1 person")).to_be_visible()
    expect(asha.log.get_by_text("Read", exact=True).first).to_be_attached()

    # What he changes is changed for her.
    ravi.asks_what_to_do_with(WORDS["reply"])
    ravi.page.get_by_role("menuitem", name="Change").click()
    ravi.page.get_by_role("textbox", name=re.compile("^Message ")).fill(WORDS["edit"])
    ravi.page.get_by_role("button", name="Save").click()
    asha.reads(WORDS["edit"])
    expect(asha.log.get_by_text(WORDS["reply"], exact=True)).to_have_count(0)

    # A photo with words, and a file.
    asha.page.get_by_test_id("photos").set_input_files(photo())
    asha.page.get_by_role("textbox", name="Message Ravi").fill(WORDS["caption"])
    asha.page.get_by_role("button", name="Send photo").click()
    ravi.reads(WORDS["caption"])
    expect_photo(ravi)
    asha.page.get_by_test_id("document").set_input_files(letter())
    file = ravi.log.get_by_role("link", name=re.compile(f"Download {WORDS['file']}.txt"))
    with ravi.page.expect_download() as got:
        file.click()
    assert Path(got.value.path()).read_text() == WORDS["content"] * 100
    looked_at(ravi.page, "private-phone")
    looked_at(asha.page, "private-wide")

    # All of it is there after a reload, opened anew.
    for somebody in (ravi, asha):
        somebody.page.reload()
        somebody.reads(WORDS["text"])
        somebody.reads(WORDS["edit"])
        somebody.reads(WORDS["caption"])
        expect_photo(somebody)
    expect(ravi.log.get_by_role("button", name="Take back 👍")).to_be_visible()

    # What one deletes for oneself stays with the other.
    ravi.asks_what_to_do_with(WORDS["caption"])
    ravi.page.get_by_role("menuitem", name="Delete for me").click()
    expect(ravi.log.get_by_text(WORDS["caption"])).to_have_count(0)
    asha.reads(WORDS["caption"])


def test_a_stranger_asks_first(hamlet: Server, visit: Opener) -> None:
    mina = Somebody(hamlet, visit(hamlet.url, size=PHONE), "Mina")
    tom = Somebody(hamlet, visit(hamlet.url, size=PHONE), "Tom")
    tom.opens(mina)
    tom.says(f"{WORDS['request']} https://example.org/here")
    expect(tom.page.get_by_text("Mina decides whether to talk with you.")).to_be_visible()

    # She reads it, can open no link, and he does not learn that she has read it.
    mina.page.get_by_role("link", name=re.compile("Tom")).first.click()
    mina.reads(WORDS["request"])
    expect(mina.log.get_by_role("link")).to_have_count(0)
    expect(mina.page.get_by_role("textbox", name=re.compile("^Message "))).to_have_count(0)
    expect(tom.log.get_by_text("Read", exact=True)).to_have_count(0)
    looked_at(mina.page, "private-request")

    # A yes makes it a conversation like others.
    mina.page.get_by_role("button", name="Accept").click()
    expect(mina.log.get_by_role("link", name="https://example.org/here")).to_be_visible()
    mina.says("Hello Tom")
    tom.reads("Hello Tom")
    expect(tom.page.get_by_text("Mina decides whether to talk with you.")).to_have_count(0)


def test_a_group_reads_from_joining_to_leaving(hamlet: Server, visit: Opener) -> None:
    lena = Somebody(hamlet, visit(hamlet.url, size=DESKTOP), "Lena")
    omar = Somebody(hamlet, visit(hamlet.url, size=PHONE), "Omar")
    yuki = Somebody(hamlet, visit(hamlet.url, size=PHONE), "Yuki")
    lena.knows(omar, yuki)
    omar.knows(lena, yuki)
    yuki.knows(lena, omar)

    # Two at first.
    make_group(lena, WORDS["title"], "Omar")
    lena.says(WORDS["before"])
    omar.page.get_by_role("link", name=re.compile(WORDS["title"])).first.click()
    omar.reads(WORDS["before"])
    expect(omar.log.get_by_text("Lena", exact=True)).to_be_visible()

    # Then three: whoever comes later reads nothing of what was before.
    to_info(lena)
    lena.page.get_by_role("button", name="Add people").click()
    lena.page.get_by_role("dialog").get_by_label("Yuki").check()
    lena.page.get_by_role("button", name="Add 1 person").click()
    expect(lena.page.get_by_text("3 members")).to_be_visible()
    looked_at(lena.page, "private-group-info")
    yuki.page.get_by_role("link", name=re.compile(WORDS["title"])).first.click()
    back(lena)
    expect(lena.log.get_by_text("You added Yuki")).to_be_visible()
    lena.says(WORDS["between"])
    for somebody in (omar, yuki):
        somebody.reads(WORDS["between"])
    expect(yuki.log.get_by_text(WORDS["before"])).to_have_count(0)
    omar.says("Welcome")
    yuki.reads("Welcome")
    looked_at(yuki.page, "private-group")

    # And two again: who was taken out reads nothing of what comes after.
    to_info(lena)
    lena.page.get_by_role("button", name="What to do with Yuki").click()
    lena.page.get_by_role("menuitem", name="Remove").click()
    expect(lena.page.get_by_text("2 members")).to_be_visible()
    back(lena)
    lena.says(WORDS["after"])
    omar.reads(WORDS["after"])
    expect(yuki.page.get_by_text("You are no longer in this group.")).to_be_visible()
    expect(yuki.log.get_by_text("Lena removed you")).to_be_visible()
    expect(yuki.log.get_by_text(WORDS["after"])).to_have_count(0)
    yuki.page.goto(f"{hamlet.url}/app/chats")
    expect(yuki.page.get_by_role("searchbox", name="Search chats")).to_be_visible()
    expect(yuki.page.get_by_text(WORDS["after"])).to_have_count(0)
    expect(yuki.page.get_by_role("link", name=re.compile(WORDS["title"]))).to_have_count(0)
    expect(yuki.page.get_by_text(WORDS["before"])).to_have_count(0)


def test_a_link_leads_into_a_group(hamlet: Server, visit: Opener) -> None:
    nora = Somebody(hamlet, visit(hamlet.url, size=PHONE), "Nora")
    paul = Somebody(hamlet, visit(hamlet.url, size=PHONE), "Paul")
    rosa = Somebody(hamlet, visit(hamlet.url, size=PHONE), "Rosa")
    nora.knows(paul, rosa)
    paul.knows(nora, rosa)
    make_group(nora, WORDS["title"], "Paul")
    to_info(nora)

    # What is written disappears after a day; it says so to everybody.
    nora.page.get_by_label("Disappearing messages").select_option(label="After a day")
    paul.page.get_by_role("link", name=re.compile(WORDS["title"])).first.click()
    paul.reads("Messages disappear after a day")

    # The name is in the link alone.
    nora.page.get_by_role("button", name="Invite by link").click()
    sheet = nora.page.get_by_role("dialog", name="Invite by link")
    expect(sheet.get_by_role("img", name="Code of the link")).to_be_visible()
    looked_at(nora.page, "private-invitation")
    link = sheet.get_by_text("/app/chats/join/").inner_text()
    rosa.page.goto(link)
    expect(rosa.page.get_by_role("heading", name=WORDS["title"])).to_be_visible()
    expect(rosa.page.get_by_text("Nora invites you.")).to_be_visible()
    looked_at(rosa.page, "private-join")
    rosa.page.get_by_role("button", name="Join").click()
    expect(rosa.log).to_be_visible()

    # The server alone lets nobody read: an admin says so too.
    sheet.get_by_role("button", name="Close").click()
    expect(
        nora.page.get_by_text(
            "Rosa came in by the link, or by this server alone, and cannot read yet."
        )
    ).to_be_visible()
    paul.says(WORDS["before"])
    paul.reads(WORDS["before"])
    # Only what was sealed before she is let in is not for her.
    expect(paul.log.get_by_text("Waiting to be sent")).to_have_count(0)
    nora.page.get_by_role("button", name="Let in").click()
    expect(nora.page.get_by_text("Rosa came in by the link")).to_have_count(0)
    back(nora)
    nora.reads(WORDS["before"])
    nora.says(WORDS["between"])
    rosa.reads(WORDS["between"])
    expect(rosa.log.get_by_text(WORDS["before"])).to_have_count(0)
    rosa.reads("Waiting for this message")

    # The last admin goes; somebody else can still let people in.
    to_info(nora)
    nora.page.get_by_role("button", name="Leave the group").click()
    leave = nora.page.get_by_role("dialog", name="Leave the group")
    leave.get_by_role("button", name="Leave the group").click()
    expect(nora.page.get_by_role("searchbox", name="Search chats")).to_be_visible()
    paul.reads("You are an admin now")
    paul.reads("Nora left")
    paul.says(WORDS["after"])
    rosa.reads(WORDS["after"])


def test_a_message_waits_for_who_has_not_opened_kirana_yet(hamlet: Server, visit: Opener) -> None:
    away_id = joined_elsewhere(hamlet, "sven@waits.example", "Sven")
    page = visit(f"{hamlet.url}/app/sign-in", size=PHONE)
    sign_up(page, hamlet, "gerda@waits.example", "Gerda")
    page.goto(f"{hamlet.url}/app/chats/with/{away_id}")
    page.get_by_role("textbox", name="Message Sven").fill("Are you there?")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Waiting for Sven to open Kirana")).to_be_visible()
    looked_at(page, "private-waiting")

    # As soon as they do, it goes.
    other = visit(f"{hamlet.url}/app/sign-in", size=PHONE)
    sign_in(other, hamlet, "sven@waits.example")
    expect(page.get_by_text("Waiting for Sven to open Kirana")).to_have_count(0)
    other.get_by_role("link", name=re.compile("Gerda")).first.click()
    expect(other.get_by_role("log").get_by_text("Are you there?")).to_be_visible()


def joined_elsewhere(hamlet: Server, address: str, name: str) -> str:
    """Somebody with an account and no device that could open anything: a program signed them up."""
    with httpx.Client(base_url=hamlet.url, timeout=60) as client:
        client.post("/v1/codes", json={"id": str(uuid7()), "address": address}).raise_for_status()
        proof = {"id": str(uuid7()), "address": address, "code": hamlet.code_for(address)}
        joined = client.post("/v1/sessions", json={**proof, "device_name": "t", "wants": "token"})
        joined.raise_for_status()
        bearer = {"Authorization": f"Bearer {joined.json()['token']}"}
        client.patch("/v1/me", json={"name": name}, headers=bearer).raise_for_status()
        user_id: str = joined.json()["user"]["id"]
        return user_id


def make_group(somebody: Somebody, name: str, *members: str) -> None:
    somebody.page.goto(f"{somebody.server.url}/app/chats")
    somebody.page.get_by_role("button", name="New chat").click()
    somebody.page.get_by_role("button", name="New group").click()
    sheet = somebody.page.get_by_role("dialog", name="New group")
    sheet.get_by_label("Name of the group").fill(name)
    for member in members:
        sheet.get_by_label(member).check()
    looked_at(somebody.page, "private-new-group")
    sheet.get_by_role("button", name="Make the group").click()
    expect(somebody.log).to_be_visible()
    expect(somebody.page.get_by_role("heading", name=name)).to_be_visible()


def to_info(somebody: Somebody) -> None:
    somebody.page.get_by_role("link", name=WORDS["title"], exact=True).click()
    expect(somebody.page.get_by_role("button", name="Leave the group")).to_be_visible()


def back(somebody: Somebody) -> None:
    somebody.page.get_by_role("link", name="Back").filter(visible=True).first.click()
    expect(somebody.log).to_be_visible()


def expect_photo(somebody: Somebody) -> None:
    """It is here and could be opened."""
    picture = somebody.log.get_by_role("button", name="Open photo").last.locator("img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    expect(picture).to_have_js_property("naturalWidth", 900)


def server_content(server: Server) -> list[tuple[str, bytes]]:
    """Every row of the database, every file and the log."""
    found = [(str(it), it.read_bytes()) for it in server.folder.rglob("*") if it.is_file()]
    for base in server.folder.rglob("*.db"):
        with sqlite3.connect(base) as connection:
            dump = "\n".join(connection.iterdump())
            found.append(("dump", dump.encode("utf-8", "surrogateescape")))
    assert any(place == "dump" for place, _ in found), "There is a database."
    return found


def photo() -> FilePayload:
    file = io.BytesIO()
    Image.new("RGB", (900, 600), "#d98c1f").save(file, "JPEG")
    return {"name": f"{WORDS['file']}.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def letter() -> FilePayload:
    content = (WORDS["content"] * 100).encode()
    return {"name": f"{WORDS['file']}.txt", "mimeType": "text/plain", "buffer": content}
