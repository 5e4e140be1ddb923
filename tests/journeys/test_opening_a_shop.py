"""From nothing to a shop with hours, a place, pictures and a hundred products."""

import csv
import io

from PIL import Image

from tests.live import Json, LiveServer, Phone, eventually, new_id

from . import make


def test_a_shop_opens_with_hours_place_picture_and_a_hundred_products(live: LiveServer) -> None:
    shop = make.shop(live, "Meera's Bakery")
    desk, here = shop.desk, f"/v1/businesses/{shop.id}"

    read = desk.post("/v1/hours-proposals", {"text": "Mon-Sat 7am-7pm", "country": "IN"})
    desk.put(f"{here}/hours", {"kind": read["kind"], "rules": read["rules"]})
    desk.put(f"{here}/location", {"text": "18.5204, 73.8567", "address": "FC Road, Pune"})
    picture = picture_of(desk, "orange")
    desk.patch(here, {"about": "Bread since 1952", "logo_id": picture})
    product_id = new_id()
    desk.put(
        f"/v1/products/{product_id}",
        {
            "business_id": shop.id,
            "name": "Sourdough",
            "status": "published",
            "picture_ids": [picture],
            "variants": [{"id": new_id(), "price": {"regular": make.inr(22_000)}}],
        },
    )

    stranger = live.phone()
    profile = stranger.get(f"/v1/handles/{shop.handle}")
    assert (profile["about"], profile["logo"]["id"]) == ("Bread since 1952", picture)
    assert profile["location"]["lat"] == 18.5204
    assert len(profile["week"]) == 7
    assert profile["state"]["state"] in ("open", "closed")
    assert stranger.get(f"/v1/products/{product_id}")["pictures"][0]["id"] == picture
    shown = stranger.http.get(f"/media/{picture}/320.webp")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")

    plan = upload(desk, shop.id, hundred_loaves())
    assert (plan["state"], plan["counts"]["created"]) == ("planned", 100)
    assert products(stranger, shop.id) == ["Sourdough"]
    apply(desk, plan["id"])
    assert sorted(products(stranger, shop.id)) == sorted(
        ["Sourdough", *(f"Loaf {number}" for number in range(1, 101))]
    )
    (found,) = stranger.get(f"{here}/products", q="lof 17", limit=1)["items"]
    assert found["name"] == "Loaf 17"

    exported = desk.http.get(f"{here}/export").content
    again = upload(desk, shop.id, exported)
    assert (again["counts"]["unchanged"], again["row_count"]) == (101, 101)
    apply(desk, again["id"])
    assert desk.http.get(f"{here}/export").content == exported


def products(phone: Phone, shop_id: str) -> list[str]:
    """The names on all pages."""
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        query = {"after": after} if after else {}
        page = phone.get(f"/v1/businesses/{shop_id}/products", **query)
        names += [it["name"] for it in page["items"]]
        after = page["next"]
    return names


def picture_of(desk: Phone, color: str) -> str:
    file = io.BytesIO()
    Image.new("RGB", (400, 300), color).save(file, "PNG")
    answer = desk.http.post(
        "/v1/pictures", content=file.getvalue(), headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def upload(desk: Phone, shop_id: str, content: bytes) -> Json:
    answer = desk.http.post(
        f"/v1/businesses/{shop_id}/imports",
        params={"name": "loaves.csv"},
        content=content,
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 201, answer.text
    plan: Json = answer.json()
    return plan


def apply(desk: Phone, import_id: object) -> None:
    desk.post(f"/v1/imports/{import_id}/application")
    eventually(lambda: desk.get(f"/v1/imports/{import_id}")["state"] == "applied")


def hundred_loaves() -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["name", "collections", "sku", "price", "stock"])
    for number in range(1, 101):
        rows.writerow([f"Loaf {number}", "Bread", f"L-{number}", f"{number}.50", number])
    return text.getvalue().encode()
