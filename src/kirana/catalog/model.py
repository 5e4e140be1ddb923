"""What a product is, what it costs at a given moment and how much of it is left. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

import nh3

from kirana.values import BusinessId, CollectionId, Money, ProductId, VariantId

MAX_NAME = 150
MAX_DESCRIPTION = 20_000
MAX_PICTURES = 20
MAX_OPTIONS = 3
MAX_OPTION_VALUES = 100
MAX_VARIANTS = 250
MAX_TAGS = 50
MAX_ATTRIBUTES = 50
MAX_SHORT_TEXT = 150
MAX_SLUG = 80
MAX_UNITS = 1_000_000_000
MAX_INSTANT = 2**53 - 1
MAX_DEPTH = 8


class ProductStatus(StrEnum):
    DRAFT = "draft"
    """Not ready: only the team sees it."""
    PUBLISHED = "published"
    HIDDEN = "hidden"
    """Was ready, and is out of sight for now."""


@dataclass(frozen=True, slots=True)
class Price:
    """The regular price, and perhaps a lower one between two instants (none: without a border)."""

    regular: Money
    sale: Money | None = None
    sale_starts_at: int | None = None
    sale_ends_at: int | None = None

    def at(self, now: int) -> Money:
        """What it costs at `now`. A sale that is not lower than the regular price is ignored."""
        return self.sale if self.sale is not None and self.is_reduced_at(now) else self.regular

    def is_reduced_at(self, now: int) -> bool:
        return (
            self.sale is not None
            and not self.is_sale_pointless
            and (self.sale_starts_at is None or self.sale_starts_at <= now)
            and (self.sale_ends_at is None or now < self.sale_ends_at)
        )

    @property
    def is_sale_pointless(self) -> bool:
        """There is a sale price, and it is not below the regular one."""
        return self.sale is not None and not self.sale < self.regular


@dataclass(frozen=True, slots=True)
class Stock:
    """How much of a variant there is. What is not tracked is always there."""

    tracked: bool = False
    on_hand: int = 0
    held: int = 0
    """Promised to orders, and still on the shelf."""
    sell_beyond: bool = False
    """May be ordered when none is left."""
    backorder_text: str = ""
    low_at: int | None = None
    """Tell the shop when this many or fewer are left."""

    @property
    def available(self) -> int | None:
        """How many can be ordered; `None` when there is no limit."""
        if not self.tracked or self.sell_beyond:
            return None
        return max(self.on_hand - self.held, 0)

    @property
    def is_available(self) -> bool:
        return self.available != 0

    @property
    def is_low(self) -> bool:
        return self.low_at is not None and self.tracked and self.on_hand - self.held <= self.low_at


@dataclass(frozen=True, slots=True)
class Option:
    """A way in which the variants of a product differ: Size, with S, M and L in this order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A fact about a product: Origin, Assam."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """Name and description in one more language."""

    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class StockDraft:
    """What the shop says about stock. `None` leaves a value as it is."""

    tracked: bool | None = None
    on_hand: int | None = None
    sell_beyond: bool | None = None
    backorder_text: str | None = None
    low_at: int | None = None
    """-1 takes the threshold away."""


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """One sellable thing, as the shop wants it to be."""

    id: VariantId
    option_values: tuple[str, ...] = ()
    """One value per option of the product, in the order of the options."""
    sku: str | None = None
    barcode: str | None = None
    price: Price | None = None
    """In the shop's own currency."""
    other_prices: tuple[Price, ...] = ()
    """In further currencies, at most one each."""
    weight_g: int | None = None
    """`None`: the product's."""
    picture_id: str | None = None
    stock: StockDraft | None = None
    """`None` leaves the stock as it is; a new variant is then always available."""


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product, as the shop wants it to be. Saving replaces all of it; `None` leaves as it is."""

    name: str
    variants: tuple[VariantDraft, ...]
    description: str = ""
    status: ProductStatus | None = None
    """`None`: as it was; a new product is a draft."""
    slug: str | None = None
    """`None`: as it was; a new product gets one from its name."""
    options: tuple[Option, ...] = ()
    picture_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    texts: dict[str, Text] = field(default_factory=dict)
    """By BCP 47 language tag."""
    tax_class: str = ""
    needs_delivery: bool = True
    """False for what is sent by wire: nothing has to be carried."""
    weight_g: int | None = None
    collection_ids: tuple[CollectionId, ...] | None = None
    """The collections made by hand that it belongs to; `None`: as it was."""


@dataclass(frozen=True, slots=True)
class Variant:
    id: VariantId
    option_values: tuple[str, ...]
    sku: str | None
    barcode: str | None
    price: Price | None
    other_prices: tuple[Price, ...]
    weight_g: int | None
    picture_id: str | None
    stock: Stock


@dataclass(frozen=True, slots=True)
class Product:
    """A product with all that the shop knows of it. What a customer sees is a `ProductView`."""

    id: ProductId
    business_id: BusinessId
    slug: str
    name: str
    description: str
    status: ProductStatus
    options: tuple[Option, ...]
    picture_ids: tuple[str, ...]
    tags: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    texts: dict[str, Text]
    tax_class: str
    needs_delivery: bool
    weight_g: int | None
    collection_ids: tuple[CollectionId, ...]
    variants: tuple[Variant, ...]
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a product cannot be saved or published: where, a word for programs, and a sentence."""

    field: str
    code: str
    text: str


