"""The product CSV of WooCommerce. A parent and its variations are rows of their own.

Source: the "Product CSV Import Schema" of the WooCommerce documentation.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from ...model import Attribute, Option, Product, ProductStatus, Variant, sku_key
from ..cells import (
    is_barcode,
    plain_number,
    plain_price,
    read_answer,
    read_count,
    read_grams,
    read_list,
    read_path,
    write_list,
)
from ..drafts import (
    Context,
    Desk,
    FileCollection,
    FileProduct,
    FileVariant,
    Reading,
    RowRefused,
    cell_of,
    read_prices,
)
from ..table import Row, Table, to_cell
from ..writing import Shelf, instant_text, picture_urls

NAME = "woocommerce"
LABEL = "WooCommerce CSV"
NUMBERS: tuple[str, ...] = ("regular price", "sale price", "weight", "stock")

_USED = {
    "id", "type", "sku", "gtin, upc, ean, or isbn", "name", "published",
    "visibility in catalog", "short description", "description", "date sale price starts",
    "date sale price ends", "tax class", "in stock?", "stock", "low stock amount",
    "backorders allowed?", "weight", "sale price", "regular price", "categories", "tags",
    "images", "parent", "grouped products", "external url", "meta: kirana_id",
}  # fmt: skip
_SILENT = (
    r"attribute \d+ (name|value\(s\)|visible|global|default)|is featured\?|tax status|position"
    r"|allow customer reviews\?|sold individually\?|button text|download limit"
    r"|download expiry days|download \d+ (id|name|url)"
)
"""Columns whose loss says nothing, or is said in another way."""


def recognizes(table: Table) -> bool:
    return "regular price" in table and ("sku" in table or "name" in table or "id" in table)


def read(table: Table, context: Context) -> Reading:
    return _Reader(table, context).read()


class _Reader:
    def __init__(self, table: Table, context: Context) -> None:
        self._table = table
        self._desk = Desk(table, context)
        self._products: dict[str, FileProduct] = {}
        """By each of their keys."""
        self._order: list[str] = []
        self._variants: dict[str, list[FileVariant]] = {}
        self._waiting: list[tuple[Row, FileVariant]] = []
        self._collections: list[FileCollection] = []
        self._skus: dict[str, int] = {}
        self._refused: dict[str, int] = {}
        self._attributes = [
            (int(found[1]), f"attribute {found[1]} name", f"attribute {found[1]} value(s)")
            for _, found in table.matching(r"attribute (\d+) name")
        ]

    def read(self) -> Reading:
        for row in self._table.rows:
            try:
                self._read_row(row)
            except RowRefused as refused:
                self._desk.refuse(
                    row.row, refused.code, refused.column, refused.quote, **refused.facts
                )
                for key in _keys(row):
                    self._refused.setdefault(key, row.row)
        orphans = self._place_variations()
        products = []
        for key in self._order:
            product = self._products[key]
            variants = tuple(self._variants.get(key, ()))
            if product.options and not variants:
                self._desk.refuse(product.row, "no-variations", "type", "variable")
                continue
            products.append(replace(product, variants=variants) if variants else product)
        used = {*_USED, *(name for name, _ in self._table.matching(_SILENT))}
        return self._desk.reading([*products, *orphans], used, self._collections)

    def _read_row(self, row: Row) -> None:
        kinds = {kind.casefold() for kind in read_list(row["type"])}
        if unknown := kinds - _KINDS:
            raise RowRefused("unknown-type", "type", min(unknown))
        self._claim_sku(row)
        if "variation" in kinds:
            self._read_variation(row)
        elif "grouped" in kinds:
            self._read_collection(row)
        else:
            self._read_product(row, kinds)

    def _claim_sku(self, row: Row) -> None:
        if sku := row["sku"].casefold():
            if other := self._skus.get(sku):
                raise RowRefused("duplicate-sku", "sku", row["sku"], other=other)
            self._skus[sku] = row.row

    def _read_product(self, row: Row, kinds: set[str]) -> None:
        keys = _keys(row)
        if not keys:
            raise RowRefused("no-name", "name", "")
        is_parent = "variable" in kinds
        variant = None if is_parent else self._variant(row, keys)
        if is_parent and row["regular price"]:
            self._desk.say(row.row, "price-on-parent", "regular price", row["regular price"])
        if row["download 1 url"]:
            self._desk.say(row.row, "downloads-not-taken", "download 1 url", row["download 1 url"])
        is_external = "external" in kinds
        if is_external:
            self._desk.say(
                row.row, "sold-elsewhere", "external url", row["external url"] or "external"
            )
        options, attributes = self._options_and_attributes(row, is_parent)
        product = FileProduct(
            row=row.row,
            keys=keys,
            name=row["name"] or None,
            description=_description(row),
            status=None if is_external else self._status(row),
            status_when_new=ProductStatus.DRAFT if is_external else ProductStatus.PUBLISHED,
            options=options,
            tags=read_list(row["tags"]) or None,
            attributes=attributes or None,
            tax_class=_tax_class(row),
            needs_delivery=False if kinds & {"virtual", "downloadable"} else None,
            weight_g=self._weight(row) if is_parent else None,
            collections=tuple(map(read_path, read_list(row["categories"]))) or None,
            picture_urls=read_list(row["images"]) or None,
            variants=(variant,) if variant else (),
            may_be_variant=not kinds,
        )
        if there := self._products.get(keys[0]):
            raise RowRefused("duplicate-product", "name", row["name"], other=there.row)
        self._order.append(keys[0])
        for key in keys:
            self._products.setdefault(key, product)

    def _read_variation(self, row: Row) -> None:
        if row["published"] in {"0", "-1"}:
            self._desk.skip(row.row, "disabled-variation", "published", row["published"])
            return
        if not row["parent"]:
            raise RowRefused("no-parent", "parent", "")
        options = tuple(
            (row[name], next(iter(read_list(row[value])), ""))
            for _, name, value in self._attributes
            if row[name]
        )
        if not options:
            raise RowRefused("no-options", "attribute 1 name", "")
        variant = replace(
            self._variant(row, _keys(row)),
            options=options,
            weight_g=self._weight(row),
            picture_url=next(iter(read_list(row["images"])), None),
        )
        if variant.on_hand is not None and any(not value for _, value in options):
            raise RowRefused("any-with-stock", "stock", row["stock"] or row["in stock?"])
        if not variant.keys:
            named = "/".join(f"{name}={value}" for name, value in options).casefold()
            variant = replace(variant, keys=(f"{_reference(row['parent'])}#{named}",))
        self._waiting.append((row, variant))

    def _place_variations(self) -> list[FileProduct]:
        """Put variations under their parents, which may stand below them or not in the file."""
        orphans: dict[str, list[FileVariant]] = {}
        seen: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
        for row, variant in self._waiting:
            reference = _reference(row["parent"])
            if other := self._refused.get(reference):
                self._desk.refuse(row.row, "parent-refused", "parent", row["parent"], other=other)
                continue
            choice = (reference, tuple((n.casefold(), v.casefold()) for n, v in variant.options))
            if other := seen.get(choice):
                self._desk.refuse(
                    row.row, "duplicate-variant", "parent", row["parent"], other=other
                )
                continue
            seen[choice] = row.row
            parent = self._products.get(reference)
            if parent is None:
                orphans.setdefault(reference, []).append(variant)
            else:
                self._variants.setdefault(parent.keys[0], []).append(variant)
        return [
            FileProduct(row=variants[0].row, keys=(key,), variants=tuple(variants), must_exist=True)
            for key, variants in orphans.items()
        ]

    def _read_collection(self, row: Row) -> None:
        if not row["name"]:
            raise RowRefused("no-name", "name", "")
        self._collections.append(
            FileCollection(
                row=row.row,
                keys=_keys(row),
                name=row["name"],
                description=_description(row) or "",
                members=tuple(map(_reference, read_list(row["grouped products"]))),
                is_hidden=self._status(row) not in (None, ProductStatus.PUBLISHED),
            )
        )

    def _variant(self, row: Row, keys: tuple[str, ...]) -> FileVariant:
        desk, sign = self._desk, self._desk.context.decimal
        prices = read_prices(
            desk,
            row,
            regular="regular price",
            sale="sale price",
            starts="date sale price starts",
            ends="date sale price ends",
        )
        if row["stock"].casefold() == "parent":
            desk.say(row.row, "shared-stock", "stock", row["stock"])
            on_hand = None
        else:
            on_hand = cell_of(row, "stock", lambda cell: read_count(cell, sign))
        beyond = cell_of(row, "backorders allowed?", _backorders) if on_hand is not None else None
        if on_hand is not None and on_hand < 0:
            desk.say(row.row, "negative-stock", "stock", row["stock"])
            on_hand = 0
        if on_hand is None and row["in stock?"] == "0":
            on_hand = 0
        low_at = cell_of(row, "low stock amount", lambda cell: read_count(cell, sign))
        barcode = re.sub(r"[\s-]", "", row["gtin, upc, ean, or isbn"]) or None
        if barcode and not is_barcode(barcode):
            desk.say(row.row, "bad-barcode", "gtin, upc, ean, or isbn", barcode)
            barcode = None
        return FileVariant(
            row=row.row,
            keys=keys,
            sku=row["sku"] or None,
            barcode=barcode,
            price=prices.regular,
            sale=prices.sale,
            sale_starts_at=prices.starts_at,
            sale_ends_at=prices.ends_at,
            tracked=None if on_hand is None else True,
            on_hand=on_hand,
            sell_beyond=beyond,
            low_at=low_at,
            weight_g=self._weight(row),
        )

    def _weight(self, row: Row) -> int | None:
        sign, unit = self._desk.context.decimal, self._table.unit("weight") or "kg"
        try:
            return cell_of(row, "weight", lambda cell: read_grams(cell, sign, unit))
        except RowRefused as refused:
            if refused.code != "weight-unit":
                raise
            self._desk.say(row.row, "weight-unit", "weight", row["weight"])
            return None

    def _status(self, row: Row) -> ProductStatus | None:
        if row["published"] and row["published"] not in {"1", "0", "-1"}:
            answer = cell_of(row, "published", read_answer)
            published = "1" if answer else "0"
        else:
            published = row["published"]
        if published == "-1":
            return ProductStatus.DRAFT
        if published == "0" or row["visibility in catalog"].casefold() == "hidden":
            return ProductStatus.HIDDEN
        return ProductStatus.PUBLISHED if published == "1" else None

    def _options_and_attributes(
        self, row: Row, is_parent: bool
    ) -> tuple[tuple[Option, ...], tuple[Attribute, ...]]:
        named = [
            (number, row[name], read_list(row[value]))
            for number, name, value in self._attributes
            if row[name] and row[value]
        ]
        if not is_parent:
            return (), tuple(Attribute(name, ", ".join(values)) for _, name, values in named)
        used = self._option_names(row)
        options = [(name, values) for _, name, values in named if name.casefold() in used]
        others = [(name, values) for _, name, values in named if name.casefold() not in used]
        return (
            tuple(Option(name, values) for name, values in options),
            tuple(Attribute(name, ", ".join(values)) for name, values in others),
        )

    def _option_names(self, parent: Row) -> set[str]:
        """The attributes by which this parent's variations differ: those that they name."""
        if not hasattr(self, "_names_by_parent"):
            self._names_by_parent: dict[str, set[str]] = {}
            for row in self._table.rows:
                if "variation" in row["type"].casefold() and row["parent"]:
                    names = self._names_by_parent.setdefault(_reference(row["parent"]), set())
                    names.update(row[n].casefold() for _, n, _ in self._attributes if row[n])
        found: set[str] = set()
        for key in _keys(parent):
            found |= self._names_by_parent.get(key, set())
        if not found:
            found = {parent[name].casefold() for _, name, _ in self._attributes if parent[name]}
        return found


