"""Looking around: every page is complete without JavaScript, and safe."""

import re
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
import zxingcpp
from PIL import Image

from kirana import business, catalog
from kirana.business import DayPreview, NewClosure, Opening
from kirana.catalog import Option, Price, StockDraft, VariantDraft
from kirana.identity import RESERVED_HANDLES
from kirana.platform import pictures
from kirana.platform.db import Tx
from kirana.platform.images import Rendered
from kirana.storefront import town as town_pages
from kirana.values import BusinessId, UserId, VariantId, uuid7

from .conftest import Street, inr

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


async def test_the_town_shows_its_shops_and_finds_them(street: Street) -> None:
    town = await street.stranger.open("/")
    found = await street.stranger.open("/?q=asha")
    other = await street.stranger.open("/?q=zebra")
    bakers = await street.stranger.open("/?category=bakery")

    assert town.status == 200
    assert "Asha Stores" in town.text
    assert "Groceries" in town.text
    assert "Asha Stores" in found.text
    assert "Asha Stores" not in other.text
    assert "No shop fits" in other.text
    assert "Asha Stores" not in bakers.text


async def test_the_town_finds_the_open_shop_behind_many_closed_ones(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town_pages, "PAGE", 2)
    monkeypatch.setattr(town_pages, "MOST_LOOKS", 3)
    await street.write(business.set_hours, street.shop_id, "always")
    closed = NewClosure(await street.today(), await street.today())
    for number in range(7):
        shop_id = BusinessId(UserId(uuid7()))
        draft = business.NewBusiness(f"Shop {number}", "bakery", "IN", "INR", "Asia/Kolkata")
        await street.write(business.open_business, shop_id, draft)
        await street.write(business.add_closure, shop_id, uuid7(), closed)

    nothing = await street.stranger.open("/?open=1")
    found = await street.stranger.open(nothing.links["Show more"])

    assert "No shop fits" in nothing.text
    assert "Asha Stores" in found.text
    assert "Shop 6" not in found.text
    assert "Show more" not in found.links


async def test_a_shop_shows_its_face_and_goods_to_a_stranger(street: Street) -> None:
    await street.collection("Drinks")

    page = await street.stranger.open("/asha")

    assert page.status == 200
    assert "Tea and talk" in page.text
    assert "12 Hill Road" in page.text
    assert page.links["Assam tea"] == "/asha/p/assam-tea"
    assert "₹ 120" in page.text
    assert "5 left" in page.text
    assert "set-cookie" not in page.headers


async def test_looking_makes_nobody_a_guest(street: Street) -> None:
    for path in ("/", "/asha", "/asha/p/assam-tea", "/asha/cart", "/asha/chat", "/asha/search?q=x"):
        page = await street.stranger.open(path)
        assert page.status == 200
        assert "set-cookie" not in page.headers, path

    assert not street.stranger.client.cookies


async def test_a_change_of_the_shop_is_seen_at_once(street: Street) -> None:
    before = await street.stranger.open("/asha")
    product = await street.product("Cardamom")

    after = await street.stranger.open("/asha")
    await street.write(catalog.hide_product, product)
    hidden = await street.stranger.open("/asha")

    assert "Cardamom" not in before.text
    assert "Cardamom" in after.text
    assert "Cardamom" not in hidden.text


async def test_a_sale_ends_on_the_page_when_it_ends(street: Street) -> None:
    now = await street.app.db.read(lambda tx: tx.now)
    price = Price(inr(9000), inr(7000), None, now + 400)
    await street.product("Ghee", VariantDraft(VariantId(uuid7()), price=price))

    during = await street.stranger.open("/asha/p/ghee")
    while await street.app.db.read(lambda tx: tx.now) < now + 400:
        pass
    after = await street.stranger.open("/asha/p/ghee")

    assert during.facts("Product")["offers"]["price"] == "70.00"
    assert "₹ 70" in during.text
    assert after.facts("Product")["offers"]["price"] == "90.00"
    assert "₹ 70" not in after.text


