"""Being told while the app is closed: a real service worker, pushed to as a browser does it."""

import json
import re
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.push import Browser as Subscription
from tests.servers import Server

from .conftest import Opener, looked_at
from .test_keys import SLOW_MS, Person, join, meet, said, say
from .test_private import Somebody, make_group

pytestmark = pytest.mark.service_worker

SHOWN = """async ([bodies, deadline]) => {
    const registration = await navigator.serviceWorker.getRegistration('/app/');
    for (;;) {
        const shown = await registration.getNotifications();
        const said = shown.map(({ body }) => body).sort();
        if (JSON.stringify(said) === JSON.stringify(bodies) || Date.now() > deadline) {
            return shown.map(({ title, body, data }) => ({ title, body, path: data.path }));
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}"""


CHOICE = """async ([name, wanted, deadline]) => {
    for (;;) {
        const db = await new Promise((opened, failed) => {
            const opening = indexedDB.open('kirana-standing');
            opening.onsuccess = () => opened(opening.result);
            opening.onerror = () => failed(opening.error);
        });
        const kept = await new Promise((read) => {
            const reading = db.transaction('standing').objectStore('standing').get('now');
            reading.onsuccess = () => read(reading.result?.[name]);
        });
        db.close();
        if (kept === wanted || Date.now() > deadline) return kept;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}"""


TRIES = 3


class Phone:
    """A browser that can be pushed to; only the push service is the test."""

    def __init__(self, server: Server, page: Page) -> None:
        self.page, self._server = page, server
        self.subscription = Subscription()
        page.context.grant_permissions(["notifications"], origin=server.url)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        self._pushed = ""
        self._registrations: list[Any] = []
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: self._registrations.extend(event["registrations"]),
        )
        self._devtools.send("ServiceWorker.enable")

    def turn_on(self) -> None:
        said = json.dumps(self.subscription.as_json)
        # A browser without a profile has no push service: each start of the app asks it again.
        self.page.context.add_init_script(
            f"""(({{ endpoint, ...keys }}) => {{
                const made = {{ toJSON: () => ({{ endpoint, keys }}), unsubscribe: () => true }};
                PushManager.prototype.subscribe = async () => made;
            }})({said})"""
        )
        self.page.goto(f"{self._server.url}/app/you/notifications")
        self.page.get_by_role("switch", name="Tell me about new messages").click()
        self.wait_for_choice("isOn", True)
        expect(self.page.get_by_role("switch", name="Show names and words")).to_be_checked()

    def show_no_words(self) -> None:
        self.page.goto(f"{self._server.url}/app/you/notifications")
        self.page.get_by_role("switch", name="Show names and words").click()
        self.wait_for_choice("showsWords", False)

    def wait_for_choice(self, name: str, is_so: bool) -> None:
        """A switch is where it was put at once; the service worker reads what was kept of it."""
        kept = self.page.evaluate(CHOICE, [name, is_so, time.time() * 1000 + SLOW_MS])
        assert kept == is_so

    def close_app(self) -> None:
        """No page of the app is left, only one of the server: it can ask what is shown."""
        self.page.goto(f"{self._server.url}/v1/health")

    def push(self, conversation: str, pos: int) -> None:
        digest = sha256(UUID(conversation).bytes).digest()[:16]
        hashed = urlsafe_b64encode(digest).rstrip(b"=").decode()
        self._pushed = json.dumps({"c": hashed, "p": pos})
        self._deliver()

    def _deliver(self) -> None:
        self._devtools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self._server.url,
                "registrationId": self._registration(),
                "data": self._pushed,
            },
        )

    def sync(self, tag: str) -> None:
        """As when the line is back."""
        self._devtools.send(
            "ServiceWorker.dispatchSyncEvent",
            {
                "origin": self._server.url,
                "registrationId": self._registration(),
                "tag": tag,
                "lastChance": False,
            },
        )

    def _registration(self) -> str:
        """The browser tells it by and by."""
        scope = f"{self._server.url}/app"
        while True:
            for found in self._registrations:
                if found["scopeURL"].rstrip("/") == scope and not found["isDeleted"]:
                    id_: str = found["registrationId"]
                    return id_
            self.page.wait_for_timeout(50)

    def shown(self, *bodies: str) -> list[dict[str, str]]:
        """The notices on the screen, once they say this and nothing else.

        What was pushed is pushed again meanwhile, as push services do when nobody answers.
        """
        for _ in range(TRIES):
            deadline = time.time() * 1000 + SLOW_MS / TRIES
            notices: list[dict[str, str]] = self.page.evaluate(SHOWN, [sorted(bodies), deadline])
            if sorted(it["body"] for it in notices) == sorted(bodies):
                return notices
            if self._pushed:
                self._deliver()
        raise AssertionError(notices)


