"""The product CSV of Shopify. Rows of one handle are one product; its first row has the texts.

Source: "Using CSV files to import and export products" of the Shopify help center.
"""

import re
from collections.abc import Iterator

from ...model import Attribute, Option, Product, ProductStatus, Variant
from ..cells import (
    is_barcode,
    plain_price,
    read_answer,
    read_count,
    read_grams,
    read_list,
    read_money,
    read_path,
    write_list,
)
from ..drafts import (
    Context,
    Desk,
    FileProduct,
    FileVariant,
    Reading,
    RowRefused,
    cell_of,
)
from ..table import Row, Table, to_cell
from ..writing import Shelf, picture_urls

NAME = "shopify"
LABEL = "Shopify CSV"
NUMBERS: tuple[str, ...] = (
    "variant price",
    "variant compare at price",
    "variant grams",
    "variant inventory qty",
)

_OPTIONS = [(f"option{n} name", f"option{n} value") for n in (1, 2, 3)]
_USED = {
    "handle", "title", "body", "vendor", "type", "tags", "published", "collection",
    "variant sku", "variant grams", "variant inventory tracker", "variant inventory qty",
    "variant inventory policy", "variant price", "variant compare at price",
    "variant requires shipping", "variant barcode", "image src", "variant image", "status",
    *(name for pair in _OPTIONS for name in pair),
}  # fmt: skip
_SILENT = {
    "variant fulfillment service", "variant taxable", "gift card", "variant weight unit",
    "image position",
}  # fmt: skip


def recognizes(table: Table) -> bool:
    return "handle" in table and ("variant price" in table or "variant sku" in table)


def read(table: Table, context: Context) -> Reading:
    return _Reader(table, context).read()


class _Reader:
    def __init__(self, table: Table, context: Context) -> None:
        self._table = table
        self._desk = Desk(table, context)

    def read(self) -> Reading:
        products = []
        for rows in self._groups():
            if product := self._product(rows):
                products.append(product)
        return self._desk.reading(products, _USED | _SILENT)

    def _groups(self) -> list[list[Row]]:
        groups: dict[str, list[Row]] = {}
        for row in self._table.rows:
            if not row["handle"]:
                self._desk.refuse(row.row, "no-handle", "handle")
                continue
            groups.setdefault(row["handle"].casefold(), []).append(row)
        return list(groups.values())

    def _product(self, rows: list[Row]) -> FileProduct | None:
        first = rows[0]
        names = self._option_names(first)
        try:
            status = _status(first)
        except RowRefused as refused:
            self._refuse(first, refused)
            self._refuse_others(rows)
            return None
        variants: list[FileVariant] = []
        seen: dict[tuple[str, ...], int] = {}
        pictures: dict[str, None] = {}
        for row in rows:
            if row["image src"]:
                pictures.setdefault(row["image src"])
            if not _is_variant(row):
                if not row["image src"] and row is not first:
                    self._desk.skip(row.row, "empty-row", "handle", row["handle"])
                continue
            try:
                variant = self._variant(row, names)
                choice = tuple(value.casefold() for _, value in variant.options)
                if other := seen.get(choice):
                    raise RowRefused(
                        "duplicate-variant", "option1 value", row["option1 value"], other=other
                    )
                seen[choice] = row.row
                variants.append(variant)
            except RowRefused as refused:
                self._refuse(row, refused)
                if row is first:
                    self._refuse_others(rows)
                    return None
        if not variants and any(map(_is_variant, rows)):
            return None
        requires = [cell_of(r, "variant requires shipping", _lenient_answer) for r in rows]
        known = [answer for answer in requires if answer is not None]
        return FileProduct(
            row=first.row,
            keys=(f"shopify:{first['handle'].casefold()}",),
            slug=first["handle"],
            name=first["title"] or None,
            description=first["body"] or None,
            status=status,
            options=tuple(
                Option(name, tuple(dict.fromkeys(dict(v.options)[name] for v in variants)))
                for name in names
            )
            if variants
            else (),
            tags=read_list(first["tags"]) or None,
            attributes=tuple(
                Attribute(self._table.written(column), first[column])
                for column in ("vendor", "type")
                if first[column]
            )
            or None,
            needs_delivery=any(known) if known else None,
            collections=(read_path(first["collection"]),) if first["collection"] else None,
            picture_urls=tuple(pictures) or None,
            variants=tuple(variants),
            extra_rows=tuple(row.row for row in rows if row["image src"] and not _is_variant(row)),
        )

    def _refuse_others(self, rows: list[Row]) -> None:
        for row in rows[1:]:
            self._desk.refuse(row.row, "parent-refused", "handle", row["handle"], other=rows[0].row)

    def _refuse(self, row: Row, refused: RowRefused) -> None:
        self._desk.refuse(row.row, refused.code, refused.column, refused.quote, **refused.facts)

    def _option_names(self, first: Row) -> list[str]:
        """The names of the options; "Title" with "Default Title" means that there are none."""
        names = [first[name] for name, _ in _OPTIONS if first[name]]
        if names == ["Title"] and first["option1 value"] in ("Default Title", ""):
            return []
        return names

    def _variant(self, row: Row, names: list[str]) -> FileVariant:
        desk, sign, code = self._desk, self._desk.context.decimal, self._desk.context.currency
        options = []
        for name, (_, column) in zip(names, _OPTIONS, strict=False):
            if not row[column]:
                raise RowRefused("option-missing", column, "", option=name)
            options.append((name, row[column]))
        price = cell_of(row, "variant price", lambda cell: read_money(cell, sign, code))
        before = cell_of(row, "variant compare at price", lambda cell: read_money(cell, sign, code))
        is_sale = price is not None and before is not None and price < before
        quantity = cell_of(row, "variant inventory qty", lambda cell: read_count(cell, sign))
        is_tracked = bool(row["variant inventory tracker"])
        if quantity is not None and not is_tracked:
            desk.say(
                row.row, "quantity-not-counted", "variant inventory qty",
                row["variant inventory qty"],
            )  # fmt: skip
        beyond = row["variant inventory policy"].casefold() == "continue"
        if is_tracked and quantity is not None and quantity < 0:
            desk.say(
                row.row, "negative-stock", "variant inventory qty", row["variant inventory qty"]
            )
            quantity = 0
        barcode = re.sub(r"[\s-]", "", row["variant barcode"]) or None
        if barcode and not is_barcode(barcode):
            desk.say(row.row, "bad-barcode", "variant barcode", barcode)
            barcode = None
        grams = cell_of(row, "variant grams", lambda cell: read_grams(cell, sign, "g"))
        return FileVariant(
            row=row.row,
            keys=(
                f"shopify:{row['handle'].casefold()}#{'/'.join(v for _, v in options)}".casefold(),
            ),
            sku=row["variant sku"] or None,
            barcode=barcode,
            options=tuple(options),
            price=before if is_sale else price,
            sale=price if is_sale else None,
            is_regular_now=price is not None and not is_sale,
            tracked=True if is_tracked else None,
            on_hand=quantity if is_tracked else None,
            sell_beyond=beyond if is_tracked and row["variant inventory policy"] else None,
            weight_g=grams or None,
            picture_url=row["variant image"] or None,
        )


