"""What a file would do to the catalog of a shop, row by row. Pure: nothing is written.

A row finds its product by source key, then SKU, then barcode, then slug; never by its name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import product as combinations
from uuid import UUID

import msgspec

from kirana.values import (
    BusinessId,
    CollectionId,
    ImportId,
    Money,
    ProductId,
    VariantId,
    derived_id,
)

from ..model import (
    MAX_DEPTH,
    MAX_NAME,
    MAX_PICTURES,
    MAX_VARIANTS,
    Attribute,
    Option,
    Price,
    Product,
    ProductDraft,
    ProductStatus,
    StockDraft,
    Text,
    VariantDraft,
    draft_of,
    flaws_of,
    one_line,
    plain_text,
    sku_key,
    slug_of,
    tidy,
)
from .cells import plain_price
from .drafts import FileCollection, FileProduct, FileVariant, Reading
from .notes import Change, Note, Result, RowReport, note

_GONE_NAMES = 100


@dataclass(frozen=True, slots=True)
class Known:
    """What a source key stands for in this shop."""

    product_id: ProductId | None = None
    variant_id: VariantId | None = None
    collection_id: CollectionId | None = None


@dataclass(frozen=True, slots=True)
class ShopCollection:
    id: CollectionId
    parent_id: CollectionId | None
    name: str
    description: str
    is_hidden: bool
    has_rule: bool
    members: tuple[ProductId, ...] = ()


@dataclass(frozen=True, slots=True)
class Shop:
    """The catalog as it stands."""

    business_id: BusinessId
    currency: str
    public_url: str
    products: Mapping[ProductId, Product]
    collections: Mapping[CollectionId, ShopCollection]
    keys: Mapping[str, Known]
    pictures: Mapping[tuple[UUID, str], str | None]
    """By product or variant and address: the picture taken from there; `None`: none yet."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture to fetch, for a product or one of its variants."""

    url: str
    row: int
    variant_id: VariantId | None = None


