"""What somebody wrote is shown as they wrote it: no markup of theirs becomes part of a page.

In a copy of the demo town every text that a person can write holds markup that would give itself
away. Then all its screens are opened. The policy of the pages is off, so that nothing else holds
back what a page lets through.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, running
from .programs import Starter
from .screens import SHOP, of_buyer, of_operator, of_public, of_seller
from .steps import enter_as
from .test_interop import friends
from .test_private import Somebody

MARK = "<img src=x onerror=pwned() data-pwned>\"'><i data-pwned>{{7*7}}</i>"
GUARD = "globalThis.hits = 0; globalThis.pwned = () => { globalThis.hits += 1; };"
LOOK = """() => ({
    elements: document.querySelectorAll('[data-pwned]').length,
    hits: globalThis.hits,
    isShown: document.body.innerText.includes('data-pwned')
        || [...document.querySelectorAll('input, textarea')].some(
            ({ value }) => value.includes('data-pwned')),
})"""

WRITTEN = {
    "business_closures": {"label"},
    "business_records": {"before", "after"},
    "businesses": {"name", "about", "description", "address", "place_note", "hours_text"},
    "catalog_collections": {"name"},
    "catalog_import_rows": {"title"},
    "catalog_imports": {"name", "unused_columns"},
    "catalog_products": {"name", "options", "tags", "attributes", "texts"},
    "catalog_tags": {"tag"},
    "catalog_variants": {"option_values", "sku", "barcode", "backorder_text"},
    "chat_conversations": {"title"},
    "chat_media": {"name"},
    "chat_messages": {"content"},
    "chat_reports": {"content", "reason", "closing_note"},
    "crm_greetings": {"text"},
    "identity_contacts": {"name"},
    "identity_devices": {"name"},
    "identity_passkeys": {"name"},
    "identity_suspensions": {"reason"},
    "identity_users": {"name"},
    "money_accounts": {"label"},
    "money_addresses": {"details"},
    "money_bank_columns": {"columns"},
    "money_bank_imports": {"name", "warnings"},
    "money_bank_lines": {
        *("account", "end_to_end_id", "other_references", "bank_reference", "counterparty"),
        *("counterparty_account", "text"),
    },
    "money_claims": {"bank_ref"},
    "money_corrections": {"reason"},
    "money_freezes": {"reason"},
    "money_payout_files": {"account"},
    "money_payout_rules": {"account"},
    "money_payouts": {"details"},
    "money_rail_payments": {"reason"},
    "money_refused_payments": {"names"},
    "money_watched_names": {"name"},
    "money_rail_steps": {"detail"},
    "orders": {"address", "contact", "note", "first_item"},
    "orders_cart_lines": {"name"},
    "orders_carts": {"address"},
    "orders_deliveries": {"pickup_note", "delivery_note"},
    "orders_lines": {"name", "options", "sku"},
    "orders_refunds": {"reason"},
    "orders_steps": {"note"},
}
"""Where texts are that a person wrote. Descriptions of products and collections are markup, and
are cleaned when they are written: they come in by the door."""

CODES = {
    *("action", "algorithm", "auth_data", "blobs", "by_kind", "category", "changes", "ciphertext"),
    *("code", "color", "contact_key", "country", "cover_id", "credit_note", "currency", "data"),
    *("decimal_sign", "delimiter", "delivery", "device_id", "editors", "email", "encoding"),
    *("endpoint",),
    *("files", "first_on", "first_picture_id", "form", "format", "gone", "handle", "hash", "how"),
    *("hours_kind", "hours_rules", "id", "k", "key", "key_id", "kind", "languages", "language"),
    *("last_on", "ledger_id", "lines", "logo_id", "method", "mime", "notes", "opened_as"),
    *("other_prices", "pair_key", "payment", "phone", "photo_id", "picture_id", "picture_ids"),
    *("preset", "rules", "window"),
    *("pin_hash", "previous", "problem", "purpose", "rail", "receipt_number", "ref_kind"),
    *("reference", "refused", "result", "role", "rule", "secret", "seen_by", "series"),
    *("signature", "signed_keys", "signer_key_id", "sizes", "sku_key", "slug", "source_hash"),
    *("spans", "state", "status", "target_key_id", "tax_class", "taxes", "tier", "token"),
    *("txn_id", "url", "usage", "version_num", "way", "websites", "words", "writers", "zone"),
    *("error", "payload"),
}
"""Columns of text that nobody writes words into, whatever their table."""
NO_WORDS = {
    "catalog_collections": {"description"},
    "catalog_import_steps": {"content", "before", "after"},
    "catalog_products": {"description"},
    "catalog_stock_moves": {"reason"},
    "chat_device_messages": {"type", "content"},
    "chat_secrets": {"name"},
    "identity_addresses": {"address"},
    "money_bank_days": {"booked_on"},
    "money_bank_imports": {"from_on", "to_on"},
    "money_bank_lines": {"line_hash", "booked_on", "value_on", "put_away"},
    "money_corrections": {"verdict"},
    "money_fees": {"sale"},
    "money_payout_files": {"day"},
    "money_payouts": {"attention", "reason"},
    "money_quotes": {"pay_currency", "get_currency", "rate"},
    "money_card_accounts": {"state", "ending", "endpoint_id", "trouble"},
    "money_rail_events": {"event_id", "type", "verdict"},
    "money_rail_lines": {"external_id", "type", "source_id", "verdict"},
    "money_rail_payments": {
        *("attention", "doubt", "external_id", "session_id", "stage", "step", "wanted"),
    },
    "money_rail_payouts": {"external_id", "reason"},
    "money_rail_settlements": {"bearer"},
    "money_rail_steps": {"step", "outcome"},
    "money_rates": {"pay_currency", "get_currency", "rate"},
    "money_refused_payments": {"what"},
    "money_review_votes": {"verdict"},
    "money_reviews": {"why"},
    "money_sealed_days": {"day", "head", "first"},
    "money_standing_orders": {"rhythm", "first_on", "ends_on", "next_on"},
    "money_standing_runs": {"due_on", "problem"},
    "notices": {"why"},
    "orders_steps": {"name"},
    "platform_jobs": {"name"},
    "platform_keys": {"name"},
}
KEPT = {"type", "kind", "id", "country", "state", "currency", "fact", "link", "phone", "postcode"}
"""Members of stored objects that are no words."""


@pytest.fixture(scope="module")
def scrawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo town, scribbled over."""
    server = Server(tmp_path_factory.mktemp("scrawled"), demo=True)
    server.start(wait_s=300)
    server.stop()
    scrawl_over(server.folder / "data" / "kirana.db")
    yield from running(server)


