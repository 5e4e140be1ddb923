"""Being told while the app is closed: a real service worker, pushed to as a browser does it."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.push import Browser as Subscription
from tests.servers import Server

from .conftest import Opener, looked_at
from .test_keys import SLOW_MS, Person, join, meet, said, say

SHOWN = """async () => {
    const registration = await navigator.serviceWorker.getRegistration('/app/');
    return (await registration.getNotifications())
        .map(({ title, body, data }) => ({ title, body, path: data.path }));
}"""


class Phone:
    """A browser that can be pushed to; only the push service is the test."""

    def __init__(self, server: Server, page: Page) -> None:
        self.page, self._server = page, server
        self.subscription = Subscription()
        page.context.grant_permissions(["notifications"], origin=server.url)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
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
        switch = self.page.get_by_role("switch", name="Tell me about new messages")
        switch.click()
        expect(switch).to_be_checked()

    def close_app(self) -> None:
        """No page of the app is left, only one of the server: it can ask what is shown."""
        self.page.goto(f"{self._server.url}/v1/health")

    def push(self, conversation: str, pos: int) -> None:
        digest = sha256(UUID(conversation).bytes).digest()[:16]
        hashed = urlsafe_b64encode(digest).rstrip(b"=").decode()
        scope = f"{self._server.url}/app/"
        found = next(it for it in self._registrations if it["scopeURL"].rstrip("/") + "/" == scope)
        self._devtools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self._server.url,
                "registrationId": found["registrationId"],
                "data": json.dumps({"c": hashed, "p": pos}),
            },
        )

    def shown(self, count: int) -> list[dict[str, str]]:
        """The notices on the screen, once there are so many."""
        self.page.wait_for_function(
            f"async (count) => (await ({SHOWN})()).length === count", arg=count
        )
        notices: list[dict[str, str]] = self.page.evaluate(SHOWN)
        return notices


def place_of_last(page: Page, server: Server, conversation: str) -> int:
    """Where its last message stands in the reader's stream."""
    frames = page.request.get(f"{server.url}/v1/stream?after=0").json()["frames"]
    return max(it["pos"] for it in frames if it.get("conv") == conversation)


def conversation_of(person: Person, server: Server) -> str:
    found = person.page.request.get(f"{server.url}/v1/conversations").json()
    id_: str = found["items"][0]["id"]
    return id_


def test_a_private_message_is_told_while_the_app_is_closed(village: Server, visit: Opener) -> None:
    ravi = join(village, visit, "Ravi", "ravi@notices.example")
    asha = join(village, visit, "Asha", "asha@notices.example")
    meet(village, ravi, asha)
    conversation = conversation_of(ravi, village)
    phone = Phone(village, ravi.page)
    phone.turn_on()
    looked_at(ravi.page, "notices-on")

    # With the app closed it says who wrote; the words stay sealed.
    phone.close_app()
    say(asha.page, "The mangoes are here")
    expect(said(asha.page, "The mangoes are here")).to_be_visible()
    expect(asha.page.get_by_role("log").get_by_title("Sent")).to_have_count(1, timeout=SLOW_MS)
    phone.push(conversation, place_of_last(ravi.page, village, conversation))
    (notice,) = phone.shown(1)
    assert (notice["title"], notice["body"]) == ("Asha", "New message")
    assert notice["path"] == f"/app/chats/{conversation}"

    # The chat opens it.
    ravi.page.goto(f"{village.url}/app/chats/{conversation}")
    expect(said(ravi.page, "The mangoes are here")).to_be_visible(timeout=SLOW_MS)
