"""The text of a Pix code: what it holds, written and read.

Source: Banco Central do Brasil, Manual de Padrões para Iniciação do Pix.
"""

import re
from dataclasses import dataclass

from kirana.values import Money

from .. import emv
from ..problems import refuse
from .keys import kind_of

_GUI = "br.gov.bcb.pix"
NO_TXID = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class PixCode:
    """Where to pay: by a `key`, or as the document at `url` says (an address without scheme)."""

    name: str
    city: str
    key: str | None = None
    info: str | None = None
    url: str | None = None
    amount: Money | None = None
    txid: str = NO_TXID
    is_one_time: bool = False
    recurrence_url: str | None = None
    """Read, not written: template 80."""
    gui: str = _GUI


def write_code(code: PixCode) -> str:
    """Raises: CodeRefused for what cannot be written."""
    account = {"00": code.gui, "01": code.key, "02": code.info, "25": code.url}
    fields: emv.Fields = {"00": "01"}
    if code.is_one_time:
        fields["01"] = "12"
    fields["26"] = {tag: value for tag, value in account.items() if value is not None}
    fields |= {"52": "0000", "53": "986"}
    fields |= emv.write_amount(code.amount)
    fields |= {"58": "BR", "59": code.name, "60": code.city, "62": {"05": code.txid}}
    text = emv.compose(fields)
    read_code(text)
    return text


def read_code(text: str) -> PixCode:
    """Raises: CodeRefused."""
    fields = emv.parse(text)
    account = emv.find_template(fields, _GUI)
    if account is None:
        refuse("no-account", "No Pix account is named in it.", "26")
    emv.require_country(fields, "BR", "BRL")
    emv.require_lengths(fields)
    recurrence = _recurrence(fields)
    _require_payee(account, recurrence)
    minor = emv.read_amount(fields, "BRL", may_be_zero=True)
    return PixCode(
        name=_need(fields, "59"),
        city=_need(fields, "60"),
        key=account.get("01"),
        info=account.get("02"),
        url=account.get("25"),
        amount=Money(minor, "BRL") if minor else None,
        txid=_txid(fields),
        is_one_time=_is_one_time(fields),
        recurrence_url=recurrence,
        gui=account["00"],
    )


def _require_payee(account: emv.Template, recurrence: str | None) -> None:
    key, url = account.get("01"), account.get("25")
    if key is not None and url is not None:
        refuse("payee", "A Pix code has a key or an address, not both.", "26")
    if key is None and url is None and recurrence is None:
        refuse("payee", "A Pix code needs a key or an address.", "26")
    if key is not None and kind_of(key) is None:
        refuse("key", "The key is no CPF, CNPJ, telephone, e-mail or random key.", "26.01")
    if url is not None and not _is_url(url):
        refuse("url", "The address has to stand there without https://.", "26.25")


def _recurrence(fields: emv.Fields) -> str | None:
    template = emv.find_template(fields, _GUI, among=range(80, 100)) or {}
    url = template.get("25")
    if url is not None and not _is_url(url):
        refuse("url", "The address has to stand there without https://.", "80.25")
    return url


def _is_url(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?/[!-~]*", text) is not None


def _txid(fields: emv.Fields) -> str:
    txid = emv.text_at(fields, "62.05") or NO_TXID
    if txid != NO_TXID and not re.fullmatch("[A-Za-z0-9]{1,25}", txid):
        refuse("txid", "The reference is 1 to 25 letters and digits, or ***.", "62.05")
    return txid


def _is_one_time(fields: emv.Fields) -> bool:
    initiation = emv.text_at(fields, "01")
    if initiation not in (None, "11", "12"):
        refuse("initiation", "Tag 01 is 11 or 12.", "01")
    return initiation == "12"


def _need(fields: emv.Fields, tag: str) -> str:
    value = emv.text_at(fields, tag)
    if value is None:
        refuse("missing", f"Tag {tag} is missing.", tag)
    return value
