"""What a file says about products, whatever its format. Pure.

Everywhere `None` means that the file says nothing, so what the shop has stays.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from kirana.values import Money

from ..model import Attribute, Option, Price, ProductStatus
from .cells import BadCell, DecimalSign, read_instant, read_money
from .notes import Note, note
from .table import Row, Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FileVariant:
    """A variant as one row has it."""

    row: int
    keys: tuple[str, ...] = ()
    """What the source calls it, for the next import."""
    sku: str | None = None
    barcode: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    """Name and value; an empty value stands for each value of the option."""
    price: Money | None = None
    sale: Money | None = None
    ends_sale: bool = False
    """The file says that there is no sale (any more)."""
    is_regular_now: bool = False
    """The file says that no sale is on at this moment."""
    sale_starts_at: int | None = None
    sale_ends_at: int | None = None
    other_prices: tuple[Price, ...] = ()
    """In further currencies."""
    tracked: bool | None = None
    on_hand: int | None = None
    sell_beyond: bool | None = None
    backorder_text: str | None = None
    low_at: int | None = None
    weight_g: int | None = None
    picture_url: str | None = None


@dataclass(frozen=True, slots=True)
class FileProduct:
    """A product and its variants as the rows of a file have them."""

    row: int
    keys: tuple[str, ...] = ()
    slug: str | None = None
    name: str | None = None
    description: str | None = None
    status: ProductStatus | None = None
    status_when_new: ProductStatus = ProductStatus.PUBLISHED
    """The status of a product that is made, when `status` says nothing."""
    options: tuple[Option, ...] = ()
    tags: tuple[str, ...] | None = None
    attributes: tuple[Attribute, ...] | None = None
    texts: tuple[tuple[str, str, str], ...] = ()
    """Language, name and description."""
    tax_class: str | None = None
    needs_delivery: bool | None = None
    weight_g: int | None = None
    collections: tuple[tuple[str, ...], ...] | None = None
    """Paths of names."""
    picture_urls: tuple[str, ...] | None = None
    variants: tuple[FileVariant, ...] = ()
    must_exist: bool = False
    """The rows only add to a product: without it they are refused."""
    may_be_variant: bool = False
    """The row names no type: its SKU may be that of one variant among several."""
    is_complete: bool = False
    """Lists in the file replace the shop's, rather than add to them."""
    extra_rows: tuple[int, ...] = ()
    """Rows that only add pictures."""

    @property
    def rows(self) -> tuple[int, ...]:
        """Every row that speaks of this product."""
        variants = (variant.row for variant in self.variants)
        return tuple(sorted({self.row, *variants, *self.extra_rows}))


@dataclass(frozen=True, slots=True)
class FileCollection:
    """A row that is a collection of products (WooCommerce: a grouped product)."""

    row: int
    keys: tuple[str, ...]
    name: str
    description: str
    members: tuple[str, ...]
    """Keys of products."""
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a row without a look at the shop: it is refused or skipped."""

    result: Literal["refused", "skipped"]
    note: Note


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a file says."""

    products: tuple[FileProduct, ...]
    collections: tuple[FileCollection, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    """One for each row that is refused or skipped."""
    notes: tuple[Note, ...] = ()
    unused_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What has to be known to read a file."""

    currency: str
    zone: ZoneInfo
    now: int
    decimal: DecimalSign = "."


@dataclass(slots=True)
class Desk:
    """Where a format lays down what it reads: outcomes and notes with their columns."""

    table: Table
    context: Context
    outcomes: list[Outcome] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        for record in self.table.too_long:
            extra = next(cell for cell in record.cells[len(self.table.headers) :] if cell.strip())
            self.outcomes.append(Outcome("refused", note(record.row, "too-many-cells", "", extra)))

    def refuse(self, row: int, code: str, column: str = "", quote: str = "", **f: object) -> None:
        self.outcomes.append(Outcome("refused", self._note(row, code, column, quote, f)))

    def skip(self, row: int, code: str, column: str = "", quote: str = "", **f: object) -> None:
        self.outcomes.append(Outcome("skipped", self._note(row, code, column, quote, f)))

    def say(self, row: int, code: str, column: str = "", quote: str = "", **f: object) -> None:
        self.notes.append(self._note(row, code, column, quote, f))

    def reading(
        self,
        products: list[FileProduct],
        used: set[str],
        collections: list[FileCollection] | None = None,
    ) -> Reading:
        return Reading(
            products=tuple(products),
            collections=tuple(collections or ()),
            outcomes=tuple(self.outcomes),
            notes=tuple(self.notes),
            unused_columns=self.table.unused(used),
        )

    def _note(self, row: int, code: str, column: str, quote: str, facts: dict[str, object]) -> Note:
        return note(row, code, self.table.written(column) if column else "", quote, **facts)


@dataclass(frozen=True, slots=True)
class Prices:
    regular: Money | None
    sale: Money | None
    starts_at: int | None = None
    ends_at: int | None = None


def read_prices(
    desk: Desk,
    row: Row,
    *,
    regular: str,
    sale: str,
    starts: str = "",
    ends: str = "",
    keeps_past: bool = False,
) -> Prices:
    """Price and sale from these columns. A sale that is over or not lower is noted and left out.

    Raises: RowRefused.
    """
    code = desk.context.currency
    price = _money(desk, row, regular, code)
    lower = _money(desk, row, sale, code)
    starts_at = _instant(desk, row, starts)
    ends_at = _instant(desk, row, ends, end_of_day=True)
    if lower is not None and not keeps_past:
        if price is not None and not lower < price:
            desk.say(row.row, "sale-not-lower", sale, row[sale])
            lower = starts_at = ends_at = None
        elif ends_at is not None and ends_at <= desk.context.now:
            desk.say(row.row, "sale-ended", ends, row[ends])
            lower = starts_at = ends_at = None
    return Prices(price, lower, starts_at, ends_at)


class RowRefused(Exception):
    """A row cannot be taken; the reason is at a cell."""

    def __init__(self, code: str, column: str, quote: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.column, self.quote, self.facts = code, column, quote, facts


def cell_of(row: Row, column: str, read: Callable[[str], T]) -> T | None:
    """What `read` makes of a cell; nothing for an empty one. Raises: RowRefused."""
    cell = row[column] if column else ""
    if not cell:
        return None
    try:
        return read(cell)
    except BadCell as bad:
        raise RowRefused(bad.code, column, cell, **bad.facts) from None


def _money(desk: Desk, row: Row, column: str, code: str) -> Money | None:
    return cell_of(row, column, lambda cell: read_money(cell, desk.context.decimal, code))


def _instant(desk: Desk, row: Row, column: str, *, end_of_day: bool = False) -> int | None:
    return cell_of(
        row,
        column,
        lambda cell: read_instant(cell, desk.context.zone, end_of_day=end_of_day),
    )
