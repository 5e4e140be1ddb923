"""The doors of HTTP: status, shape and refusal of each route."""

from typing import Any

import httpx
import pytest

from kirana import business
from kirana.values import Actor, BusinessId, UserId, uuid7
from tests.apps import RunningApp


class Shop:
    """An open shop, and clients of its owner and of anybody."""

    def __init__(
        self, app: RunningApp, id_: BusinessId, owner: httpx.AsyncClient, anyone: httpx.AsyncClient
    ) -> None:
        self.app, self.id, self.owner, self.anyone = app, str(id_), owner, anyone

    async def save(self, name: str = "Assam tea", **more: Any) -> dict[str, Any]:
        answer = await self.owner.put(f"/v1/products/{new_id()}", json=self.body(name, **more))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def body(self, name: str = "Assam tea", **more: Any) -> dict[str, Any]:
        return {
            "business_id": self.id,
            "name": name,
            "status": "published",
            "variants": [
                {
                    "id": new_id(),
                    "sku": f"SKU {name}",
                    "price": {"regular": inr(12_000)},
                    "stock": {"tracked": True, "on_hand": 3},
                }
            ],
            **more,
        }


def new_id() -> str:
    return str(uuid7())


def inr(minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": "INR"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("/problems/")


@pytest.fixture
async def shop(app_on_each: RunningApp) -> Shop:
    app = app_on_each
    owner = await app.person("Asha")
    id_ = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata")
    await app.db.write(business.open_business, id_, draft, by=Actor(owner, owner))
    return Shop(app, id_, await app.client(owner), await app.client())


async def test_a_saved_product_comes_back_with_its_prices_and_stock(shop: Shop) -> None:
    product_id, body = new_id(), shop.body()

    first = await shop.owner.put(f"/v1/products/{product_id}", json=body)
    again = await shop.owner.put(f"/v1/products/{product_id}", json=body)
    seen = await shop.anyone.get(f"/v1/products/{product_id}")

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    page = seen.json()
    assert (page["name"], page["slug"], page["price_from"]) == (
        "Assam tea",
        "assam-tea",
        inr(12_000),
    )
    [variant] = page["variants"]
    assert (variant["price_now"], variant["available"], variant["stock"]) == (inr(12_000), 3, None)
    assert first.json()["variants"][0]["stock"]["on_hand"] == 3


async def test_what_a_page_says_can_be_saved_as_it_is(shop: Shop) -> None:
    page = await shop.save(tags=["Tea"], attributes=[{"name": "Origin", "value": "Assam"}])
    body = {
        key: page[key]
        for key in ("name", "description", "options", "tags", "attributes", "business_id", "status")
    }
    body["variants"] = [
        {key: variant[key] for key in ("id", "option_values", "sku", "price")}
        for variant in page["variants"]
    ]

    again = await shop.owner.put(f"/v1/products/{page['id']}", json=body)

    assert again.json() == page


async def test_a_product_is_refused_with_every_flaw(shop: Shop) -> None:
    body = shop.body(" ")
    body["variants"][0]["barcode"] = "123"

    refused = await shop.owner.put(f"/v1/products/{new_id()}", json=body)

    assert problem(refused) == (422, "invalid-product")
    assert [(it["field"], it["code"]) for it in refused.json()["flaws"]] == [
        ("name", "missing"),
        ("variants[0].barcode", "not-a-barcode"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"name": 5},
        {"business_id": "x"},
        {"variants": None},
        {"status": "sold"},
        {"variants": [{"id": str(uuid7()), "price": {"regular": {"amount_minor": 1.5}}}]},
        {
            "variants": [
                {
                    "id": str(uuid7()),
                    "price": {"regular": {"amount_minor": 1, "currency": "XXX"}},
                }
            ]
        },
        {
            "variants": [
                {
                    "id": str(uuid7()),
                    "price": {"regular": {"amount_minor": 2**60, "currency": "INR"}},
                }
            ]
        },
    ],
)
async def test_a_body_of_another_shape_is_refused(shop: Shop, change: dict[str, Any]) -> None:
    refused = await shop.owner.put(f"/v1/products/{new_id()}", json={**shop.body(), **change})

    assert problem(refused) == (422, "invalid-input")