def head_of(person: Person, server: Server) -> int:
    """How long this reader's stream is."""
    pos: int = person.page.request.get(f"{server.url}/v1/stream?after=9007199254740991").json()[
        "pos"
    ]
    return pos


def conversation_of(person: Person, server: Server) -> str:
    found = person.page.request.get(f"{server.url}/v1/conversations").json()
    id_: str = found["items"][0]["id"]
    return id_


def arrived(person: Person, server: Server, conversation: str, after: int) -> int:
    """Where the next message that is not quiet stands in this reader's stream, once it is there."""
    place: int = person.page.evaluate(
        """async ([conversation, after, own]) => {
            for (;;) {
                const answer = await fetch(`/v1/stream?after=${after}&wait_s=20`);
                const { frames } = await answer.json();
                const found = frames.findLast((it) =>
                    it.conv === conversation && it.k === 'message' && it.from !== own && !it.quiet);
                if (found) return found.pos;
            }
        }""",
        [conversation, after, person.id],
    )
    return place


def test_a_private_message_is_told_in_its_words_while_the_app_is_closed(
    village: Server, visit: Opener
) -> None:
    ravi = join(village, visit, "Ravi", "ravi@notices.example")
    asha = join(village, visit, "Asha", "asha@notices.example")
    meet(village, ravi, asha)
    conversation = conversation_of(ravi, village)
    phone = Phone(village, ravi.page)
    phone.turn_on()
    looked_at(ravi.page, "notices-on")
    phone.close_app()

    # The service worker has the keys and opens it.
    head = head_of(ravi, village)
    say(asha.page, "The mangoes are here")
    first = arrived(ravi, village, conversation, head)
    phone.push(conversation, first)
    (notice,) = phone.shown("The mangoes are here")
    assert notice["title"] == "Asha"
    assert notice["path"] == f"/app/chats/{conversation}"

    # The next one takes its place, with how many there are.
    say(asha.page, "And the papayas")
    second = arrived(ravi, village, conversation, first)
    phone.push(conversation, second)
    (notice,) = phone.shown("And the papayas")
    assert notice["title"] == "Asha (2)"

    # Somebody else has the keys: then it says who wrote.
    ravi.page.evaluate(
        """(lock) => new Promise((has) => {
            void navigator.locks.request(lock, () => { has(true); return new Promise(() => {}); });
        })""",
        f"kirana-crypto-{ravi.id}",
    )
    say(asha.page, "And figs")
    third = arrived(ravi, village, conversation, second)
    phone.push(conversation, third)
    (notice,) = phone.shown("New message")
    assert notice["title"] == "Asha (3)"

    # The app shows each once, whoever opened it.
    ravi.page.goto(f"{village.url}/app/chats/{conversation}")
    for words in ("The mangoes are here", "And the papayas", "And figs"):
        expect(said(ravi.page, words)).to_have_count(1, timeout=SLOW_MS)

    # Who wants no words on the screen gets none.
    phone.show_no_words()
    phone.close_app()
    say(asha.page, "And dates")
    fourth = arrived(ravi, village, conversation, third)
    phone.push(conversation, fourth)
    (notice,) = phone.shown("")
    assert notice["title"] == "New message"