def scrawl_over(database: Path) -> None:
    connection = sqlite3.connect(database)
    for table, columns in WRITTEN.items():
        for column in columns:
            for rowid, text in connection.execute(
                f'SELECT rowid, "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'
            ).fetchall():
                connection.execute(
                    f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?',
                    (scrawled_text(text), rowid),
                )
    connection.commit()
    connection.close()


def scrawled_text(text: str) -> str:
    try:
        stored = json.loads(text)
    except ValueError:
        return text + MARK
    if not isinstance(stored, (dict, list)):
        return text + MARK
    return json.dumps(scrawled_value(stored))


def scrawled_value(value: Any) -> Any:
    if isinstance(value, str):
        return value + MARK
    if isinstance(value, list):
        return [scrawled_value(each) for each in value]
    if isinstance(value, dict):
        return {
            name: each if name in KEPT or name.endswith("_id") else scrawled_value(each)
            for name, each in value.items()
        }
    return value


def test_each_column_of_text_is_known(scrawled: Server) -> None:
    """A new one is either written by people, and then looked at here, or it is not."""
    connection = sqlite3.connect(scrawled.folder / "data" / "kirana.db")
    unknown = {
        f"{table}.{name}"
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for _, name, type, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        if type in ("TEXT", "VARCHAR(32)")
        and name not in WRITTEN.get(table, set())
        and name not in NO_WORDS.get(table, set())
        and name not in CODES
    }
    connection.close()
    assert not unknown