async def test_a_page_that_did_not_change_is_not_sent_again(street: Street) -> None:
    first = await street.stranger.open("/asha")

    again = await street.stranger.client.get(
        "/asha", headers={"If-None-Match": first.headers["etag"]}
    )
    await street.product("Cardamom")
    changed = await street.stranger.client.get(
        "/asha", headers={"If-None-Match": first.headers["etag"]}
    )

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200


async def test_a_moved_product_leads_on_and_a_deleted_one_is_gone(street: Street) -> None:
    product = await street.product("Old name")
    await street.product("New name", id=product, slug="new-name")
    client = street.stranger.client

    moved = await client.get("/asha/p/old-name")
    await street.write(catalog.delete_product, product)
    gone = await client.get("/asha/p/new-name")

    assert (moved.status_code, moved.headers["location"]) == (301, "/asha/p/new-name")
    assert gone.status_code == 410
    assert "no longer sold" in gone.text
    assert gone.headers["content-type"].startswith("text/html")


async def test_what_is_not_there_is_a_page_of_its_own(street: Street) -> None:
    for path in ("/nobody", "/asha/p/nothing", "/asha/c/nothing", "/o/nothing", "/asha/x/y/z"):
        page = await street.stranger.open(path, Accept="text/html")

        assert page.status == 404, path
        assert "There is nothing here" in page.text
        assert page.links["All shops"] == "/"

    program = await street.stranger.client.get("/v1/nothing", headers={"Accept": "text/html"})
    assert program.headers["content-type"] == "application/problem+json"


async def test_another_spelling_of_the_handle_leads_to_the_shop(street: Street) -> None:
    answer = await street.stranger.client.get("/ASHA")

    assert (answer.status_code, answer.headers["location"]) == (301, "/asha")


async def test_choices_with_price_and_stock_need_no_script(street: Street) -> None:
    small, large = VariantId(uuid7()), VariantId(uuid7())
    await street.product(
        "Rice",
        VariantDraft(small, ("1 kg",), price=Price(inr(9000))),
        VariantDraft(
            large, ("5 kg",), price=Price(inr(40000)), stock=StockDraft(tracked=True, on_hand=0)
        ),
        options=(Option("Weight", ("1 kg", "5 kg")),),
    )

    page = await street.stranger.open("/asha/p/rice")

    assert "Weight" in page.text
    assert "1 kg" in page.text
    assert "Sold out" in page.text
    assert page.form("/asha/cart")["variant"] == str(small)
    group = page.facts("ProductGroup")
    states = [it["offers"]["availability"].rsplit("/", 1)[1] for it in group["hasVariant"]]
    assert states == ["InStock", "OutOfStock"]


async def test_what_people_write_is_never_markup(street: Street) -> None:
    await street.product(EVIL[:140], description=f"<p>good</p>{EVIL}", slug="evil")
    await street.collection(EVIL[:140])
    await street.write(
        business.edit_business,
        street.shop_id,
        business.BusinessEdit(name=EVIL[:70], about=EVIL[:130], description=EVIL),
    )
    today = await street.today()
    await street.write(
        business.add_closure,
        street.shop_id,
        uuid7(),
        NewClosure(today, today, label=EVIL),
    )
    paths = (
        "/",
        "/asha",
        "/asha/about",
        "/asha/p/evil",
        f"/asha/search?q={EVIL}",
        "/asha/qr",
        "/asha/cart?notice=%3Cscript%3E",
        "/asha/chat?about=evil",
        f"/?q={EVIL}",
    )

    for path in paths:
        page = await street.stranger.open(path)

        assert page.status == 200, path
        assert all(it.get("src") or it.get("type") == "application/ld+json" for it in page.scripts)
        assert not any(name.startswith("on") for _, given in page.attributes for name in given)
        assert not any(tag == "img" and it.get("src") == "x" for tag, it in page.attributes)
        assert "<script>alert" not in page.html


