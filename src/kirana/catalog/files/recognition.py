"""Which format a table is in, and which decimal sign its numbers have. Pure."""

from dataclasses import replace
from typing import Protocol

from .cells import DecimalSign, read_signs
from .drafts import Context, Reading
from .formats import kirana, shopify, woocommerce
from .refusals import refuse
from .sniffing import Sheet
from .table import Table


class Format(Protocol):
    """What a module of `formats` offers."""

    NAME: str
    LABEL: str
    NUMBERS: tuple[str, ...]
    """Columns that hold numbers: they decide the decimal sign."""

    def recognizes(self, table: Table) -> bool: ...
    def read(self, table: Table, context: Context) -> Reading: ...


FORMATS: tuple[Format, ...] = (woocommerce, shopify, kirana)

_HEADER_ROWS = 5
"""A title or two may stand above the headers."""

_OTHERS = (
    ({"country code", "rate %"}, "a table of tax rates"),
    ({"handle", "location", "on hand"}, "a Shopify inventory file, not the products"),
    ({"financial status", "lineitem name"}, "a Shopify export of orders, not the products"),
    ({"order id", "order total"}, "an export of orders"),
    ({"product handle", "product title"}, "a Medusa product file, which Kirana does not read yet"),
    ({"slug", "sku", "option1_name"}, "a Spree product file, which Kirana does not read yet"),
    (
        {"id", "title", "link", "image_link"},
        "a product feed, which Kirana does not read yet",
    ),
    ({"first name", "last name", "email"}, "a list of customers"),
    ({"first_name", "last_name", "email"}, "a list of customers"),
    ({"invoiceno", "stockcode"}, "a list of sales"),
)


def recognize(sheet: Sheet) -> tuple[Format, Table]:
    """The format and the table below its headers. Raises: FileRefused for anything unknown."""
    for position, header in enumerate(sheet.records[:_HEADER_ROWS]):
        below = sheet.records[position + 1 :]
        names = Table(header, ())
        for format_ in FORMATS:
            if format_.recognizes(names):
                table = Table(header, below)
                if not table.rows and not table.too_long:
                    raise refuse("no-rows", "There are headers in this file, but no products.")
                return format_, table
    found = set(Table(sheet.records[0], ()).names)
    seems = next((kind for needed, kind in _OTHERS if needed <= found), "")
    if seems:
        raise refuse("not-a-catalog", f"This seems to be {seems}.", seems=seems)
    seen = ", ".join(header.written for header in Table(sheet.records[0], ()).headers[:6])
    raise refuse(
        "unknown-columns",
        f"Kirana does not know this table (its columns begin with {seen[:200]}). "
        "It reads its own template and the product files of WooCommerce and Shopify.",
        seems="a table in an unknown format",
    )


def decide_sign(format_: Format, table: Table, said: DecimalSign | None) -> DecimalSign:
    """The decimal sign of the whole file. Raises: FileRefused with the question who can tell."""
    if said is not None:
        return said
    signs = read_signs(cell for name in format_.NUMBERS for cell in table.cells(name))
    if decided := signs.decided:
        return decided
    if signs.point and signs.comma:
        sentence = (
            f"Some numbers have a decimal point ({signs.point}), others a decimal comma "
            f"({signs.comma}). Which one is right?"
        )
    else:
        hint = table.unit("price")
        if hint.startswith("0.0") and "." in signs.either:
            return "."  # Kirana wrote this header for a currency with three decimals
        sentence = (
            f"{signs.either} can be read in two ways. Which sign separates the decimals in this "
            "file: the point or the comma?"
        )
    raise refuse("which-decimal-sign", sentence, choices=[".", ","])


def read_file(
    sheet: Sheet, context: Context, said: DecimalSign | None
) -> tuple[Format, Reading, DecimalSign]:
    """Everything that the file says. Raises: FileRefused."""
    format_, table = recognize(sheet)
    sign = decide_sign(format_, table, said)
    return format_, format_.read(table, replace(context, decimal=sign)), sign
