"""Small files and shops in memory."""

import csv
import io
from zoneinfo import ZoneInfo

from kirana.catalog.files.cells import DecimalSign
from kirana.catalog.files.drafts import Context, Reading
from kirana.catalog.files.notes import RowReport
from kirana.catalog.files.plan import Known, Plan, Shop, ShopCollection, make_plan
from kirana.catalog.files.recognition import read_file
from kirana.catalog.files.sniffing import sniff
from kirana.catalog.model import Product, ProductDraft, ProductStatus, Stock, Variant, slug_of
from kirana.values import BusinessId, ImportId, UserId, uuid7

NOW = 1_800_000_000_000
URL = "https://shop.test"


def content(*rows: list[str]) -> bytes:
    """A CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def reading(file: bytes, code: str = "USD", decimal: DecimalSign | None = None) -> Reading:
    return read_file(sniff(file), Context(code, ZoneInfo("Asia/Kolkata"), NOW), decimal)[1]


def shop(code: str = "USD") -> Shop:
    """A shop that sells nothing yet."""
    return Shop(BusinessId(UserId(uuid7())), code, URL, {}, {}, {}, {})


def plan(file: bytes, into: Shop | None = None, decimal: DecimalSign | None = None) -> Plan:
    there = into or shop()
    context = Context(there.currency, ZoneInfo("Asia/Kolkata"), NOW)
    format_, read, _ = read_file(sniff(file), context, decimal)
    return make_plan(read, there, ImportId(uuid7()), format_.NAME, NOW)


def applied(done: Plan, to: Shop) -> Shop:
    """The shop after a plan, for tests that need no database."""
    products, collections = dict(to.products), dict(to.collections)
    keys, pictures = dict(to.keys), dict(to.pictures)
    for step in done.steps:
        keys.update(step.keys)
        if step.product_id and step.draft:
            products[step.product_id] = product_from(step.draft, step.product_id, to)
        for wish in step.wishes:
            pictures[(wish.variant_id or step.product_id, wish.url)] = None  # type: ignore[index]
        if step.collection:
            new = step.collection
            collections[new.id] = ShopCollection(
                new.id, new.parent_id, new.name, new.description, new.is_hidden, False,
                step.members or (),
            )  # fmt: skip
    for step in done.steps:  # members of grouped products belong to their collection
        if step.collection and step.members:
            for id_ in step.members:
                there = products[id_]
                ids = tuple(sorted({*there.collection_ids, step.collection.id}))
                products[id_] = _replace(there, collection_ids=ids)
    return Shop(to.business_id, to.currency, to.public_url, products, collections, keys, pictures)


def product_from(draft: ProductDraft, id_: object, to: Shop) -> Product:
    from kirana.catalog.stock import merged

    before = to.products.get(id_)  # type: ignore[call-overload]
    stocks = {it.id: it.stock for it in before.variants} if before else {}
    return Product(
        id=id_,  # type: ignore[arg-type]
        business_id=to.business_id,
        slug=draft.slug or slug_of(draft.name),
        name=draft.name,
        description=draft.description,
        status=draft.status or ProductStatus.DRAFT,
        options=draft.options,
        picture_ids=draft.picture_ids,
        tags=draft.tags,
        attributes=draft.attributes,
        texts=draft.texts,
        tax_class=draft.tax_class,
        needs_delivery=draft.needs_delivery,
        weight_g=draft.weight_g,
        collection_ids=draft.collection_ids or (),
        variants=tuple(
            Variant(
                it.id, it.option_values, it.sku, it.barcode, it.price, it.other_prices,
                it.weight_g, it.picture_id, merged(stocks.get(it.id, Stock()), it.stock)
                if it.stock else stocks.get(it.id, Stock()),
            )
            for it in draft.variants
        ),
        created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip


def reports(done: Plan) -> dict[int, RowReport]:
    return {report.row: report for step in done.steps for report in step.rows}


def results(done: Plan) -> dict[int, str]:
    return {row: str(report.result) for row, report in sorted(reports(done).items())}


def codes(done: Plan) -> dict[int, list[str]]:
    return {
        row: [said.code for said in report.notes]
        for row, report in sorted(reports(done).items())
        if report.notes
    }


def drafts(done: Plan) -> dict[str, ProductDraft]:
    return {step.draft.name: step.draft for step in done.steps if step.draft}


def _replace(product: Product, **changes: object) -> Product:
    from dataclasses import replace

    return replace(product, **changes)  # type: ignore[arg-type]


__all__ = ["Known", "applied", "codes", "content", "drafts", "plan", "reading", "reports"]