def test_the_public_s_pages(scrawled: Server, visit: Opener) -> None:
    page = guarded(visit, scrawled)
    look_at(page, scrawled, of_public(page, scrawled), least=10)


def test_the_buyer_s_screens(scrawled: Server, visit: Opener) -> None:
    page = guarded(visit, scrawled)
    enter_as(page, scrawled, "Ravi Menon")
    look_at(page, scrawled, of_buyer(page, scrawled), least=20)


def test_the_seller_s_screens(scrawled: Server, visit: Opener) -> None:
    page = guarded(visit, scrawled, size=DESKTOP)
    enter_as(page, scrawled, "Asha Kulkarni", "/app/my-shop")
    paths = of_seller(page, scrawled)
    shop = page.request.get(f"{scrawled.url}/v1/handles/{SHOP}").json()["id"]

    # What is markup by right comes in by the door, and is cleaned there.
    product = f"/v1/products/{uuid7()}"
    written = {
        "business_id": shop,
        "name": "Good" + MARK,
        "description": f"<p>Good{MARK}</p>",
        "status": "published",
        "variants": [
            {"id": str(uuid7()), "price": {"regular": {"amount_minor": 100, "currency": "INR"}}}
        ],
    }
    made = page.request.put(f"{scrawled.url}{product}", data=written)
    assert made.ok, made.text()
    slug = made.json()["slug"]
    of_product = [
        f"/{SHOP}/p/{slug}",
        f"/app/shops/{SHOP}/p/{slug}",
        f"/app/my-shop/{shop}/products/{product.rpartition('/')[2]}",
    ]
    look_at(page, scrawled, [*paths, *of_product], least=15)


def test_the_operator_s_screens(scrawled: Server, visit: Opener) -> None:
    page = guarded(visit, scrawled)
    kept_out = guarded(visit, scrawled)
    enter_as(kept_out, scrawled, "Greta Lindner")
    greta = kept_out.request.get(f"{scrawled.url}/v1/me").json()["id"]
    enter_as(page, scrawled, "Omar Haddad", "/app/pay")
    door = f"{scrawled.url}/v1/suspensions/{greta}"
    put = page.request.put(door, data={"reason": "Spam" + MARK})
    assert put.ok, put.text()

    look_at(page, scrawled, of_operator(), least=2)
    look_at(kept_out, scrawled, ["/app/suspended"], least=1)

    assert page.request.delete(door).ok


def guarded(visit: Opener, server: Server, **options: Any) -> Page:
    """A page without the policy that would stop what it should not have let in."""
    page = visit(f"{server.url}/v1/health", bypass_csp=True, **{"size": PHONE, **options})
    page.context.add_init_script(GUARD)
    return page


