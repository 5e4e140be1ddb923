"""What disappears does so for both, from every place where it could be found."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.servers import Server

from .conftest import PHONE, Opener, looked_at
from .liar import Liar, conversation_of, key_of, rewrite
from .test_private import Somebody, back
from .test_search_private import hit, lies_nowhere_readable, search

pytestmark = pytest.mark.service_worker

SLOW_MS = 60_000
DAY_MS = 86_400_000
STAYS = "Rosehip tea in the blue tin"
GOES = "Cloudberry liqueur behind the books"
CHANGED = "Cloudberry liqueur under the stairs"
TIMER = "Messages disappear after a day"


def test_what_disappears_is_gone_for_both_wherever_they_look(
    village: Server, visit: Opener
) -> None:
    pia = Somebody(village, visit(village.url, size=PHONE), "Pia")
    quin = Somebody(village, visit(village.url, size=PHONE), "Quin")
    pia.knows(quin)
    quin.knows(pia)
    clocks = [Liar(pia.page), Liar(quin.page)]
    pia.opens(quin)
    pia.says(STAYS)
    quin.opens(pia)
    quin.reads(STAYS)

    # One sets it, both are told.
    pia.page.get_by_role("link", name="Quin", exact=True).click()
    pia.page.get_by_label("Disappearing messages").select_option(label="After a day")
    back(pia)
    for somebody in (pia, quin):
        somebody.reads(TIMER)
    pia.says(GOES)
    quin.reads(GOES)
    pia.asks_what_to_do_with(GOES)
    pia.page.get_by_role("menuitem", name="Change").click()
    pia.page.get_by_role("textbox", name=re.compile("^Message ")).fill(CHANGED)
    pia.page.get_by_role("button", name="Save").click()
    quin.reads(CHANGED)
    quin.asks_what_to_do_with(CHANGED)
    quin.page.get_by_role("menuitem", name="Star", exact=True).click()
    expect(quin.log.get_by_text("Starred", exact=True)).to_have_count(1)
    looked_at(quin.page, "disappearing")

    # He finds it, and then he has no connection any more.
    chats = f"{village.url}/app/chats"
    quin.page.wait_for_function("navigator.serviceWorker.controller !== null")
    quin.page.goto(chats)
    search(quin.page, "cloudberry")
    expect(hit(quin.page, CHANGED)).to_be_visible()
    quin.page.context.set_offline(True)

    # It is tomorrow: she looks on, and it goes before her eyes.
    a_day_passes(village, conversation_of(pia.page), clocks)
    clocks[0].tell_time()
    for words in (GOES, CHANGED):
        expect(pia.log.get_by_text(words)).to_have_count(0)
    pia.reads(STAYS)
    pia.page.reload()
    pia.reads(STAYS)
    nothing_left(pia, chats)

    # He comes back to it a day late.
    quin.page.context.set_offline(False)
    quin.page.reload()
    expect(quin.page.get_by_role("searchbox", name="Search")).to_be_visible()
    quin.page.goto(f"{chats}/starred")
    expect(quin.page.get_by_text("Star a message in its menu")).to_be_visible()
    quin.opens(pia)
    quin.reads(STAYS)
    nothing_left(quin, chats)
    quin.opens(pia)
    quin.reads(STAYS)
    expect(quin.log.get_by_text("Cloudberry")).to_have_count(0)


def a_day_passes(server: Server, conv: str, clocks: list[Liar]) -> None:
    """What goes by the clock of the server finds that it is tomorrow; so does what it tells."""
    now = int(time.time() * 1000)
    rewrite(
        server,
        "UPDATE chat_messages SET expires_at = ? WHERE conversation_id = ? AND expires_at > ?",
        now,
        key_of(conv),
        now,
    )
    for liar in clocks:
        liar.ahead_ms = DAY_MS


def nothing_left(somebody: Somebody, chats: str) -> None:
    """Neither found nor kept, sealed or not."""
    somebody.page.goto(chats)
    for words in ("cloudberry", "liqueur", "stairs"):
        search(somebody.page, words)
        expect(somebody.page.get_by_text(f"Nothing found for “{words}”.")).to_be_visible()
    search(somebody.page, "rosehip")
    expect(hit(somebody.page, STAYS)).to_be_visible()
    search(somebody.page, "")
    lies_nowhere_readable(somebody.page, "Cloudberry")
    sealed_words_are_gone(somebody.page)


def sealed_words_are_gone(page: Page) -> None:
    """No message with an end has its sealed words on this device any more."""
    page.wait_for_function(
        """async () => {
            const done = (it) => new Promise((resolve, reject) => {
                it.onsuccess = () => resolve(it.result);
                it.onerror = () => reject(it.error);
            });
            let found = 0;
            for (const { name } of await indexedDB.databases()) {
                if (!name.startsWith('kirana-')) continue;
                const db = await done(indexedDB.open(name));
                for (const store of db.objectStoreNames) {
                    const rows = await done(db.transaction(store).objectStore(store).getAll());
                    found += rows.filter((it) => it?.expires_at && (it.ct || it.locked)).length;
                }
                db.close();
            }
            return found === 0;
        }""",
        polling=500,
        timeout=SLOW_MS,
    )