def _is_variant(row: Row) -> bool:
    return bool(
        row["variant price"] or row["variant sku"] or any(row[value] for _, value in _OPTIONS)
    )


def _lenient_answer(cell: str) -> bool:
    return cell.casefold() not in {"false", "no", "0"}


def _status(row: Row) -> ProductStatus | None:
    status = row["status"].casefold()
    published = cell_of(row, "published", read_answer)
    if status not in {"", "active", "draft", "archived", "unlisted"}:
        raise RowRefused("unknown-status", "status", row["status"])
    if status == "draft":
        return ProductStatus.DRAFT
    if status in {"archived", "unlisted"} or published is False:
        return ProductStatus.HIDDEN
    return ProductStatus.PUBLISHED if status == "active" or published else None


_HEADER = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value",
    "Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty",
    "Variant Inventory Policy", "Variant Fulfillment Service", "Variant Price",
    "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable", "Variant Barcode",
    "Image Src", "Image Position", "Variant Image", "Variant Weight Unit", "Collection", "Status",
)  # fmt: skip


def write(shelf: Shelf, now: int) -> Iterator[list[str]]:
    """The rows of a file that Shopify reads. Of a sale it can only say that it is on at `now`."""
    yield list(_HEADER)
    for product in shelf.products:
        pictures = picture_urls(shelf, product.picture_ids)
        rows = [
            _variant_cells(product, variant, shelf, now, is_first=position == 0)
            for position, variant in enumerate(product.variants)
        ]
        rows[0] |= _product_cells(product, shelf)
        rows += [{} for _ in range(len(pictures) - len(rows))]
        for position, cells in enumerate(rows):
            cells["Handle"] = to_cell(product.slug)
            if position < len(pictures):
                cells["Image Src"] = pictures[position]
                cells["Image Position"] = str(position + 1)
            yield [cells.get(name, "") for name in _HEADER]


def _product_cells(product: Product, shelf: Shelf) -> dict[str, str]:
    facts = {it.name.casefold(): it.value for it in reversed(product.attributes)}
    path = next((shelf.paths[id_] for id_ in product.collection_ids), ())
    return {
        "Title": to_cell(product.name),
        "Body (HTML)": to_cell(product.description),
        "Vendor": to_cell(facts.get("vendor", "")),
        "Type": to_cell(facts.get("type", "")),
        "Tags": to_cell(write_list(product.tags)),
        "Published": "true" if product.status == ProductStatus.PUBLISHED else "false",
        "Collection": to_cell(" > ".join(path)),
        "Status": "draft" if product.status == ProductStatus.DRAFT else "active",
    }


def _variant_cells(
    product: Product, variant: Variant, shelf: Shelf, now: int, *, is_first: bool
) -> dict[str, str]:
    price, stock = variant.price, variant.stock
    sale = price.sale if price and price.is_reduced_at(now) else None
    weight = variant.weight_g if variant.weight_g is not None else product.weight_g
    cells = {
        "Variant SKU": to_cell(variant.sku or ""),
        "Variant Grams": str(weight or 0),
        "Variant Inventory Tracker": "shopify" if stock.tracked else "",
        "Variant Inventory Qty": str(stock.on_hand) if stock.tracked else "",
        "Variant Inventory Policy": "continue" if stock.sell_beyond else "deny",
        "Variant Fulfillment Service": "manual",
        "Variant Price": plain_price(price.at(now)) if price else "",
        "Variant Compare At Price": plain_price(price.regular)
        if price and sale is not None
        else "",
        "Variant Requires Shipping": "true" if product.needs_delivery else "false",
        "Variant Taxable": "true",
        "Variant Barcode": variant.barcode or "",
        "Variant Image": next(iter(picture_urls(shelf, filter(None, [variant.picture_id]))), ""),
        "Variant Weight Unit": "g",
    }
    if not product.options:
        return cells | {"Option1 Name": "Title", "Option1 Value": "Default Title"}
    for number, (option, value) in enumerate(
        zip(product.options, variant.option_values, strict=True), start=1
    ):
        cells[f"Option{number} Name"] = to_cell(option.name) if is_first else ""
        cells[f"Option{number} Value"] = to_cell(value)
    return cells