async def test_pages_load_nothing_but_the_servers_own(street: Street) -> None:
    for path in ("/", "/asha", "/asha/p/assam-tea", "/asha/cart", "/asha/chat", "/asha/qr"):
        page = await street.stranger.open(path)
        policy = page.headers["content-security-policy"]

        assert "unsafe" not in policy
        assert "*" not in policy
        assert "script-src 'self'" in policy
        assert "default-src 'none'" in policy
        assert not any("style" in given for _, given in page.attributes), path
        loaded = [
            it.get("src") or it.get("href", "")
            for tag, it in page.attributes
            if tag in ("img", "script", "link") and it.get("rel") != "canonical"
        ]
        assert all(url.startswith("/") for url in filter(None, loaded)), loaded


async def test_every_asset_that_pages_name_is_there(street: Street) -> None:
    page = await street.stranger.open("/asha")
    styles = await street.stranger.client.get("/static/storefront.css")

    named = re.findall(r'"(/static/[^"]+)"', page.html)
    script = next(url for url in named if "storefront.js" in url)
    named += re.findall(r"'(/static/[^']+)'", (await street.stranger.client.get(script)).text)
    assert any("outbox.js?v=" in url for url in named)
    for url in named:
        answer = await street.stranger.client.get(url)
        assert answer.status_code == 200, url
        assert "immutable" in answer.headers["cache-control"]
    assert len(named) >= 5
    assert "--indigo" in (await street.stranger.client.get("/static/tokens.css")).text
    assert ".h23" in styles.text
    outside = await street.stranger.client.get("/static/..%2Fhttp.py")
    assert outside.status_code == 404


async def test_json_ld_tells_the_week_the_closures_and_the_place(street: Street) -> None:
    week = [DayPreview(day, (Opening("09:00", "18:00"),)) for day in ("Mo", "Tu", "We")]
    await street.write(business.set_hours, street.shop_id, "hours", week=week)
    first = await street.today() + timedelta(3)
    await street.write(
        business.add_closure, street.shop_id, uuid7(), NewClosure(first, first, label="Feast")
    )
    await street.write(business.set_location, street.shop_id, business.Location(18.5, 73.8))

    page = await street.stranger.open("/asha")
    facts = page.facts("GroceryStore")

    usual, closed = facts["openingHoursSpecification"]
    assert usual["dayOfWeek"] == [
        f"https://schema.org/{day}" for day in ("Monday", "Tuesday", "Wednesday")
    ]
    assert (usual["opens"], usual["closes"]) == ("09:00", "18:00")
    assert (closed["opens"], closed["closes"]) == ("00:00", "00:00")
    assert closed["validFrom"] == closed["validThrough"] == first.isoformat()
    assert facts["geo"]["latitude"] == 18.5
    assert "Feast" in page.text
    assert any("google.com/maps/dir" in url for url in page.links.values())
    trail = page.facts("BreadcrumbList")["itemListElement"]
    assert [it["item"] for it in trail] == ["http://kirana.test/", "http://kirana.test/asha"]


async def test_json_ld_is_in_step_with_stock(street: Street) -> None:
    before = (await street.stranger.open("/asha/p/assam-tea")).facts("Product")
    await street.write(catalog.set_stock, street.tea, StockDraft(on_hand=0))
    after = (await street.stranger.open("/asha/p/assam-tea")).facts("Product")

    assert before["offers"]["price"] == "120.00"
    assert before["offers"]["priceCurrency"] == "INR"
    assert before["offers"]["availability"].endswith("/InStock")
    assert after["offers"]["availability"].endswith("/OutOfStock")


async def test_pages_say_what_they_are_to_who_shares_them(street: Street) -> None:
    def save(tx: Tx) -> None:
        pictures.save(tx, "a" * 64, Rendered(640, 480, "#aabbcc", {}), {})

    await street.app.db.write(save)
    await street.product(
        "Darjeeling", description="<p>From the hills.</p>", picture_ids=("a" * 64,)
    )
    plain = await street.stranger.open("/asha/p/assam-tea")
    page = await street.stranger.open("/asha/p/darjeeling")

    said = {it.get("property"): it.get("content") for tag, it in page.attributes if tag == "meta"}
    links = {it.get("rel"): it.get("href") for tag, it in page.attributes if tag == "link"}
    assert said["og:title"] == "Darjeeling · Asha Stores"
    assert said["og:type"] == "product"
    assert said["og:description"] == "From the hills."
    assert said["og:image"] == f"http://kirana.test/media/{'a' * 64}/1280.webp"
    assert said["og:url"] == links["canonical"] == "http://kirana.test/asha/p/darjeeling"
    assert page.facts("Product")["image"] == [said["og:image"]]
    assert not any(it.get("property") == "og:image" for _, it in plain.attributes)


