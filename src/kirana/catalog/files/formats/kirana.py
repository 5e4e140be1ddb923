"""Kirana's own CSV: everything a product has, in columns that a shopkeeper understands.

Rows of one handle are one product. The first has what belongs to the product; every row has one
variant. An empty cell leaves what the shop has; a single `-` empties a field.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from kirana.values import Money, UnknownCurrency, currency

from ...model import Attribute, Option, Price, Product, ProductStatus, Variant, slug_of
from ..cells import (
    BadCell,
    is_barcode,
    join_escaped,
    plain_price,
    read_answer,
    read_count,
    read_grams,
    split_escaped,
)
from ..drafts import (
    Context,
    Desk,
    FileProduct,
    FileVariant,
    Reading,
    RowRefused,
    cell_of,
    read_prices,
)
from ..table import Row, Table, to_cell
from ..writing import Shelf, instant_text, picture_urls

NAME = "kirana"
LABEL = "Kirana CSV"
NUMBERS: tuple[str, ...] = ("price", "sale price", "stock", "low stock", "weight", "variant weight")

T = TypeVar("T")
_OPTIONS = [(f"option {n}", f"value {n}", f"values of option {n}") for n in (1, 2, 3)]
_PRODUCT_COLUMNS = (
    "handle", "name", "description", "status", "collections", "tags", "attributes", "pictures",
    "tax class", "needs delivery", "weight",
)  # fmt: skip
_VARIANT_COLUMNS = (
    "sku", "barcode", "price", "sale price", "sale starts", "sale ends", "count stock", "stock",
    "sell beyond stock", "backorder text", "low stock", "variant weight", "variant picture",
)  # fmt: skip
_PRICE_COLUMNS = ("price", "sale price", "sale starts", "sale ends")
"""In further currencies these have the currency's code behind them."""
_USED = {*_PRODUCT_COLUMNS, *_VARIANT_COLUMNS, *(name for names in _OPTIONS for name in names)}


def recognizes(table: Table) -> bool:
    return (
        "name" in table
        and "price" in table
        and bool({"handle", "collections", "count stock", "stock", "option 1"} & set(table.names))
        and not {"title", "link", "image_link", "option1_name"} & set(table.names)
    )


def read(table: Table, context: Context) -> Reading:
    return _Reader(table, context).read()