@pytest.mark.parametrize(
    "change",
    [
        {"picture_ids": ["\x00"]},
        {"texts": {"\x00": {}}},
        {"tags": ["a\x00b"]},
        {"attributes": [{"name": "\x00", "value": "\x00"}]},
        {"description": "\x00"},
        {"slug": "\x00"},
        {"tax_class": "\x00"},
        {"weight_g": 2**70},
        {"name": "a\x00b"},
    ],
)
async def test_no_text_and_no_number_breaks_the_server(shop: Shop, change: dict[str, Any]) -> None:
    answer = await shop.owner.put(f"/v1/products/{new_id()}", json=shop.body(**change))

    assert answer.status_code in (200, 422)


async def test_new_ids_are_of_version_7(shop: Shop) -> None:
    odd = "12345678-1234-8234-9234-123456789012"
    body = shop.body()

    for_product = await shop.owner.put(f"/v1/products/{odd}", json=body)
    for_collection = await shop.owner.put(
        f"/v1/collections/{odd}", json={"business_id": shop.id, "name": "Teas"}
    )

    assert problem(for_product) == problem(for_collection) == (422, "invalid-input")


async def test_only_the_team_may_change_anything(shop: Shop) -> None:
    product = await shop.save()
    collection = new_id()
    await shop.owner.put(
        f"/v1/collections/{collection}", json={"business_id": shop.id, "name": "Teas"}
    )
    stranger = await shop.app.client(await shop.app.person())
    id_, variant = product["id"], product["variants"][0]["id"]
    calls: list[tuple[str, str, Any]] = [
        ("PUT", f"/v1/products/{id_}", shop.body()),
        ("DELETE", f"/v1/products/{id_}", None),
        ("PUT", f"/v1/products/{id_}/publication", None),
        ("DELETE", f"/v1/products/{id_}/publication", None),
        ("PUT", f"/v1/products/{id_}/pictures", {"ids": []}),
        ("PUT", f"/v1/variants/{variant}/price", {"price": inr(1)}),
        ("PUT", f"/v1/variants/{variant}/stock", {"on_hand": 1}),
        ("PUT", f"/v1/collections/{collection}", {"business_id": shop.id, "name": "Mine"}),
        ("DELETE", f"/v1/collections/{collection}", None),
    ]

    for method, path, body in calls:
        by_stranger = await stranger.request(method, path, json=body)
        by_nobody = await shop.anyone.request(method, path, json=body)

        assert problem(by_stranger) == (403, "not-allowed"), path
        assert problem(by_nobody) == (401, "not-signed-in"), path


async def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    nothing = new_id()
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"/v1/products/{nothing}", None),
        ("GET", f"/v1/collections/{nothing}", None),
        ("GET", f"/v1/businesses/{nothing}/products", None),
        ("GET", f"/v1/businesses/{shop.id}/products?collection={nothing}", None),
        ("GET", f"/v1/businesses/{shop.id}/slugs/nothing", None),
        ("DELETE", f"/v1/products/{nothing}", None),
        ("PUT", f"/v1/products/{nothing}/publication", None),
        ("PUT", f"/v1/variants/{nothing}/price", {"price": inr(1)}),
        ("PUT", f"/v1/variants/{nothing}/stock", {"on_hand": 1}),
        ("DELETE", f"/v1/collections/{nothing}", None),
        ("PUT", f"/v1/products/{nothing}", {**shop.body(), "business_id": nothing}),
    ]

    for method, path, body in calls:
        answer = await shop.owner.request(method, path, json=body)

        assert problem(answer) == (404, "not-found"), path


async def test_a_product_is_published_hidden_and_deleted(shop: Shop) -> None:
    product = await shop.save(status="draft")
    path = f"/v1/products/{product['id']}"
    assert problem(await shop.anyone.get(path)) == (404, "not-found")

    published = await shop.owner.put(f"{path}/publication")
    assert published.json()["status"] == "published"
    assert (await shop.anyone.get(path)).status_code == 200
    assert (await shop.owner.delete(f"{path}/publication")).status_code == 204
    assert problem(await shop.anyone.get(path)) == (404, "not-found")
    assert (await shop.owner.delete(path)).status_code == 204
    assert problem(await shop.owner.get(path)) == (404, "not-found")
    by_slug = await shop.anyone.get(f"/v1/businesses/{shop.id}/slugs/assam-tea")

    assert problem(by_slug) == (410, "product-gone")