@dataclass(frozen=True, slots=True)
class NewCollection:
    id: CollectionId
    parent_id: CollectionId | None
    name: str
    description: str = ""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: all rows of one product, or of one collection."""

    rows: tuple[RowReport, ...]
    product_id: ProductId | None = None
    draft: ProductDraft | None = None
    """What the product will be; stock only where the file says something new. `None`: as it is."""
    seen: str = ""
    """What the product was when the plan was made; empty: there was none."""
    collection: NewCollection | None = None
    """A collection that will be so."""
    is_new_collection: bool = False
    """It is made by this step."""
    members: tuple[ProductId, ...] | None = None
    keys: tuple[tuple[str, Known], ...] = ()
    """Source keys to remember."""
    wishes: tuple[Wish, ...] = ()

    @property
    def does_something(self) -> bool:
        return bool(self.draft or self.collection or self.keys or self.wishes)


@dataclass(frozen=True, slots=True)
class Gone:
    """What an earlier file of this format brought and this one no longer has. It all stays."""

    count: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    steps: tuple[Step, ...]
    gone: Gone


def make_plan(reading: Reading, shop: Shop, import_id: ImportId, source: str, now: int) -> Plan:
    """What `reading` would do to `shop`; `source` is the name of its format."""
    return _Planner(reading, shop, import_id, source, now).plan()


def fingerprint(product: Product | None) -> str:
    """Changes when somebody edits the product; not by a sale, nor by its pictures arriving."""
    if product is None:
        return ""
    draft = draft_of(product)
    variants = tuple(
        replace(
            variant,
            picture_id=None,
            stock=replace(variant.stock, on_hand=None) if variant.stock else None,
        )
        for variant in draft.variants
    )
    plain = replace(draft, variants=variants, picture_ids=())
    return sha256(msgspec.json.encode(plain)).hexdigest()[:32]


class _RowError(Exception):
    """A row cannot be taken into its product."""

    def __init__(self, refusal: Note) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@dataclass(slots=True)
class _Work:
    """A product on the desk: what it was, and what it becomes with each thing the file says."""

    id: ProductId
    before: Product | None
    draft: ProductDraft
    owner_row: int | None = None
    """The row that speaks of the product itself."""
    new_status: ProductStatus = ProductStatus.PUBLISHED
    asks_published: bool = False
    by_row: dict[int, list[VariantId]] = field(default_factory=dict)
    rows: dict[int, None] = field(default_factory=dict)
    refused: dict[int, Note] = field(default_factory=dict)
    notes: dict[int, list[Note]] = field(default_factory=dict)
    keys: dict[str, Known] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)

    def say(self, said: Note) -> None:
        self.notes.setdefault(said.row, []).append(said)


class _Planner:
    def __init__(
        self, reading: Reading, shop: Shop, import_id: ImportId, source: str, now: int
    ) -> None:
        self._reading, self._shop, self._import_id = reading, shop, import_id
        self._source, self._now = source, now
        self._notes: dict[int, list[Note]] = {}
        for said in reading.notes:
            self._notes.setdefault(said.row, []).append(said)
        self._skus: dict[str, tuple[ProductId, VariantId]] = {}
        self._barcodes: dict[str, list[tuple[ProductId, VariantId]]] = {}
        self._slugs: dict[str, ProductId] = {}
        self._variant_owner: dict[UUID, ProductId] = {}
        for product in shop.products.values():
            self._slugs[product.slug] = product.id
            for variant in product.variants:
                self._variant_owner[variant.id] = product.id
                if variant.sku:
                    self._skus[sku_key(variant.sku)] = (product.id, variant.id)
                if variant.barcode:
                    found = (product.id, variant.id)
                    self._barcodes.setdefault(variant.barcode, []).append(found)
        self._children = {
            (it.parent_id, it.name.casefold()): it.id
            for it in shop.collections.values()
            if not it.has_rule
        }
        self._new_collections: list[NewCollection] = []
        self._work: dict[ProductId, _Work] = {}
        self._new_keys: dict[str, ProductId] = {}
        self._lost: list[Step] = []
        self._touched: set[ProductId] = set()
        self._count = 0

    def plan(self) -> Plan:
        for product in self._reading.products:
            self._take(product)
        steps = [self._finish(work) for work in self._work.values()]
        grouped = [self._collection_step(it) for it in self._reading.collections]
        made = [
            Step(rows=(), collection=it, is_new_collection=True) for it in self._new_collections
        ]
        refused = [
            Step(
                rows=(
                    RowReport(
                        it.note.row, it.result, "",
                        notes=(it.note, *self._notes.pop(it.note.row, ())),
                    ),
                )
            )
            for it in self._reading.outcomes
        ]  # fmt: skip
        return Plan((*made, *steps, *grouped, *self._lost, *refused), self._gone())

    # From the file to a product of the shop

    def _take(self, product: FileProduct) -> None:
        """Put what the file says about one product on the desk."""
        try:
            id_ = self._find(product)
            work = self._work_on(id_, product)
        except _RowError as error:
            self._refuse_all(product, error.refusal)
            return
        is_one_variant = product.may_be_variant and bool(work.draft.options)
        if not is_one_variant and not product.must_exist:
            if work.owner_row is not None:
                self._refuse_all(
                    product, note(product.row, "duplicate-product", other=work.owner_row)
                )
                return
            work.owner_row = product.row
        work.rows.update(dict.fromkeys(product.rows))
        if not is_one_variant and not product.must_exist:
            work.draft = self._with_texts(work, product)
        work.draft = self._with_variants(work, product)
        for key in product.keys:
            known = Known(product_id=work.id)
            if not is_one_variant and not key.startswith("kirana:id:"):
                self._new_keys.setdefault(key, work.id)
                if key not in self._shop.keys:
                    work.keys[key] = known

    def _refuse_all(self, product: FileProduct, refusal: Note) -> None:
        title = product.name or ""
        self._lost.append(
            Step(
                rows=tuple(
                    RowReport(
                        row, "refused", title,
                        notes=(replace(refusal, row=row), *self._notes.pop(row, ())),
                    )
                    for row in product.rows
                )
            )
        )  # fmt: skip

    def _find(self, product: FileProduct) -> ProductId | None:
        for key in product.keys:
            if (id_ := self._by_key(key, product)) is not None:
                return id_
        skus = [sku_key(one_line(it.sku)) for it in product.variants if it.sku]
        by_slug = self._slugs.get(slug_of(product.slug)) if product.slug else None
        owners = {self._skus[sku][0] for sku in skus if sku in self._skus}
        if len(owners) > 1 and by_slug not in owners:
            raise _RowError(note(product.row, "two-products"))
        if not owners:
            barcodes = [it.barcode for it in product.variants if it.barcode]
            owners = {id_ for code in barcodes for id_, _ in self._barcodes.get(code, ())}
        # A barcode may stand on several products; then it tells nothing.
        return owners.pop() if len(owners) == 1 else by_slug

    def _by_key(self, key: str, product: FileProduct) -> ProductId | None:
        if key.startswith("kirana:id:"):
            try:
                id_ = UUID(key.removeprefix("kirana:id:"))
            except ValueError:
                return None
            return ProductId(id_) if id_ in self._shop.products else self._variant_owner.get(id_)
        found = self._new_keys.get(key)
        if found is None:
            known = self._shop.keys.get(key)
            found = known.product_id if known else None
        if found is None or (found not in self._shop.products and found not in self._work):
            return None
        if key.startswith("woocommerce:id:") and not self._is_same(found, product):
            return None
        return found

    def _is_same(self, id_: ProductId, product: FileProduct) -> bool:
        """Each WooCommerce site counts its own ids, so an id alone does not prove a product."""
        there = self._shop.products.get(id_)
        if there is None:
            return True
        skus = {sku_key(it.sku) for it in there.variants if it.sku}
        said = {sku_key(it.sku) for it in product.variants if it.sku}
        if skus & said or there.name == one_line(product.name or ""):
            return True
        return not skus and not said

    def _work_on(self, id_: ProductId | None, product: FileProduct) -> _Work:
        if id_ is not None and id_ in self._work:
            return self._work[id_]
        if id_ is not None:
            before = self._shop.products[id_]
            work = _Work(id_, before, draft_of(before))
            self._touched.add(id_)
        else:
            if product.must_exist:
                raise _RowError(note(product.row, "no-such-parent"))
            if not product.name:
                raise _RowError(note(product.row, "no-name"))
            id_ = ProductId(derived_id(self._import_id, "product", product.row))
            work = _Work(id_, None, ProductDraft(name=product.name, variants=(), slug=product.slug))
            work.new_status = product.status_when_new
        if product.name and len(one_line(product.name)) > MAX_NAME:
            raise _RowError(note(product.row, "name-too-long", "", product.name))
        self._work[id_] = work
        return work

    # What the file says about the product itself

    def _with_texts(self, work: _Work, product: FileProduct) -> ProductDraft:
        draft = work.draft
        status = product.status or (draft.status if work.before else product.status_when_new)
        work.asks_published = status == ProductStatus.PUBLISHED
        return replace(
            draft,
            name=product.name or draft.name,
            description=draft.description if product.description is None else product.description,
            status=status,
            tags=draft.tags if product.tags is None else product.tags,
            attributes=_attributes(draft.attributes, product),
            texts=_texts(draft.texts, product),
            tax_class=draft.tax_class if product.tax_class is None else product.tax_class,
            needs_delivery=draft.needs_delivery
            if product.needs_delivery is None
            else product.needs_delivery,
            weight_g=draft.weight_g if product.weight_g is None else product.weight_g,
            collection_ids=self._collection_ids(draft, product),
            picture_ids=self._picture_ids(work, product),
        )

    def _collection_ids(
        self, draft: ProductDraft, product: FileProduct
    ) -> tuple[CollectionId, ...] | None:
        if product.collections is None:
            return draft.collection_ids or ()
        found = [self._collection_at(path) for path in product.collections if path]
        kept = () if product.is_complete else draft.collection_ids or ()
        return tuple(sorted({*kept, *found}))

    def _collection_at(self, path: tuple[str, ...]) -> CollectionId:
        """The collection at the end of a path; what is missing on the way will be made."""
        parent: CollectionId | None = None
        for name in [one_line(part)[:MAX_NAME] for part in path][:MAX_DEPTH]:
            place = (parent, name.casefold())
            if place not in self._children:
                id_ = CollectionId(
                    derived_id(self._import_id, "collection", len(self._new_collections))
                )
                self._new_collections.append(NewCollection(id_, parent, name))
                self._children[place] = id_
            parent = self._children[place]
        assert parent is not None
        return parent

    def _picture_ids(self, work: _Work, product: FileProduct) -> tuple[str, ...]:
        there = work.draft.picture_ids
        if product.picture_urls is None:
            return there
        own, wishes = [], []
        for url in dict.fromkeys(product.picture_urls):
            if (id_ := self._own_picture(url)) or (id_ := self._shop.pictures.get((work.id, url))):
                own.append(id_)
            elif (work.id, url) not in self._shop.pictures:
                wishes.append(Wish(url, product.row))
        room = MAX_PICTURES - (len(own) if product.is_complete else len(there))
        if len(wishes) > max(room, 0):
            work.say(note(product.row, "too-many-pictures"))
            wishes = wishes[: max(room, 0)]
        work.wishes += wishes
        if product.is_complete:
            return tuple(own) if own or not product.picture_urls else there
        taken = {id_ for (owner, _), id_ in self._shop.pictures.items() if owner == work.id}
        new = [id_ for id_ in own if id_ not in there and id_ not in taken]
        return (*there, *new)[:MAX_PICTURES]

    def _own_picture(self, url: str) -> str | None:
        """The id of a picture that this server already has."""
        own = re.escape(self._shop.public_url)
        found = re.fullmatch(rf"(?:{own})?/media/([0-9a-f]{{64}})/\d+\.webp", url)
        return found[1] if found else None

    # What the file says about variants

    def _with_variants(self, work: _Work, product: FileProduct) -> ProductDraft:
        draft = work.draft
        said = product.variants or (() if draft.variants else (FileVariant(product.row),))
        try:
            draft = self._with_options(draft, said, product)
        except _RowError as error:
            for it in said:
                work.refused[it.row] = replace(error.refusal, row=it.row)
            return draft
        for it in said:
            try:
                for one in self._each(it, draft.options):
                    draft = self._with_variant(work, draft, one, len(said), product.is_complete)
            except _RowError as error:
                work.refused[it.row] = error.refusal
        return draft

    def _with_options(
        self, draft: ProductDraft, said: Iterable[FileVariant], product: FileProduct
    ) -> ProductDraft:
        """`draft` with the options and values that the file adds."""
        named: dict[str, tuple[str, list[str]]] = {}
        for option in (*draft.options, *product.options):
            named.setdefault(option.name.casefold(), (option.name, []))[1].extend(option.values)
        for variant in said:
            for name, value in variant.options:
                values = named.setdefault(name.casefold(), (name, []))[1]
                if value:
                    values.append(value)
        there = {option.name.casefold() for option in draft.options}
        if draft.variants and set(named) != there and not self._are_all_said(draft, said):
            raise _RowError(note(product.row, "other-options"))
        if len(named) > 3:
            raise _RowError(note(product.row, "too-many-options"))
        options = tuple(Option(name, _without_twins(values)) for name, values in named.values())
        if set(named) != there:  # each variant is given its values by the file
            blank = tuple("" for _ in options)
            variants = tuple(replace(it, option_values=blank) for it in draft.variants)
            return replace(draft, options=options, variants=variants)
        return replace(draft, options=options)

    def _are_all_said(self, draft: ProductDraft, said: Iterable[FileVariant]) -> bool:
        found = {self._variant_by_key(draft, it) or self._variant_by_sku(draft, it) for it in said}
        return {variant.id for variant in draft.variants} <= found

    def _each(self, said: FileVariant, options: tuple[Option, ...]) -> Iterable[FileVariant]:
        """The variants that a row stands for: an empty value means each value of its option."""
        blank = {name.casefold() for name, value in said.options if not value}
        if not blank:
            return (said,)
        choices = [
            [(option.name, value) for value in option.values]
            for option in options
            if option.name.casefold() in blank
        ]
        if any(not choice for choice in choices):
            raise _RowError(note(said.row, "option-missing", option=min(blank)))
        spread = []
        for chosen in combinations(*choices):
            suffix = "-".join(slug_of(value) for _, value in chosen)
            given = {name.casefold(): (name, value) for name, value in chosen}
            spread.append(
                replace(
                    said,
                    sku=f"{said.sku}-{suffix}" if said.sku else None,
                    keys=tuple(f"{key}#{suffix}" for key in said.keys),
                    options=tuple(given.get(n.casefold(), (n, v)) for n, v in said.options),
                )
            )
        return spread

    def _with_variant(
        self,
        work: _Work,
        draft: ProductDraft,
        said: FileVariant,
        count: int,
        is_complete: bool,
    ) -> ProductDraft:
        values = self._values(draft, said)
        id_ = self._variant_id(draft, said, values, count)
        there = next((it for it in draft.variants if it.id == id_), None)
        if said.sku:
            owner = self._skus.get(sku_key(one_line(said.sku)))
            if owner is not None and owner != (work.id, id_) and owner[0] != work.id:
                raise _RowError(note(said.row, "sku-taken", "", said.sku))
        if there is None:
            if draft.options and values is None:
                raise _RowError(note(said.row, "other-options"))
            if draft.variants and not draft.options:
                raise _RowError(note(said.row, "no-options"))
            if len(draft.variants) >= MAX_VARIANTS:
                raise _RowError(note(said.row, "too-many-variants"))
            if said.price is None and work.before and draft.status == ProductStatus.PUBLISHED:
                raise _RowError(note(said.row, "no-price"))
            id_ = VariantId(derived_id(self._import_id, "variant", self._count))
            self._count += 1
            there = VariantDraft(id_, stock=StockDraft(False, 0, False, "", -1))
            draft = replace(draft, variants=(*draft.variants, there))
        assert id_ is not None
        variant = replace(
            there,
            option_values=there.option_values if values is None else values,
            sku=said.sku or there.sku,
            barcode=said.barcode or there.barcode,
            price=self._price(work, there.price, said),
            other_prices=_other_prices(there.other_prices, said),
            picture_id=self._variant_picture(work, id_, there.picture_id, said),
            stock=_stock(there.stock, said),
        )
        if said.sku:
            self._skus[sku_key(one_line(said.sku))] = (work.id, id_)
        if said.weight_g is not None and is_complete:
            variant = replace(variant, weight_g=said.weight_g)
        elif said.weight_g is not None:
            if not draft.options and draft.weight_g is None and there.weight_g is None:
                draft = replace(draft, weight_g=said.weight_g)
            elif said.weight_g != (draft.weight_g if there.weight_g is None else there.weight_g):
                variant = replace(variant, weight_g=said.weight_g)
        work.by_row.setdefault(said.row, []).append(id_)
        for key in said.keys:
            if key not in self._shop.keys and not key.startswith("kirana:id:"):
                work.keys[key] = Known(work.id, id_)
        return replace(
            draft, variants=tuple(variant if it.id == id_ else it for it in draft.variants)
        )

    def _values(self, draft: ProductDraft, said: FileVariant) -> tuple[str, ...] | None:
        """The value of each option, as the product spells it; nothing when the row has none."""
        if not said.options:
            return () if not draft.options else None
        given = {name.casefold(): value for name, value in said.options}
        values = []
        for option in draft.options:
            value = given.get(option.name.casefold())
            if value is None:
                raise _RowError(note(said.row, "option-missing", option=option.name))
            spelled = (it for it in option.values if it.casefold() == value.casefold())
            values.append(next(spelled, value))
        return tuple(values)

    def _variant_id(
        self, draft: ProductDraft, said: FileVariant, values: tuple[str, ...] | None, count: int
    ) -> VariantId | None:
        """The variant of `draft` that a row speaks of, if there is one."""
        if id_ := self._variant_by_key(draft, said) or self._variant_by_sku(draft, said):
            return id_
        alike = [it.id for it in draft.variants if values and it.option_values == values]
        if alike:
            return alike[0]
        codes = [it.id for it in draft.variants if said.barcode and it.barcode == said.barcode]
        if len(codes) == 1 and values is None:
            return codes[0]
        if len(draft.variants) == 1 == count and not draft.options:
            return draft.variants[0].id
        return None

    def _variant_by_key(self, draft: ProductDraft, said: FileVariant) -> VariantId | None:
        ids = {it.id for it in draft.variants}
        for key in said.keys:
            if key.startswith("kirana:id:"):
                found = next((id_ for id_ in ids if key.endswith(str(id_))), None)
            else:
                known = self._shop.keys.get(key)
                found = known.variant_id if known else None
            if found is not None and found in ids:
                return found
        return None

    def _variant_by_sku(self, draft: ProductDraft, said: FileVariant) -> VariantId | None:
        if not said.sku:
            return None
        key = sku_key(one_line(said.sku))
        return next((it.id for it in draft.variants if it.sku and sku_key(it.sku) == key), None)

    def _price(self, work: _Work, there: Price | None, said: FileVariant) -> Price | None:
        # A price of zero is a price, though Money of zero counts as false.
        regular = said.price if said.price is not None else there.regular if there else None
        if regular is None:
            return None
        sale, starts, ends = (
            (there.sale, there.sale_starts_at, there.sale_ends_at) if there else (None, None, None)
        )
        is_over = said.is_regular_now and there is not None and there.is_reduced_at(self._now)
        if said.ends_sale or is_over:
            sale = starts = ends = None
        if said.sale is not None:
            sale = said.sale
        starts = said.sale_starts_at if said.sale_starts_at is not None else starts
        ends = said.sale_ends_at if said.sale_ends_at is not None else ends
        price = Price(regular, sale, starts, ends)
        if price.is_sale_pointless and said.sale is None and there and not there.is_sale_pointless:
            assert sale is not None
            work.say(note(said.row, "sale-not-lower", "", _money(sale)))
            return Price(regular)
        return price

    def _variant_picture(
        self, work: _Work, id_: VariantId, there: str | None, said: FileVariant
    ) -> str | None:
        url = said.picture_url
        if not url:
            return there
        if own := self._own_picture(url):
            return own
        if (id_, url) not in self._shop.pictures and (work.id, url) not in self._shop.pictures:
            work.wishes.append(Wish(url, said.row, id_))
        return there

    # From the desk to a step

    def _finish(self, work: _Work) -> Step:
        draft, title = work.draft, work.draft.name
        is_lost = work.before is None and not draft.variants
        if is_lost or work.owner_row in work.refused:
            return self._refused_step(work, title)
        lacks_price = any(variant.price is None for variant in draft.variants)
        if draft.status == ProductStatus.PUBLISHED and lacks_price:
            draft = replace(draft, status=ProductStatus.DRAFT)
        draft = tidy(draft)
        flaws = flaws_of(draft, self._shop.currency)
        if flaws:
            for row in work.rows:
                work.refused.setdefault(row, note(row, "not-saved", reason=flaws[0].text))
            return self._refused_step(work, title)
        before = draft_of(work.before) if work.before else None
        changed = draft != before
        rows = tuple(self._row_report(row, work, before, draft) for row in sorted(work.rows))
        wishes = tuple(wish for wish in work.wishes if wish.row not in work.refused)
        return Step(
            rows=rows,
            product_id=work.id,
            draft=_only_news(before, draft) if changed else None,
            seen=fingerprint(work.before),
            keys=tuple(work.keys.items()),
            wishes=wishes,
        )

    def _refused_step(self, work: _Work, title: str) -> Step:
        rows = []
        for row in sorted(work.rows):
            other = min(work.refused, default=work.owner_row)
            refusal = work.refused.get(row) or note(row, "parent-refused", other=other)
            rows.append(
                RowReport(
                    row, "refused", title, notes=(refusal, *self._said(row, work)),
                )
            )  # fmt: skip
        return Step(rows=tuple(rows))

    def _said(self, row: int, work: _Work) -> tuple[Note, ...]:
        return (*work.notes.get(row, ()), *self._notes.pop(row, ()))

    def _row_report(
        self, row: int, work: _Work, before: ProductDraft | None, after: ProductDraft
    ) -> RowReport:
        said = self._said(row, work)
        title = after.name
        if row in work.refused:
            return RowReport(row, "refused", title, notes=(work.refused[row], *said))
        old = {it.id: it for it in before.variants} if before else {}
        new = {it.id: it for it in after.variants}
        ids = work.by_row.get(row, [])
        changes: list[Change] = []
        if row == work.owner_row and before is not None:
            changes += _product_changes(before, after, self._collection_name)
        for id_ in ids:
            changes += _variant_changes(old.get(id_), new[id_])
        wishes = sum(1 for wish in work.wishes if wish.row == row)
        if wishes and before is not None:
            changes.append(Change("pictures", "", f"+{wishes}"))
        if len(ids) == 1 and new[ids[0]].option_values:
            title = f"{after.name} ({', '.join(new[ids[0]].option_values)})"
        lacks = [id_ for id_ in ids if new[id_].price is None]
        is_new_draft = before is None and after.status == ProductStatus.DRAFT
        result: Result
        if is_new_draft and work.asks_published and (lacks or row == work.owner_row):
            said = (note(row, "no-price"), *said)
            result = "draft"
        elif is_new_draft and any(it.code == "sold-elsewhere" for it in said):
            said = tuple(sorted(said, key=lambda it: it.code != "sold-elsewhere"))
            result = "draft"
        elif before is None or (ids and not any(id_ in old for id_ in ids)):
            result = "created"
        else:
            said = tuple(it for it in said if it.code != "sold-elsewhere")
            result = "updated" if changes else "unchanged"
        return RowReport(row, result, title, tuple(changes), said)

    def _collection_step(self, said: FileCollection) -> Step:
        known = (self._shop.keys[key].collection_id for key in said.keys if key in self._shop.keys)
        there = next((self._shop.collections.get(id_) for id_ in known if id_), None)
        said_notes = list(self._notes.pop(said.row, ()))
        members: list[ProductId] = list(there.members) if there else []
        for key in said.members:
            member = self._member(key)
            if member is None:
                said_notes.append(note(said.row, "unknown-member", "", key.rpartition(":")[2]))
            elif member not in members:
                members.append(member)
        name = one_line(said.name)[:MAX_NAME]
        id_ = there.id if there else CollectionId(
            derived_id(self._import_id, "collection of row", said.row)
        )  # fmt: skip
        wanted = NewCollection(
            id_,
            there.parent_id if there else None,
            name,
            tidy(ProductDraft(name="", variants=(), description=said.description)).description
            or (there.description if there else ""),
            said.is_hidden,
        )
        now = there and NewCollection(
            there.id, there.parent_id, there.name, there.description, there.is_hidden
        )
        is_same = wanted == now and there is not None and tuple(members) == there.members
        result: Result = "unchanged" if is_same else "updated" if there else "created"
        keys = tuple(
            (key, Known(collection_id=id_)) for key in said.keys if key not in self._shop.keys
        )
        return Step(
            rows=(RowReport(said.row, result, name, notes=tuple(said_notes)),),
            collection=None if is_same else wanted,
            is_new_collection=there is None,
            members=None if is_same else tuple(members),
            keys=keys,
        )

    def _member(self, key: str) -> ProductId | None:
        if found := self._new_keys.get(key):
            return found
        known = self._shop.keys.get(key)
        if known and known.product_id in self._shop.products:
            return known.product_id
        owner = self._skus.get(sku_key(key.removeprefix("woocommerce:sku:")))
        return owner[0] if owner else None

    def _collection_name(self, id_: CollectionId) -> str:
        there = self._shop.collections.get(id_)
        if there:
            return there.name
        return next((it.name for it in self._new_collections if it.id == id_), "")

    def _gone(self) -> Gone:
        brought = {
            known.product_id
            for key, known in self._shop.keys.items()
            if key.startswith(f"{self._source}:") and known.product_id in self._shop.products
        }
        gone = sorted(
            self._shop.products[id_].name for id_ in brought - self._touched if id_ is not None
        )
        return Gone(len(gone), tuple(gone[:_GONE_NAMES]))


def _attributes(there: tuple[Attribute, ...], product: FileProduct) -> tuple[Attribute, ...]:
    if product.attributes is None:
        return there
    if product.is_complete:
        return product.attributes
    said: dict[str, list[Attribute]] = {}
    for it in product.attributes:
        said.setdefault(it.name.casefold(), []).append(it)
    kept = []
    for it in there:
        news = said.get(one_line(it.name).casefold())
        kept.append(Attribute(it.name, news.pop(0).value) if news else it)
    return (*kept, *(it for news in said.values() for it in news))


def _texts(there: dict[str, Text], product: FileProduct) -> dict[str, Text]:
    texts = dict(there)
    for language, name, description in product.texts:
        tag = next((it for it in texts if it.casefold() == language.casefold()), language)
        old = texts.get(tag, Text())
        texts[tag] = Text(name or old.name, description or old.description)
    return texts


def _other_prices(there: tuple[Price, ...], said: FileVariant) -> tuple[Price, ...]:
    prices = {price.regular.currency: price for price in there}
    for price in said.other_prices:
        old = prices.get(price.regular.currency, price)
        prices[price.regular.currency] = Price(
            price.regular,
            old.sale if price.sale is None else price.sale,
            old.sale_starts_at if price.sale_starts_at is None else price.sale_starts_at,
            old.sale_ends_at if price.sale_ends_at is None else price.sale_ends_at,
        )
    return tuple(prices.values())


def _stock(there: StockDraft | None, said: FileVariant) -> StockDraft:
    assert there is not None
    return StockDraft(
        tracked=there.tracked if said.tracked is None else said.tracked,
        on_hand=there.on_hand if said.on_hand is None else said.on_hand,
        sell_beyond=there.sell_beyond if said.sell_beyond is None else said.sell_beyond,
        backorder_text=there.backorder_text if said.backorder_text is None else said.backorder_text,
        low_at=there.low_at if said.low_at is None else said.low_at,
    )


def _only_news(before: ProductDraft | None, after: ProductDraft) -> ProductDraft:
    """`after` with the stock that nothing is said about left out: it may sell in the meantime."""
    old = {it.id: it.stock for it in before.variants} if before else {}
    variants = []
    for variant in after.variants:
        was, is_ = old.get(variant.id), variant.stock
        if was is not None and is_ is not None:
            is_ = StockDraft(
                tracked=is_.tracked if is_.tracked != was.tracked else None,
                on_hand=is_.on_hand if is_.on_hand != was.on_hand else None,
                sell_beyond=is_.sell_beyond if is_.sell_beyond != was.sell_beyond else None,
                backorder_text=is_.backorder_text
                if is_.backorder_text != was.backorder_text
                else None,
                low_at=is_.low_at if is_.low_at != was.low_at else None,
            )
        variants.append(replace(variant, stock=is_))
    return replace(after, variants=tuple(variants))


def _without_twins(values: Iterable[str]) -> tuple[str, ...]:
    """The values as they are spelled first."""
    spelled: dict[str, str] = {}
    for value in values:
        spelled.setdefault(value.casefold(), value)
    return tuple(spelled.values())


# What changes, as people write it


def _product_changes(
    before: ProductDraft, after: ProductDraft, name_of: Callable[[CollectionId], str]
) -> Iterable[Change]:
    def collections(draft: ProductDraft) -> str:
        return ", ".join(sorted(map(name_of, draft.collection_ids or ())))

    def shown(draft: ProductDraft) -> dict[str, str]:
        return {
            "name": draft.name,
            "description": _short(plain_text(draft.description)),
            "status": str(draft.status),
            "options": "; ".join(f"{it.name}: {', '.join(it.values)}" for it in draft.options),
            "tags": ", ".join(draft.tags),
            "attributes": "; ".join(f"{it.name}: {it.value}" for it in draft.attributes),
            "texts": ", ".join(f"{tag}: {text.name}" for tag, text in draft.texts.items()),
            "tax class": draft.tax_class,
            "needs delivery": "yes" if draft.needs_delivery else "no",
            "weight": _grams(draft.weight_g),
            "collections": collections(draft),
            "pictures": str(len(draft.picture_ids)),
        }

    changes = list(_differences(shown(before), shown(after)))
    if before.description != after.description and not any(
        it.field == "description" for it in changes
    ):
        changes.append(Change("description", "", _short(plain_text(after.description))))
    return changes


def _variant_changes(before: VariantDraft | None, after: VariantDraft) -> Iterable[Change]:
    def shown(variant: VariantDraft) -> dict[str, str]:
        price = variant.price
        stock = variant.stock or StockDraft()
        others = (
            f"{_money(it.regular)} ({_money(it.sale)})"
            if it.sale is not None
            else _money(it.regular)
            for it in variant.other_prices
        )
        return {
            "options": ", ".join(variant.option_values),
            "SKU": variant.sku or "",
            "barcode": variant.barcode or "",
            "price": _money(price.regular) if price else "",
            "sale price": _money(price.sale) if price and price.sale is not None else "",
            "sale starts": str(price.sale_starts_at or "") if price else "",
            "sale ends": str(price.sale_ends_at or "") if price else "",
            "other prices": ", ".join(others),
            "weight": _grams(variant.weight_g),
            "picture": variant.picture_id or "",
            "stock": str(stock.on_hand) if stock.tracked else "not counted",
            "sell beyond stock": "yes" if stock.sell_beyond else "no",
            "backorder text": stock.backorder_text or "",
            "low stock": "" if stock.low_at in (None, -1) else str(stock.low_at),
        }

    if before is not None:
        return _differences(shown(before), shown(after))
    usual = {"stock": "not counted", "sell beyond stock": "no"}
    return [
        Change(name, "", value)
        for name, value in shown(after).items()
        if value and value != usual.get(name)
    ]


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[Change]:
    return [
        Change(name, before[name], value) for name, value in after.items() if before[name] != value
    ]


def _money(amount: Money) -> str:
    return f"{plain_price(amount)} {amount.currency}"


def _grams(weight_g: int | None) -> str:
    return "" if weight_g is None else f"{weight_g} g"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