def look_at(page: Page, server: Server, paths: list[str], *, least: int) -> None:
    wrong: list[str] = []
    shown = 0
    for path in paths:
        page.goto(f"{server.url}{path}")
        expect(page.get_by_role("heading").filter(visible=True).first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        found = page.evaluate(LOOK)
        shown += found["isShown"]
        if found["elements"] or found["hits"]:
            wrong.append(f"{path}: {found}")
    assert not wrong, "\n".join(wrong)
    assert shown >= least, "It is there to be seen."


def test_what_a_program_sends_in_private(
    village: Server, visit: Opener, program: Starter, tmp_path: Path
) -> None:
    # High enough that the whole chat is drawn at once.
    high = {"width": 1440, "height": 4000}
    asha = Somebody(village, guarded(visit, village, size=high), "Ashatext")
    mallory = program()
    mallory.sign_in("mallory@text.example", "Mallory" + MARK, device="Box" + MARK)
    mallory.do(mallory.client.begin())
    mallory.follow()
    friends(asha, mallory)
    talk = mallory.do(mallory.client.talk_with(asha.id)).id
    for content in contents(asha.id):
        mallory.do(mallory.client.send(talk, content))
    file = tmp_path / f"{MARK.replace('/', '')}.html"
    file.write_text(f"<script>pwned()</script>{MARK}")
    mallory.do(mallory.client.send_file(talk, file, caption=MARK))
    group = mallory.do(mallory.client.make_group("Boat" + MARK, [asha.id])).id
    mallory.do(mallory.client.say(group, "In the boat" + MARK))

    # All of it can be seen in the chat.
    page = asha.page
    page.goto(f"{village.url}/app/chats/{talk}")
    asha.reads("The last of all")
    for words in ("A text", "An answer", "Where", "Who", "Which", "What came"):
        expect(asha.log.get_by_text(words).first).to_be_attached()
    assert_text(page)

    # Where it is said again: a quote, a forward, the picker of emoji, a search, a person's keys.
    asha.asks_what_to_do_with("A text")
    page.get_by_role("menuitem", name="Reply").click()
    assert_text(page)
    asha.says("An answer of hers")
    asha.reads("An answer of hers")
    asha.asks_what_to_do_with("A text")
    page.get_by_role("menuitem", name="Forward").click()
    expect(page.get_by_role("dialog", name="Forward to")).to_be_visible()
    assert_text(page)
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").first.fill("text")
    expect(page.get_by_text("A text").first).to_be_visible()
    assert_text(page)
    for path in (
        f"/app/chats/{talk}/info",
        f"/app/keys/{mallory.client.user_id}",
        f"/app/chats/{group}",
        f"/app/chats/{group}/info",
        "/app/chats",
    ):
        page.goto(f"{village.url}{path}")
        expect(page.get_by_role("heading").filter(visible=True).first).to_be_visible()
        expect(page.get_by_text("data-pwned").first).to_be_attached()
        assert_text(page)


def contents(other: str) -> list[dict[str, Any]]:
    """Everything that can be said, with markup wherever there are words."""
    quote = {"id": str(uuid7()), "quote": "Before" + MARK}
    card = {"url": "https://example.org/shop", "title": MARK, "text": MARK}
    script = {"url": "javascript:pwned()", "title": MARK, "image": "javascript:pwned()"}
    return [
        {"type": "text", "text": f"*{MARK}* _{MARK}_ ~{MARK}~ `{MARK}`"},
        {"type": "text", "text": "javascript:pwned() [x](javascript:pwned()) data:text/html,<b>"},
        {"type": "text", "text": f'https://example.org/{MARK} http://a" onload=pwned() x="'},
        {"type": "text", "text": "An answer", "reply_to": quote},
        {"type": "text", "text": "A card of https://example.org/shop", "preview": card},
        {"type": "text", "text": "No card", "preview": script},
        {"type": "text", "text": f"@{MARK} hi", "mentions": [{"user_id": other, "name": MARK}]},
        {"type": "location", "lat": 1.5, "lon": 2.5, "name": "Where" + MARK, "address": MARK},
        {"type": "contact", "people": [{"name": "Who" + MARK, "phones": [MARK, "+1" + MARK]}]},
        {
            "type": "poll",
            "question": "Which" + MARK,
            "options": [MARK, "B" + MARK],
            "several": True,
        },
        product(price={"amount_minor": 100, "currency": "INR"}),
        product(price={"amount_minor": 1, "currency": MARK}),
        product(image=MARK),
        {"type": MARK, "text": MARK},
        {
            "type": "document",
            "media": str(uuid7()),
            "name": MARK,
            "size_bytes": 3,
            "mime": "text/html",
        },
        {"type": "text", "text": "A text" + MARK},
        {"type": "text", "text": "The last of all"},
    ]


def product(**snapshot: Any) -> dict[str, Any]:
    shown = {"title": "What came" + MARK, **snapshot}
    return {"type": "product", "product_id": str(uuid7()), "text": MARK, "snapshot": shown}


def assert_text(page: Page) -> None:
    found = page.evaluate(LOOK)
    assert found == {"elements": 0, "hits": 0, "isShown": True}, (page.url, found)
    doors = page.evaluate(
        """() => [...document.querySelectorAll('a, img, iframe, form')]
            .map(({ href, src, action }) => [href, src, action].join(' '))
            .filter((it) => /javascript:|data:text/i.test(it))"""
    )
    assert not doors, (page.url, doors)