async def test_machines_find_every_public_page(street: Street) -> None:
    await street.collection("Drinks")
    client = street.stranger.client

    robots = (await client.get("/robots.txt")).text
    index = (await client.get("/sitemap.xml")).text
    [inner] = re.findall(r"<loc>(.*?)</loc>", index)
    urls = re.findall(r"<loc>(.*?)</loc>", (await client.get(inner)).text)

    assert "Sitemap: http://kirana.test/sitemap.xml" in robots
    assert "http://kirana.test/asha/p/assam-tea" in urls
    for url in urls:
        assert (await client.get(url)).status_code == 200, url


async def test_the_code_on_the_counter_leads_to_the_shop(street: Street) -> None:
    client = street.stranger.client

    picture = Image.open(BytesIO((await client.get("/asha/qr.png")).content)).convert("L")
    drawing = await client.get("/asha/qr.svg")
    sheet = await street.stranger.open("/asha/qr")

    assert [it.text for it in zxingcpp.read_barcodes(picture)] == ["http://kirana.test/asha"]
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert drawing.text.startswith("<svg")
    assert "Scan to chat, browse and order" in sheet.text
    assert "12 Hill Road" in sheet.text


async def test_a_typo_finds_the_tea(street: Street) -> None:
    found = await street.stranger.open("/asha/search?q=asam")
    nothing = await street.stranger.open("/asha/search?q=wheelbarrow")

    assert "/asha/p/assam-tea" in found.links.values()
    assert "Nothing fits “wheelbarrow”" in nothing.text


async def test_long_shelves_go_on(street: Street) -> None:
    for number in range(30):
        await street.product(f"Spice {number}")

    first = await street.stranger.open("/asha")
    second = await street.stranger.open(first.links["Show more"])

    names = {name for page in (first, second) for name in page.links if name.startswith("Spice")}
    assert len(names) == 30
    assert "Show more" not in second.links


async def test_a_cursor_of_nothing_is_refused_as_a_page(street: Street) -> None:
    page = await street.stranger.open("/asha?after=nonsense")

    assert page.status == 422
    assert "did not work" in page.text


async def test_pages_speak_the_readers_language(street: Street) -> None:
    german = await street.stranger.open("/asha", Accept_Language="fr, de;q=0.8, en;q=0.5")
    arabic = await street.stranger.open("/asha", Accept_Language="ar-EG")

    assert 'lang="de" dir="ltr"' in german.html
    assert "Noch 5" in german.text
    assert "120 ₹" in german.text.replace("\xa0", " ")
    assert 'lang="ar" dir="rtl"' in arabic.html
    assert "Assam tea" in arabic.text


async def test_a_shop_cannot_stand_in_the_servers_way(street: Street) -> None:
    for name in ("app", "v1", "media", "static", "problems", "o"):
        assert name in RESERVED_HANDLES or len(name) < 3, name

    assert (await street.stranger.client.get("/v1/server")).status_code == 200
    unknown = await street.stranger.client.get(f"/media/{uuid4()}/320.webp")
    assert unknown.headers["content-type"] == "application/problem+json"


async def test_a_closed_shop_is_no_page(street: Street) -> None:
    shown = business.BusinessEdit(is_listed=False)
    await street.write(business.edit_business, street.shop_id, shown)

    page = await street.stranger.open("/asha")
    town = await street.stranger.open("/")

    assert page.status == 200
    assert "Asha Stores" not in town.text


def test_tints_agree_with_the_app() -> None:
    from kirana.storefront.looks import hue_of, initial_of

    assert (hue_of("abc"), hue_of("नमस्ते 🧺")) == (148, 16)
    assert (initial_of("«asha»"), initial_of("किराना"), initial_of("🧺")) == ("A", "कि", "·")