_KINDS = {"simple", "variable", "variation", "grouped", "external", "virtual", "downloadable"}


def _keys(row: Row) -> tuple[str, ...]:
    keys = []
    if row["meta: kirana_id"]:
        keys.append(f"kirana:id:{row['meta: kirana_id'].lower()}")
    if row["sku"]:
        keys.append(f"woocommerce:sku:{row['sku'].casefold()}")
    if row["id"]:
        keys.append(f"woocommerce:id:{row['id']}")
    if not keys and row["name"] and row["type"].casefold() != "variation":
        # Only what an earlier file brought under this key is found again, never a namesake.
        keys.append(f"woocommerce:named:{row['name'].casefold()}")
    return tuple(keys)


def _reference(written: str) -> str:
    """The key of the product that a cell points at: a SKU, or `id:44`."""
    if match := re.fullmatch(r"id:\s*(\d+)", written.strip(), re.I):
        return f"woocommerce:id:{match[1]}"
    return f"woocommerce:sku:{written.strip().casefold()}"


def _description(row: Row) -> str | None:
    short, long = (
        row[name].replace("\\r", "").replace("\\n", "\n")
        for name in ("short description", "description")
    )
    if short and long and short != long:
        if "<" in short + long:
            return f"<p>{short}</p>\n{long}"
        return f"{short}\n\n{long}"
    return long or short or None