class _Reader:
    def __init__(self, table: Table, context: Context) -> None:
        self._table = table
        self._desk = Desk(table, context)
        self._texts = {
            found[1]: (f"name [{found[1]}]", f"description [{found[1]}]")
            for _, found in table.matching(r"(?:name|description) \[([\w-]+)\]")
        }
        self._currencies = {
            found[1].upper(): tuple(f"{name} {found[1]}" for name in _PRICE_COLUMNS)
            for _, found in table.matching(r"price ([a-z]{3})")
            if _is_currency(found[1].upper()) and found[1].upper() != context.currency
        }

    def read(self) -> Reading:
        products = [self._product(*group) for group in self._groups()]
        pairs = (*self._texts.values(), *self._currencies.values())
        used = _USED | {name for pair in pairs for name in pair}
        return self._desk.reading([product for product in products if product], used)

    def _groups(self) -> list[tuple[str, list[Row]]]:
        """The rows of each product, under its key."""
        groups: dict[str, list[Row]] = {}
        last = ""
        for row in self._table.rows:
            if row["handle"]:
                last = f"kirana:{slug_of(row['handle'])}"
            elif row["name"]:
                last = f"kirana:named:{slug_of(row['name'])}"
                if last in groups and not row["value 1"]:
                    other = groups[last][0].row
                    self._desk.refuse(
                        row.row, "duplicate-product", "name", row["name"], other=other
                    )
                    continue
            elif not last:
                self._desk.refuse(row.row, "no-handle", "handle")
                continue
            groups.setdefault(last, []).append(row)
        return list(groups.items())

    def _product(self, key: str, rows: list[Row]) -> FileProduct | None:
        first = rows[0]
        try:
            product = self._first_row(key, first)
        except RowRefused as refused:
            self._refuse(first, refused)
            self._refuse_others(rows)
            return None
        names = [next((row[name] for row in rows if row[name]), "") for name, _, _ in _OPTIONS]
        names = [name for name in names if name]
        variants: list[FileVariant] = []
        seen: dict[tuple[str, ...], int] = {}
        for row in rows:
            try:
                variant = self._variant(row, names)
                choice = tuple(value.casefold() for _, value in variant.options)
                if other := seen.get(choice):
                    raise RowRefused("duplicate-variant", "value 1", row["value 1"], other=other)
                seen[choice] = row.row
                variants.append(variant)
            except RowRefused as refused:
                self._refuse(row, refused)
                if row is first:
                    self._refuse_others(rows)
                    return None
        options = []
        for name, (_, _, ordered) in zip(names, _OPTIONS, strict=False):
            values = [
                *split_escaped(first[ordered], ","),
                *(dict(v.options)[name] for v in variants),
            ]
            options.append(Option(name, tuple(dict.fromkeys(values))))
        return replace(product, options=tuple(options), variants=tuple(variants))

    def _first_row(self, key: str, row: Row) -> FileProduct:
        texts = [
            (language, _text(row, name) or "", _text(row, description) or "")
            for language, (name, description) in self._texts.items()
            if row[name] or row[description]
        ]
        return FileProduct(
            row=row.row,
            keys=(key,),
            slug=row["handle"] or None,
            name=row["name"] or None,
            description=_text(row, "description"),
            status=cell_of(row, "status", _status),
            tags=_list(row, "tags"),
            attributes=_parts(row, "attributes", "|", _attribute),
            texts=tuple(texts),
            tax_class=_text(row, "tax class"),
            needs_delivery=cell_of(row, "needs delivery", read_answer),
            weight_g=self._weight(row, "weight"),
            collections=_parts(row, "collections", ",", lambda path: split_escaped(path, ">")),
            picture_urls=_list(row, "pictures"),
            is_complete=True,
        )

    def _variant(self, row: Row, names: list[str]) -> FileVariant:
        desk, sign = self._desk, self._desk.context.decimal
        options = []
        for name, (_, column, _) in zip(names, _OPTIONS, strict=False):
            if not row[column]:
                raise RowRefused("option-missing", column, "", option=name)
            options.append((name, row[column]))
        ends_sale = row.is_dash("sale price")
        prices = read_prices(
            desk,
            row,
            regular="price",
            sale="" if ends_sale else "sale price",
            starts="" if ends_sale else "sale starts",
            ends="" if ends_sale else "sale ends",
            keeps_past=True,
        )
        barcode = re.sub(r"[\s-]", "", row["barcode"]) or None
        if barcode and not is_barcode(barcode):
            desk.say(row.row, "bad-barcode", "barcode", barcode)
            barcode = None
        on_hand = cell_of(row, "stock", lambda cell: read_count(cell, sign))
        if on_hand is not None and on_hand < 0:
            desk.say(row.row, "negative-stock", "stock", row["stock"])
            on_hand = 0
        tracked = cell_of(row, "count stock", read_answer)
        return FileVariant(
            row=row.row,
            sku=row["sku"] or None,
            barcode=barcode,
            options=tuple(options),
            price=prices.regular,
            sale=prices.sale,
            ends_sale=ends_sale,
            sale_starts_at=prices.starts_at,
            sale_ends_at=prices.ends_at,
            other_prices=tuple(self._other_prices(row)),
            tracked=True if tracked is None and on_hand is not None else tracked,
            on_hand=on_hand,
            sell_beyond=cell_of(row, "sell beyond stock", read_answer),
            backorder_text=_text(row, "backorder text"),
            low_at=-1
            if row.is_dash("low stock")
            else cell_of(row, "low stock", lambda cell: read_count(cell, sign)),
            weight_g=self._weight(row, "variant weight"),
            picture_url=row["variant picture"] or None,
        )

    def _other_prices(self, row: Row) -> Iterator[Price]:
        desk = self._desk
        for code, (price, sale, starts, ends) in self._currencies.items():
            abroad = replace(desk, context=replace(desk.context, currency=code))
            said = read_prices(
                abroad, row, regular=price, sale=sale, starts=starts, ends=ends, keeps_past=True
            )
            if said.regular is not None:
                yield Price(said.regular, said.sale, said.starts_at, said.ends_at)

    def _weight(self, row: Row, column: str) -> int | None:
        sign, unit = self._desk.context.decimal, self._table.unit(column) or "g"
        return cell_of(row, column, lambda cell: read_grams(cell, sign, unit))

    def _refuse_others(self, rows: list[Row]) -> None:
        for row in rows[1:]:
            self._desk.refuse(row.row, "parent-refused", "handle", row["handle"], other=rows[0].row)

    def _refuse(self, row: Row, refused: RowRefused) -> None:
        self._desk.refuse(row.row, refused.code, refused.column, refused.quote, **refused.facts)


