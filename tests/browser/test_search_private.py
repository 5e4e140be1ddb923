"""What a device has opened stays on it, sealed: found without a connection, gone when deleted."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.servers import Server

from .conftest import PHONE, Opener, looked_at, running
from .steps import sign_in
from .test_private import Somebody

pytestmark = pytest.mark.service_worker

KEPT = "Elderflower cordial for the picnic on Sunday"
GONE = "Whortleberry jam is in the cellar"
EARLIER = "The quinces can wait"
LATER = "The medlars can wait"


@pytest.fixture(scope="module")
def grove(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for these tests alone."""
    yield from running(Server(tmp_path_factory.mktemp("grove")))


def test_private_words_are_found_offline_and_those_deleted_are_not(
    grove: Server, visit: Opener
) -> None:
    lena = Somebody(grove, visit(grove.url, size=PHONE), "Lena")
    omar = Somebody(grove, visit(grove.url, size=PHONE), "Omar")
    lena.knows(omar)
    omar.knows(lena)
    lena.opens(omar)
    for words in (KEPT, GONE, EARLIER):
        lena.says(words)
    omar.opens(lena)
    omar.reads(EARLIER)
    lena.asks_what_to_do_with(EARLIER)
    lena.page.get_by_role("menuitem", name="Change").click()
    lena.page.get_by_role("textbox", name=re.compile("^Message ")).fill(LATER)
    lena.page.get_by_role("button", name="Save").click()
    omar.reads(KEPT)
    omar.reads(LATER)

    # Everything is there again after a reload, and none of it lies readable on the device.
    chats = f"{grove.url}/app/chats"
    omar.page.goto(chats)
    search(omar.page, "whortle")
    expect(hit(omar.page, GONE)).to_be_visible()
    lies_nowhere_readable(omar.page, "Elderflower", "Whortleberry", "medlars")

    # She deletes one for all.
    lena.asks_what_to_do_with(GONE)
    lena.page.get_by_role("menuitem", name="Delete for all").click()
    omar.opens(lena)
    expect(omar.log.get_by_text(GONE)).to_have_count(0)

    # Without a connection, and after a reload: the conversation opens, and its words are found.
    omar.page.wait_for_function("navigator.serviceWorker.controller !== null")
    omar.page.goto(chats)
    expect(omar.page.get_by_role("link", name=re.compile("Lena")).first).to_be_visible()
    omar.page.context.set_offline(True)
    omar.page.reload()
    search(omar.page, "elderflower sun")
    expect(hit(omar.page, KEPT)).to_be_visible()
    expect(omar.page.get_by_text("Searches what this device has opened, back to")).to_be_visible()
    looked_at(omar.page, "search-private")
    search(omar.page, "medlar")
    expect(hit(omar.page, LATER)).to_be_visible()
    for nothing in ("whortle", "quince"):
        search(omar.page, nothing)
        expect(omar.page.get_by_text(f"Nothing found for “{nothing}”.")).to_be_visible()

    # It opens where it was said.
    search(omar.page, "cordial")
    hit(omar.page, KEPT).click()
    omar.reads(KEPT)
    omar.reads(LATER)


def search(page: Page, words: str) -> None:
    page.get_by_role("searchbox", name="Search").fill(words)


def hit(page: Page, words: str) -> Locator:
    return page.get_by_role("link").filter(has_text=words)


def lies_nowhere_readable(page: Page, *words: str) -> None:
    """All that lies in the browser's databases, read as a thief of the files would."""
    found = page.evaluate(
        """async (words) => {
            const done = (it) => new Promise((resolve, reject) => {
                it.onsuccess = () => resolve(it.result);
                it.onerror = () => reject(it.error);
            });
            const letters = (bytes) => {
                let text = '';
                for (const one of bytes) text += String.fromCharCode(one);
                return text;
            };
            const spell = (it) => {
                if (it instanceof ArrayBuffer) return letters(new Uint8Array(it));
                if (ArrayBuffer.isView(it)) return letters(new Uint8Array(it.buffer));
                if (typeof it !== 'object' || it === null) return String(it);
                return Object.entries(it).map(([key, value]) => `${key} ${spell(value)}`).join(' ');
            };
            const found = [];
            let size = 0;
            for (const {name} of await indexedDB.databases()) {
                const db = await done(indexedDB.open(name));
                for (const store of db.objectStoreNames) {
                    const rows = db.transaction(store).objectStore(store);
                    const all = spell([await done(rows.getAll()), await done(rows.getAllKeys())]);
                    size += all.length;
                    const wide = all.replaceAll('\\0', '');
                    for (const word of words) {
                        const isThere = [all, wide].some((it) => it.includes(word));
                        if (isThere) found.push([name, store, word]);
                    }
                }
                db.close();
            }
            return [size, found];
        }""",
        list(words),
    )
    assert found[0] > 1000
    assert found[1] == []


def test_a_browser_that_deleted_everything_is_told_how_to_get_it_back(
    grove: Server, visit: Opener
) -> None:
    yuki = Somebody(grove, visit(grove.url, size=PHONE), "Yuki").page
    yuki.goto(f"{grove.url}/app/you/keys")
    expect(yuki.get_by_text("This device can read your private chats")).to_be_visible()

    # What browsers do when space runs low; the session lives on.
    yuki.goto(f"{grove.url}/v1/health")
    yuki.evaluate(
        """async () => {
            const gone = ({name}) => new Promise((resolve) => {
                const asked = indexedDB.deleteDatabase(name);
                asked.onsuccess = asked.onerror = resolve;
            });
            await Promise.all((await indexedDB.databases()).map(gone));
        }"""
    )
    yuki.goto(f"{grove.url}/app/chats")
    expect(yuki.get_by_text("Your browser has deleted what was kept here")).to_be_visible()
    yuki.goto(f"{grove.url}/app/you/keys")
    expect(yuki.get_by_text("Your chats are not lost")).to_be_visible()
    looked_at(yuki, "store-lost")

    # Signed in again, it is a device like any new one.
    yuki.get_by_role("button", name="Sign in again").click()
    sign_in(yuki, grove, "yuki@example.org")
    yuki.goto(f"{grove.url}/app/you/keys")
    expect(yuki.get_by_text("This device cannot read your private chats yet")).to_be_visible()