def test_a_group_is_told_by_its_name_and_is_kept_for_the_app(
    village: Server, visit: Opener
) -> None:
    nila = Somebody(village, visit(village.url), "Nila")
    bodo = Somebody(village, visit(village.url), "Bodo")
    nila.knows(bodo)
    bodo.knows(nila)
    person = Person(bodo.id, "Bodo", "bodo@example.org", bodo.page)
    phone = Phone(village, bodo.page)
    phone.turn_on()

    # What the group is called, and who is in it, he reads for the first time in a notice.
    phone.close_app()
    head = head_of(person, village)
    make_group(nila, "Harvest", "Bodo")
    conversation = conversation_of(person, village)
    nila.says("Come on Sunday")
    phone.push(conversation, arrived(person, village, conversation, head))
    (notice,) = phone.shown("Nila: Come on Sunday")
    assert notice["title"] == "Harvest"
    waiting = bodo.page.request.get(f"{village.url}/v1/device-messages?after=0").json()
    assert waiting["items"] == [], "The key is in the store, so the server needs it no more."

    # The app has it already, though it cannot ask the server for anything about keys any more.
    bodo.page.route("**/v1/key-*", lambda route: route.abort())
    bodo.page.goto(f"{village.url}/app/chats/{conversation}")
    bodo.reads("Come on Sunday")
    expect(bodo.page.get_by_role("heading", name="Harvest")).to_be_visible()


def test_a_window_that_nobody_looks_at_tells_what_comes(village: Server, visit: Opener) -> None:
    ravi = join(village, visit, "Ravi", "ravi@outside.example")
    asha = join(village, visit, "Asha", "asha@outside.example")
    meet(village, ravi, asha)
    conversation = conversation_of(ravi, village)
    phone = Phone(village, ravi.page)
    phone.turn_on()
    ravi.page.goto(f"{village.url}/app/chats")
    expect(ravi.page.get_by_role("heading", name="Chats", exact=True)).to_be_visible()

    # In sight it only counts.
    say(asha.page, "Are you there?")
    expect(ravi.page).to_have_title(re.compile(r"^\(1\) "))
    phone.shown()

    turn_away(ravi.page)
    say(asha.page, "Then later")
    (notice,) = phone.shown("Then later")
    assert notice["title"] == "Asha (2)"
    assert notice["path"] == f"/app/chats/{conversation}"
    expect(ravi.page).to_have_title(re.compile(r"^\(2\) "))

    # What was pushed for it all the same changes nothing.
    phone.push(conversation, arrived(ravi, village, conversation, 0))
    (notice,) = phone.shown("Then later")

    # It is read on another device: the notice goes, and the count with it.
    seq = ravi.page.request.get(f"{village.url}/v1/conversations/{conversation}").json()["seq"]
    answer = ravi.page.request.put(
        f"{village.url}/v1/conversations/{conversation}/receipts",
        data={"delivered_seq": seq, "read_seq": seq},
    )
    assert answer.ok, answer.text()
    phone.shown()
    expect(ravi.page).to_have_title(re.compile(r"^[^(]"))

    # What is taken back is not told any more.
    say(asha.page, "A slip")
    phone.shown("A slip")
    asha.page.get_by_role("log").locator(".words", has_text="A slip").click(button="right")
    asha.page.get_by_role("menuitem", name="Delete for all").click()
    phone.shown()


def test_what_comes_before_the_page_has_its_keys_is_told_and_its_words_follow(
    village: Server, visit: Opener
) -> None:
    ravi = join(village, visit, "Ravi", "ravi@early.example")
    asha = join(village, visit, "Asha", "asha@early.example")
    meet(village, ravi, asha)
    phone = Phone(village, ravi.page)
    phone.turn_on()

    # The keys start with the list of devices, and the server takes its time with it.
    ravi.page.route("**/v1/devices", lambda _route: None)
    ravi.page.goto(f"{village.url}/app/chats")
    expect(ravi.page.get_by_role("heading", name="Chats", exact=True)).to_be_visible()
    turn_away(ravi.page)
    say(asha.page, "Early bird")
    phone.shown("New message")

    # Whatever waits goes on.
    ravi.page.unroute("**/v1/devices")
    phone.shown("Early bird")


def turn_away(page: Page) -> None:
    """A browser that is driven shows all of its windows."""
    page.evaluate(
        """() => {
            Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
            document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