def write(shelf: Shelf) -> Iterator[list[str]]:
    """The rows of a file with all that these products are."""
    languages = sorted({language for product in shelf.products for language in product.texts})
    codes = sorted(
        {
            price.regular.currency
            for product in shelf.products
            for variant in product.variants
            for price in variant.other_prices
        }
    )
    orders = [_options_out_of_order(product) for product in shelf.products]
    ordered = [n for n in range(3) if any(len(order) > n and order[n] for order in orders)]
    header = {
        **{name: _HEADERS.get(name, name) for name in _PRODUCT_COLUMNS},
        **{f"name [{lang}]": f"name [{lang}]" for lang in languages},
        **{f"description [{lang}]": f"description [{lang}]" for lang in languages},
        **{name: name for option, value, _ in _OPTIONS for name in (option, value)},
        **{_OPTIONS[n][2]: _OPTIONS[n][2] for n in ordered},
        **{name: _HEADERS.get(name, name) for name in _VARIANT_COLUMNS},
        **{f"{kind} {code}": f"{kind} {code}" for code in codes for kind in _PRICE_COLUMNS},
    }
    yield list(header.values())
    for product, order in zip(shelf.products, orders, strict=True):
        cells = _product_cells(
            product, shelf, [order[n] if n < len(order) else () for n in range(3)]
        )
        for variant in product.variants:
            cells |= _variant_cells(product, variant, shelf)
            yield [cells.get(name, "") for name in header]
            cells = {"handle": to_cell(product.slug)}


def template(code: str) -> list[list[str]]:
    """The file to begin with: the usual columns and two products as an example."""
    header = [
        "name", "description", "collections", "pictures", "option 1", "value 1", "sku", "price",
        "sale price", "stock",
    ]  # fmt: skip
    amounts = [Money(n * 10 ** currency(code).exponent, code) for n in (12, 10, 30, 35)]
    tea, sale, small, large = map(plain_price, amounts)
    return [
        header,
        ["Green tea", "Loose leaves, 250 g", "Food > Tea", "", "", "", "TEA-1", tea, sale, "40"],
        ["Linen shirt", "Sewn here", "Clothes", "", "Size", "M", "SHIRT-M", small, "", "5"],
        ["Linen shirt", "", "", "", "Size", "L", "SHIRT-L", large, "", "3"],
    ]


_HEADERS = {"weight": "weight (g)", "variant weight": "variant weight (g)"}