def draft_of(product: Product) -> ProductDraft:
    """The draft that saves `product` as it is: change it with `dataclasses.replace`."""
    return ProductDraft(
        name=product.name,
        variants=tuple(
            VariantDraft(
                id=variant.id,
                option_values=variant.option_values,
                sku=variant.sku,
                barcode=variant.barcode,
                price=variant.price,
                other_prices=variant.other_prices,
                weight_g=variant.weight_g,
                picture_id=variant.picture_id,
                stock=StockDraft(
                    tracked=variant.stock.tracked,
                    on_hand=variant.stock.on_hand,
                    sell_beyond=variant.stock.sell_beyond,
                    backorder_text=variant.stock.backorder_text,
                    low_at=-1 if variant.stock.low_at is None else variant.stock.low_at,
                ),
            )
            for variant in product.variants
        ),
        description=product.description,
        status=product.status,
        slug=product.slug,
        options=product.options,
        picture_ids=product.picture_ids,
        tags=product.tags,
        attributes=product.attributes,
        texts=product.texts,
        tax_class=product.tax_class,
        needs_delivery=product.needs_delivery,
        weight_g=product.weight_g,
        collection_ids=product.collection_ids,
    )


def tidy(draft: ProductDraft) -> ProductDraft:
    """`draft` as it will be stored: spaces, HTML, barcodes and the slug made regular.

    Tidying twice changes nothing more, so two drafts can be compared after it.
    """
    return replace(
        draft,
        name=one_line(draft.name),
        description=safe_html(draft.description),
        slug=slug_of(draft.slug) if draft.slug else None,
        options=tuple(
            Option(one_line(option.name), tuple(_unique(map(one_line, option.values))))
            for option in draft.options
        ),
        picture_ids=tuple(_unique(draft.picture_ids)),
        tags=tuple(_unique(filter(None, map(one_line, draft.tags)), key=str.casefold)),
        attributes=tuple(
            Attribute(one_line(it.name), one_line(it.value)) for it in draft.attributes
        ),
        texts={
            language: Text(one_line(text.name), safe_html(text.description))
            for language, text in sorted(draft.texts.items())
        },
        tax_class=one_line(draft.tax_class),
        collection_ids=None
        if draft.collection_ids is None
        else tuple(sorted(set(draft.collection_ids))),
        variants=tuple(
            replace(
                variant,
                option_values=tuple(map(one_line, variant.option_values)),
                sku=one_line(variant.sku or "") or None,
                stock=_tidy_stock(variant.stock),
                barcode=re.sub(r"[\s-]", "", variant.barcode or "") or None,
                other_prices=tuple(
                    sorted(variant.other_prices, key=lambda price: price.regular.currency)
                ),
            )
            for variant in draft.variants
        ),
    )


def _tidy_stock(stock: StockDraft | None) -> StockDraft | None:
    if stock is None or stock.backorder_text is None:
        return stock
    return replace(stock, backorder_text=one_line(stock.backorder_text))


def flaws_of(draft: ProductDraft, currency: str) -> list[Flaw]:
    """Why a tidy `draft` cannot be saved by a shop that sells in `currency`; empty: it can."""
    flaws = [
        *_too_long("name", draft.name, MAX_NAME),
        *_too_long("description", draft.description, MAX_DESCRIPTION),
        *_too_long("tax_class", draft.tax_class, MAX_SHORT_TEXT),
        *_too_many("picture_ids", draft.picture_ids, MAX_PICTURES),
        *_too_many("options", draft.options, MAX_OPTIONS),
        *_too_many("variants", draft.variants, MAX_VARIANTS),
        *_too_many("tags", draft.tags, MAX_TAGS),
        *_too_many("attributes", draft.attributes, MAX_ATTRIBUTES),
        *_out_of_range("weight_g", draft.weight_g),
        *_flaws_of_pictures("picture_ids", draft.picture_ids),
    ]
    if not draft.name:
        flaws.append(Flaw("name", "missing", "A product needs a name."))
    if not draft.variants:
        flaws.append(Flaw("variants", "missing", "A product has at least one variant."))
    for i, tag in enumerate(draft.tags):
        flaws += _too_long(f"tags[{i}]", tag, MAX_SHORT_TEXT)
    for i, attribute in enumerate(draft.attributes):
        flaws += _too_long(f"attributes[{i}].name", attribute.name, MAX_SHORT_TEXT)
        flaws += _too_long(f"attributes[{i}].value", attribute.value, 1000)
    for language, text in draft.texts.items():
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            flaws.append(
                Flaw("texts", "not-a-language", "A language is named like `hi` or `pt-BR`.")
            )
        flaws += _too_long(f"texts.{language}.name", text.name, MAX_NAME)
        flaws += _too_long(f"texts.{language}.description", text.description, MAX_DESCRIPTION)
    flaws += _flaws_of_options(draft)
    flaws += _flaws_of_variants(draft, currency)
    return flaws


