"""What is said about the rows of a file: a result for each, and notes with code and sentence."""

from dataclasses import dataclass
from typing import Literal

Result = Literal["created", "updated", "unchanged", "draft", "skipped", "refused"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about one row. `code` is for programs, `sentence` for people."""

    row: int
    code: str
    column: str
    quote: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a field held and what it will hold, as people write it."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowReport:
    """What a row of the file does. A row that is a draft, skipped or refused has a note why."""

    row: int
    result: Result
    title: str
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()


_SENTENCES = {
    # refused
    "too-many-cells": "The row has more cells than there are headers.",
    "no-name": "The product has no name.",
    "name-too-long": "The name is longer than 150 letters.",
    "not-a-price": "This is not a price.",
    "negative-price": "A price cannot be below zero.",
    "too-many-decimals": "{currency} has {exponent} decimals; this price has more.",
    "price-too-large": "This price is too large.",
    "not-a-number": "This is not a number.",
    "not-a-whole-number": "Stock is counted in whole numbers.",
    "not-a-date": "This is not a date that can be read.",
    "not-an-answer": "This should be yes or no.",
    "unknown-type": "Kirana does not know this type of product.",
    "unknown-status": "The status is published, draft or hidden.",
    "no-such-parent": "The product that this variation belongs to is neither here nor in the shop.",
    "no-parent": "This variation does not say which product it belongs to.",
    "no-handle": "The row does not say which product it belongs to.",
    "no-options": "A product with several variants needs options that tell them apart.",
    "too-many-options": "A product has at most 3 options.",
    "option-missing": "The variant does not say its value for {option}.",
    "other-options": "The options differ from those that the product has.",
    "too-many-variants": "A product has at most 250 variants.",
    "any-with-stock": "A row that stands for several variants cannot count their stock.",
    "no-variations": "The file holds none of this product's variations.",
    "duplicate-sku": "The SKU is already in row {other}.",
    "duplicate-variant": "The same variant is already in row {other}.",
    "duplicate-product": "The same product is already in row {other}.",
    "sku-taken": "Another product of the shop has this SKU.",
    "two-products": "The row points at two different products of the shop.",
    "changed-since-plan": "The product was changed after the plan was made. Import the file again.",
    "not-saved": "The shop refused this product: {reason}",
    "parent-refused": "The row with the product itself (row {other}) was refused.",
    # draft
    "no-price": "There is no price in the shop's currency.",
    "sold-elsewhere": "It was sold on another site; check it before you publish it.",
    # skipped
    "disabled-variation": "The variation is switched off.",
    "empty-row": "The row says nothing about a product.",
    # notes
    "sale-not-lower": "The sale price is not below the price, so it is left out.",
    "sale-ended": "This sale is over, so it is left out.",
    "bad-barcode": "This is not a valid barcode, so it is left out.",
    "quantity-not-counted": "The stock is not counted, so the product is always available.",
    "shared-stock": "Stock shared by all variations is not taken over; the variant is available.",
    "downloads-not-taken": "The files for download are not taken over.",
    "price-on-parent": "The price stands on the product; its variants have prices of their own.",
    "picture-refused": "The picture could not be taken over: {reason}",
    "too-many-pictures": "A product has at most 20 pictures; the others are left out.",
    "unknown-member": "The shop has no such product, so the collection goes without it.",
    "weight-unit": "The unit of this weight is unknown, so it is left out.",
    "weight-per-product": "A product has one weight; that of the first row counts.",
    "description-per-product": "A variant has no text of its own, so this text is left out.",
    "gone-from-file": "It is in the shop, but not in the file any more. It stays.",
    "edited-since": "It was edited after the import, so it was not taken back.",
    "negative-stock": "Stock below zero is taken as zero.",
}


def note(row: int, code: str, column: str = "", quote: str = "", **facts: object) -> Note:
    """The note `code` about a cell; a long `quote` is cut."""
    short = " ".join(quote.split())
    if len(short) > 60:
        short = short[:59] + "…"
    return Note(row, code, column, short, _SENTENCES[code].format(**facts))
