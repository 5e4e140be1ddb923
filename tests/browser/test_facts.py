"""What the server says about money cannot become something else later."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at, running
from .steps import enter_as


@pytest.fixture
def forger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A demo town whose server is about to lie."""
    yield from running(Server(tmp_path_factory.mktemp("forger"), demo=True))


def change_facts(server: Server, change: Callable[[dict[str, Any]], None]) -> None:
    server.stop()
    connection = sqlite3.connect(server.folder / "data" / "kirana.db")
    rows = connection.execute(
        "SELECT rowid, content FROM chat_messages WHERE k = 'fact'"
    ).fetchall()
    for rowid, content in rows:
        fact = json.loads(content)
        change(fact)
        connection.execute(
            "UPDATE chat_messages SET content = ? WHERE rowid = ?", (json.dumps(fact), rowid)
        )
    connection.commit()
    connection.close()
    server.start()


def open_chat(page: Page, server: Server, name: str) -> None:
    page.goto(f"{server.url}/app/chats")
    page.get_by_role("link", name=re.compile(name)).first.click()
    expect(page.get_by_role("log").locator("article").first).to_be_visible()


def test_a_card_that_was_changed_is_not_believed(forger: Server, visit: Opener) -> None:
    page = visit(forger.url, size=DESKTOP)
    enter_as(page, forger, "Ravi Menon")
    log = page.get_by_role("log")
    for name in ("Asha's Kirana", "Meera"):
        open_chat(page, forger, name)
        expect(log.get_by_text("This card does not fit")).to_have_count(0)
    page.goto("about:blank")

    def grow(fact: dict[str, Any]) -> None:
        fact["card"]["amount"]["amount_minor"] *= 10

    change_facts(forger, grow)

    # A device that has seen it goes on showing what was said; a new one believes nothing.
    open_chat(page, forger, "Meera")
    expect(log.locator("article", has_text="₹450")).to_be_visible()
    expect(log.get_by_text("₹4,500")).to_have_count(0)
    another = visit(forger.url, size=DESKTOP)
    enter_as(another, forger, "Ravi Menon")
    open_chat(another, forger, "Meera")
    log = another.get_by_role("log")
    expect(log.get_by_text("This card does not fit")).to_have_count(2)
    expect(log.get_by_text("This server did not sign it.")).to_have_count(2)
    expect(log.get_by_text("Paid", exact=True)).to_have_count(0)
    expect(log.get_by_text("₹4,500")).to_have_count(0)
    looked_at(another, "facts-changed")