def flaws_for_sale(variants: Sequence[Variant | VariantDraft]) -> list[Flaw]:
    """What keeps a product with these variants from being published."""
    return [
        Flaw(f"variants[{i}].price", "no-price", "Nobody can buy what has no price.")
        for i, variant in enumerate(variants)
        if variant.price is None
    ]


def _flaws_of_options(draft: ProductDraft) -> list[Flaw]:
    flaws = []
    for i, option in enumerate(draft.options):
        where = f"options[{i}]"
        flaws += _too_long(f"{where}.name", option.name, MAX_SHORT_TEXT)
        flaws += _too_many(f"{where}.values", option.values, MAX_OPTION_VALUES)
        for value in option.values:
            flaws += _too_long(f"{where}.values", value, MAX_SHORT_TEXT)
        if not option.name:
            flaws.append(Flaw(f"{where}.name", "missing", "An option needs a name."))
        if not option.values or not all(option.values):
            flaws.append(Flaw(f"{where}.values", "missing", "An option needs values."))
    names = [option.name.casefold() for option in draft.options]
    if len(set(names)) < len(names):
        flaws.append(Flaw("options", "twice", "Two options have the same name."))
    return flaws


def _flaws_of_variants(draft: ProductDraft, currency: str) -> list[Flaw]:
    flaws = []
    seen_ids, seen_skus, seen_values = set(), set(), set()
    for i, variant in enumerate(draft.variants):
        where = f"variants[{i}]"
        if variant.id in seen_ids:
            flaws.append(Flaw(f"{where}.id", "twice", "Two variants have the same id."))
        seen_ids.add(variant.id)

        if len(variant.option_values) != len(draft.options):
            flaws.append(
                Flaw(f"{where}.option_values", "options", "A variant has one value per option.")
            )
        elif any(
            value not in option.values
            for value, option in zip(variant.option_values, draft.options, strict=True)
        ):
            flaws.append(Flaw(f"{where}.option_values", "options", "The option has no such value."))
        elif variant.option_values in seen_values:
            flaws.append(
                Flaw(f"{where}.option_values", "twice", "Two variants are the same choice.")
            )
        seen_values.add(variant.option_values)

        if variant.sku:
            flaws += _too_long(f"{where}.sku", variant.sku, MAX_SHORT_TEXT)
            if sku_key(variant.sku) in seen_skus:
                flaws.append(Flaw(f"{where}.sku", "twice", "Two variants have the same SKU."))
            seen_skus.add(sku_key(variant.sku))
        if variant.barcode and not is_gtin(variant.barcode):
            flaws.append(
                Flaw(f"{where}.barcode", "not-a-barcode", "The digits do not add up to a GTIN.")
            )
        flaws += _out_of_range(f"{where}.weight_g", variant.weight_g)
        flaws += _flaws_of_pictures(f"{where}.picture_id", filter(None, [variant.picture_id]))
        flaws += _flaws_of_prices(where, variant, currency)
        if variant.stock is not None:
            flaws += flaws_of_stock(f"{where}.stock", variant.stock)
    return flaws


def _flaws_of_prices(where: str, variant: VariantDraft, currency: str) -> list[Flaw]:
    flaws = []
    if variant.price is not None:
        flaws += _flaws_of_price(f"{where}.price", variant.price)
        if variant.price.regular.currency != currency:
            flaws.append(Flaw(f"{where}.price", "currency", f"The shop sells in {currency}."))
    others = [price.regular.currency for price in variant.other_prices]
    for i, price in enumerate(variant.other_prices):
        flaws += _flaws_of_price(f"{where}.other_prices[{i}]", price)
    if currency in others or len(set(others)) < len(others):
        flaws.append(Flaw(f"{where}.other_prices", "twice", "There is one price per currency."))
    return flaws


def _flaws_of_price(where: str, price: Price) -> list[Flaw]:
    if price.sale is not None and price.sale.currency != price.regular.currency:
        return [Flaw(where, "currency", "Price and sale price are in two currencies.")]
    if price.regular.amount_minor < 0 or (price.sale is not None and price.sale.amount_minor < 0):
        return [Flaw(where, "negative", "A price is zero or more.")]
    if not all(0 <= at <= MAX_INSTANT for at in (price.sale_starts_at, price.sale_ends_at) if at):
        return [Flaw(where, "range", "There is no such moment.")]
    return []


