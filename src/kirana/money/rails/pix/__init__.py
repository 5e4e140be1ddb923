"""Pix, in Brazil. A key may be a CPF or CNPJ, a telephone number, an e-mail address, or random."""

from kirana.values import Money

from .. import emv
from ..amounts import require_currency
from ..port import Details, Offer, Reading
from ..problems import refuse_address
from ..texts import plain_name
from .code import NO_TXID, PixCode, read_code, write_code
from .keys import has_right_digits, kind_of, tidy

__all__ = ["CURRENCY", "NAME", "PixCode", "check_address", "offer", "read", "recognizes"]

NAME = "pix"
CURRENCY = "BRL"


def check_address(details: Details) -> dict[str, str]:
    """`key`, and `name` and `city` as the account has them. Raises: InvalidInput."""
    key = tidy(details.get("key", ""))
    if kind_of(key) is None:
        refuse_address("key", "A key is a CPF, a CNPJ, +55 and a telephone, an e-mail, or random.")
    if not has_right_digits(key):
        refuse_address("key", "The check digits of this number are wrong.")
    return {
        "key": key,
        "name": plain_name(details, "name", 25),
        "city": plain_name(details, "city", 15),
    }


def offer(address: Details, amount: Money | None, reference: str, *, attempt: int = 1) -> Offer:
    """The reference is the `txid`. Raises: CodeRefused."""
    require_currency(amount, CURRENCY)
    code = PixCode(
        key=address["key"],
        name=address["name"],
        city=address["city"],
        amount=amount,
        txid=reference,
    )
    return Offer(write_code(code))


def recognizes(text: str) -> bool:
    return emv.has_template(text, "br.gov.bcb.pix")


def read(text: str) -> Reading:
    """Raises: CodeRefused."""
    code = read_code(text)
    warnings = []
    if code.key is not None and not has_right_digits(code.key):
        warnings.append("The check digits of the key are wrong.")
    if code.recurrence_url is not None:
        warnings.append("It also asks for a permission to debit repeatedly.")
    if code.url is not None:
        warnings.append("The amount is what the payee's bank says when it is asked.")
    return Reading(
        rail=NAME,
        currency=CURRENCY,
        amount_minor=code.amount.amount_minor if code.amount else None,
        payee=code.key or code.url or code.recurrence_url,
        name=code.name,
        reference=None if code.txid == NO_TXID else code.txid,
        note=code.info,
        fields=emv.flatten(emv.parse(text)),
        warnings=tuple(warnings),
    )