def _tax_class(row: Row) -> str | None:
    name = row["tax class"]
    return (
        None if name.casefold() in {"", "parent"} else "" if name.casefold() == "standard" else name
    )


def _backorders(cell: str) -> bool:
    return cell.casefold() == "notify" or read_answer(cell)


_HEADER = (
    "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Visibility in catalog",
    "Description", "Date sale price starts", "Date sale price ends", "Tax class", "In stock?",
    "Stock", "Low stock amount", "Backorders allowed?", "Weight (kg)", "Sale price",
    "Regular price", "Categories", "Tags", "Images", "Parent", "Position", "Meta: kirana_id",
)  # fmt: skip


def write(shelf: Shelf) -> Iterator[list[str]]:
    """The rows of a file that WooCommerce reads, and that Kirana reads back as unchanged."""
    widest = max((len(_written_attributes(product)) for product in shelf.products), default=0)
    attributes = [
        f"Attribute {n} {part}"
        for n in range(1, widest + 1)
        for part in ("name", "value(s)", "visible", "global")
    ]
    header = [*_HEADER, *attributes]
    yield header
    for product in shelf.products:
        for cells in _product_rows(product, shelf):
            yield [cells.get(name, "") for name in header]


def _product_rows(product: Product, shelf: Shelf) -> Iterator[dict[str, str]]:
    parts = [] if product.needs_delivery else ["virtual"]
    texts = {
        "Name": to_cell(product.name),
        "Published": "-1" if product.status == ProductStatus.DRAFT else "1",
        "Visibility in catalog": "hidden" if product.status == ProductStatus.HIDDEN else "visible",
        "Description": to_cell(product.description),
        "Tax class": to_cell(product.tax_class or "standard"),
        "Categories": to_cell(
            write_list(" > ".join(shelf.paths[id_]) for id_ in product.collection_ids)
        ),
        "Tags": to_cell(write_list(product.tags)),
        "Images": write_list(picture_urls(shelf, product.picture_ids)),
        "Position": "0",
        "Meta: kirana_id": str(product.id),
        **_attribute_cells(_written_attributes(product)),
    }
    if not product.options:
        variant = product.variants[0]
        yield {
            "Type": ", ".join(["simple", *parts]),
            **texts,
            **_variant_cells(product, variant, shelf),
        }
        return
    skus = {sku_key(variant.sku) for variant in product.variants if variant.sku}
    parent = product.slug if sku_key(product.slug) not in skus else f"{product.slug}-parent"
    weight = "" if product.weight_g is None else _kilograms(product.weight_g)
    yield {
        "Type": ", ".join(["variable", *parts]),
        "SKU": to_cell(parent),
        "In stock?": "1",
        "Weight (kg)": weight,
        **texts,
    }
    for position, variant in enumerate(product.variants, start=1):
        chosen = [
            (option.name, value)
            for option, value in zip(product.options, variant.option_values, strict=True)
        ]
        yield {
            "Type": ", ".join(["variation", *parts]),
            "Name": to_cell(f"{product.name} - {', '.join(variant.option_values)}"),
            "Published": "1",
            "Visibility in catalog": "visible",
            "Tax class": "parent",
            "Images": write_list(picture_urls(shelf, filter(None, [variant.picture_id]))),
            "Parent": to_cell(parent),
            "Position": str(position),
            "Meta: kirana_id": str(variant.id),
            **_attribute_cells([(name, [value]) for name, value in chosen]),
            **_variant_cells(product, variant, shelf),
        }