def flaws_of_stock(where: str, stock: StockDraft) -> list[Flaw]:
    flaws = _too_long(f"{where}.backorder_text", stock.backorder_text or "", MAX_SHORT_TEXT)
    if stock.on_hand is not None and not 0 <= stock.on_hand <= MAX_UNITS:
        flaws.append(Flaw(f"{where}.on_hand", "range", "A count is zero or more."))
    if stock.low_at is not None and not -1 <= stock.low_at <= MAX_UNITS:
        flaws.append(Flaw(f"{where}.low_at", "range", "A threshold is zero or more."))
    return flaws


def _flaws_of_pictures(where: str, ids: Iterable[str]) -> list[Flaw]:
    if all(re.fullmatch(r"[A-Za-z0-9_-]{1,128}", id_) for id_ in ids):
        return []
    return [Flaw(where, "not-a-picture", "This is not the id of a picture.")]


def _too_long(where: str, text: str, limit: int) -> list[Flaw]:
    if len(text) <= limit:
        return []
    return [Flaw(where, "too-long", f"At most {limit} characters.")]


def _too_many(where: str, things: Sequence[object], limit: int) -> list[Flaw]:
    if len(things) <= limit:
        return []
    return [Flaw(where, "too-many", f"At most {limit}.")]


def _out_of_range(where: str, grams: int | None) -> list[Flaw]:
    if grams is None or 0 <= grams <= MAX_UNITS:
        return []
    return [Flaw(where, "range", "A weight is zero or more grams.")]


def sku_key(sku: str) -> str:
    """Two SKUs with one key are the same."""
    return unicodedata.normalize("NFKC", sku).casefold()


def is_gtin(digits: str) -> bool:
    """Whether these are a GTIN-8, -12, -13 or -14 with a right check digit.

    Source: GS1 General Specifications, section 7.9.1.
    """
    if len(digits) not in (8, 12, 13, 14) or not (digits.isascii() and digits.isdigit()):
        return False
    weighted = sum(int(digit) * (3, 1)[i % 2] for i, digit in enumerate(reversed(digits[:-1])))
    return (weighted + int(digits[-1])) % 10 == 0


def slug_of(name: str) -> str:
    """`name` as a part of an address: `Crème brûlée` becomes `creme-brulee`.

    Letters of every script stay; marks go from Latin, Greek and Cyrillic letters only.
    """
    letters = []
    is_base_plain = False
    for letter in unicodedata.normalize("NFKD", name).casefold().translate(_PLAIN):
        if unicodedata.combining(letter) and is_base_plain:
            continue
        if unicodedata.category(letter)[0] in "LNM":
            letters.append(letter)
        elif letter not in "'’":
            letters.append("-")
        is_base_plain = letter < "\u0530"
    slug = re.sub("-+", "-", unicodedata.normalize("NFC", "".join(letters))).strip("-")
    return slug[:MAX_SLUG].rstrip("-") or "product"


_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"})


def slug_choices(wanted: str, id_: UUID) -> Iterator[str]:
    """`wanted`, then what may stand for it when others have it. The last one is nobody else's."""
    yield wanted
    for number in range(2, 10):
        yield f"{wanted}-{number}"
    yield f"{wanted}-{id_.hex}"


def safe_html(text: str) -> str:
    """A small, harmless part of HTML: what a description needs. Line breaks of plain text stay."""
    cleaned = nh3.clean(
        text.strip(),
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="nofollow noopener",
        strip_comments=True,
    ).strip()
    if "<" in cleaned:
        return cleaned
    return re.sub(r"\r\n|\r|\n", "<br>", cleaned)


_TAGS = {"a", "b", "blockquote", "br", "em", "h3", "h4", "hr", "i", "li", "ol", "p", "s", "small"}
_TAGS |= {"strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"}


def plain_text(html: str) -> str:
    """The words of a description, for search and for places that show no HTML."""
    text = nh3.clean(re.sub(r"<(?:br|/p|/li|/td|/h\d)[^>]*>", " ", html), tags=set())
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&amp;", "&")):
        text = text.replace(entity, letter)
    return " ".join(text.split())


def one_line(text: str) -> str:
    """NFC, without line breaks, control characters and doubled spaces."""
    visible = "".join(
        letter if unicodedata.category(letter) != "Cc" else " "
        for letter in unicodedata.normalize("NFC", text)
    )
    return " ".join(visible.split())


def _unique(things: Iterable[str], key: Callable[[str], str] = str) -> list[str]:
    by_key: dict[str, str] = {}
    for thing in things:
        by_key.setdefault(key(thing), thing)
    return list(by_key.values())