def _product_cells(
    product: Product, shelf: Shelf, orders: Sequence[Sequence[str]]
) -> dict[str, str]:
    cells = {
        "handle": to_cell(product.slug),
        "name": to_cell(product.name),
        "description": to_cell(product.description),
        "status": str(product.status),
        "collections": to_cell(
            join_escaped(
                (
                    " > ".join(name.replace("\\", "\\\\").replace(">", "\\>") for name in path)
                    for path in sorted(shelf.paths[id_] for id_ in product.collection_ids)
                ),
                ",",
            )
        ),
        "tags": to_cell(join_escaped(product.tags, ",")),
        "attributes": to_cell(
            join_escaped(
                (f"{_escaped_name(it.name)}: {it.value}" for it in product.attributes), "|"
            )
        ),
        "pictures": join_escaped(picture_urls(shelf, product.picture_ids), ","),
        "tax class": to_cell(product.tax_class),
        "needs delivery": _answer(product.needs_delivery),
        "weight": "" if product.weight_g is None else str(product.weight_g),
    }
    for language, text in product.texts.items():
        cells[f"name [{language}]"] = to_cell(text.name)
        cells[f"description [{language}]"] = to_cell(text.description)
    for option, (name, _, values), order in zip(product.options, _OPTIONS, orders, strict=False):
        cells[name] = to_cell(option.name)
        cells[values] = to_cell(join_escaped(order, ","))
    return cells


def _variant_cells(product: Product, variant: Variant, shelf: Shelf) -> dict[str, str]:
    price, stock = variant.price, variant.stock
    cells = {
        "sku": to_cell(variant.sku or ""),
        "barcode": variant.barcode or "",
        "price": plain_price(price.regular) if price else "",
        "sale price": plain_price(price.sale) if price and price.sale is not None else "",
        "sale starts": instant_text(price.sale_starts_at, shelf.zone) if price else "",
        "sale ends": instant_text(price.sale_ends_at, shelf.zone) if price else "",
        "count stock": _answer(stock.tracked),
        "stock": str(stock.on_hand) if stock.tracked or stock.on_hand else "",
        "sell beyond stock": _answer(stock.sell_beyond),
        "backorder text": to_cell(stock.backorder_text),
        "low stock": "" if stock.low_at is None else str(stock.low_at),
        "variant weight": "" if variant.weight_g is None else str(variant.weight_g),
        "variant picture": next(iter(picture_urls(shelf, filter(None, [variant.picture_id]))), ""),
    }
    for value, (_, column, _) in zip(variant.option_values, _OPTIONS, strict=False):
        cells[column] = to_cell(value)
    for other in variant.other_prices:
        code = other.regular.currency
        cells[f"price {code}"] = plain_price(other.regular)
        cells[f"sale price {code}"] = plain_price(other.sale) if other.sale is not None else ""
        cells[f"sale starts {code}"] = instant_text(other.sale_starts_at, shelf.zone)
        cells[f"sale ends {code}"] = instant_text(other.sale_ends_at, shelf.zone)
    return cells


def _options_out_of_order(product: Product) -> list[tuple[str, ...]]:
    """For each option its values, where the variants do not show them in this order."""
    orders = []
    for position, option in enumerate(product.options):
        shown = dict.fromkeys(variant.option_values[position] for variant in product.variants)
        orders.append(() if tuple(shown) == option.values else option.values)
    return orders


def _text(row: Row, column: str) -> str | None:
    return "" if row.is_dash(column) else row[column] or None


def _list(row: Row, column: str) -> tuple[str, ...] | None:
    return _parts(row, column, ",", str)


def _parts(row: Row, column: str, separator: str, read: Callable[[str], T]) -> tuple[T, ...] | None:
    if row.is_dash(column):
        return ()
    return tuple(map(read, split_escaped(row[column], separator))) or None


def _attribute(written: str) -> Attribute:
    name, value = re.match(r"((?:\\.|[^:\\])*):?(.*)", written, re.S).groups()  # type: ignore[union-attr]
    return Attribute(re.sub(r"\\(.)", r"\1", name).strip(), value.strip())


def _escaped_name(name: str) -> str:
    return re.sub(r"([:\\])", r"\\\1", name)


def _status(cell: str) -> ProductStatus:
    try:
        return ProductStatus(cell.casefold())
    except ValueError:
        raise BadCell("unknown-status") from None


def _answer(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _is_currency(code: str) -> bool:
    try:
        currency(code)
    except UnknownCurrency:
        return False
    return True