def _variant_cells(product: Product, variant: Variant, shelf: Shelf) -> dict[str, str]:
    price, stock = variant.price, variant.stock
    sale = price.sale if price and not price.is_sale_pointless else None
    weight = variant.weight_g if variant.weight_g is not None else product.weight_g
    has_sale = price is not None and sale is not None
    return {
        "SKU": to_cell(variant.sku or ""),
        "GTIN, UPC, EAN, or ISBN": variant.barcode or "",
        "Date sale price starts": instant_text(price.sale_starts_at, shelf.zone)
        if price and has_sale
        else "",
        "Date sale price ends": instant_text(price.sale_ends_at, shelf.zone)
        if price and has_sale
        else "",
        "In stock?": "1" if not stock.tracked or stock.on_hand > 0 or stock.sell_beyond else "0",
        "Stock": str(stock.on_hand) if stock.tracked else "",
        "Low stock amount": "" if stock.low_at is None else str(stock.low_at),
        "Backorders allowed?": "1" if stock.sell_beyond else "0",
        "Weight (kg)": "" if weight is None else _kilograms(weight),
        "Sale price": plain_price(sale) if sale is not None else "",
        "Regular price": plain_price(price.regular) if price else "",
    }


def _written_attributes(product: Product) -> list[tuple[str, Sequence[str]]]:
    options = [(option.name, option.values) for option in product.options]
    names = {name.casefold() for name, _ in options}
    others = [
        (it.name, (it.value,))
        for it in product.attributes
        if it.value and it.name.casefold() not in names
    ]
    return [*options, *others]


def _attribute_cells(attributes: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    cells = {}
    for number, (name, values) in enumerate(attributes, start=1):
        cells[f"Attribute {number} name"] = to_cell(name)
        cells[f"Attribute {number} value(s)"] = to_cell(write_list(values))
        cells[f"Attribute {number} visible"] = "1"
        cells[f"Attribute {number} global"] = "0"
    return cells


def _kilograms(grams: int) -> str:
    return plain_number(Decimal(grams) / 1000)