async def test_price_and_stock_change_by_themselves(shop: Shop) -> None:
    product = await shop.save()
    variant = product["variants"][0]["id"]

    priced = await shop.owner.put(
        f"/v1/variants/{variant}/price", json={"price": inr(900), "sale_price": inr(500)}
    )
    stocked = await shop.owner.put(f"/v1/variants/{variant}/stock", json={"on_hand": 9})
    wrong = await shop.owner.put(f"/v1/variants/{variant}/stock", json={"on_hand": -1})
    page = (await shop.anyone.get(f"/v1/products/{product['id']}")).json()

    assert priced.json()["variants"][0]["price_now"] == inr(500)
    assert stocked.json()["on_hand"] == 9
    assert problem(wrong) == (422, "invalid-product")
    assert (page["price_from"], page["variants"][0]["available"]) == (inr(500), 9)


async def test_a_list_is_answered_again_only_when_something_changed(shop: Shop) -> None:
    await shop.save("Assam tea")
    path = f"/v1/businesses/{shop.id}/products"

    first = await shop.anyone.get(path)
    again = await shop.anyone.get(path, headers={"If-None-Match": first.headers["etag"]})
    await shop.save("Coffee")
    after = await shop.anyone.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert [it["name"] for it in first.json()["items"]] == ["Assam tea"]
    assert (again.status_code, again.content) == (304, b"")
    assert [it["name"] for it in after.json()["items"]] == ["Coffee", "Assam tea"]


async def test_a_list_can_be_searched_filtered_and_paged(shop: Shop) -> None:
    for name in ("Green tea", "Assam tea", "Coffee"):
        await shop.save(name)
    await shop.save("Hidden tea", status="hidden")
    path = f"/v1/businesses/{shop.id}/products"

    async def names(client: httpx.AsyncClient, query: str) -> list[str]:
        answer = await client.get(f"{path}?{query}")
        assert answer.status_code == 200, answer.text
        return [it["name"] for it in answer.json()["items"]]

    assert await names(shop.anyone, "q=asam+te") == ["Assam tea"]
    assert await names(shop.owner, "status=hidden") == ["Hidden tea"]
    assert await names(shop.anyone, "in_stock=true&limit=1") == ["Coffee"]
    assert problem(await shop.anyone.get(f"{path}?status=any")) == (401, "not-signed-in")
    for query in ("status=sold", "after=x", "limit=0", "limit=101", "q=tea&after=x"):
        assert problem(await shop.anyone.get(f"{path}?{query}")) == (422, "invalid-input"), query
    for text in ("%00", "%25_'\"", "🙂", "x" * 200):
        assert (await shop.anyone.get(f"{path}?q={text}")).status_code == 200
    page = (await shop.anyone.get(f"{path}?limit=2")).json()
    rest = (await shop.anyone.get(f"{path}?limit=2&after={page['next']}")).json()
    assert ([it["name"] for it in rest["items"]], rest["next"]) == (["Green tea"], None)


async def test_collections_are_made_listed_and_taken_away(shop: Shop) -> None:
    product = await shop.save()
    id_ = new_id()
    body = {"business_id": shop.id, "name": "Teas", "product_ids": [product["id"]]}

    made = await shop.owner.put(f"/v1/collections/{id_}", json=body)
    seen = await shop.anyone.get(f"/v1/collections/{id_}")
    listed = await shop.anyone.get(f"/v1/businesses/{shop.id}/collections")
    inside = await shop.anyone.get(f"/v1/businesses/{shop.id}/products?collection={id_}")
    refused = await shop.owner.put(f"/v1/collections/{new_id()}", json={**body, "name": ""})
    gone = await shop.owner.delete(f"/v1/collections/{id_}")

    assert made.json() == seen.json()
    assert [(it["slug"], it["product_count"]) for it in listed.json()] == [("teas", 1)]
    assert [it["id"] for it in inside.json()["items"]] == [product["id"]]
    assert problem(refused) == (422, "invalid-collection")
    assert gone.status_code == 204
    assert problem(await shop.anyone.get(f"/v1/collections/{id_}")) == (404, "not-found")


async def test_an_id_of_another_shop_is_refused(shop: Shop) -> None:
    product = await shop.save()
    other = await shop.app.person()
    id_ = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness("Other", "grocery", "IN", "INR", "Asia/Kolkata")
    await shop.app.db.write(business.open_business, id_, draft, by=Actor(other, other))

    refused = await (await shop.app.client(other)).put(
        f"/v1/products/{product['id']}", json={**shop.body(), "business_id": str(id_)}
    )

    assert problem(refused) == (409, "id-reused")
