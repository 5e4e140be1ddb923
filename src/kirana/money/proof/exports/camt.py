"""A month as camt.053, for a program that keeps books. Only what was booked: what is merely set
aside is in no balance.

Source: ISO 20022, Bank-to-Customer Statement (camt.053.001.08).
"""

import re
from xml.etree import ElementTree

from kirana.values import Money

from ...days import day_of, local
from ..statements import StatementLine
from . import Lines, MonthOfWallet

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_END = "  </Stmt>\n  </BkToCstmrStmt>\n</Document>\n"


class Camt:
    media_type = "text/xml"
    ending = "xml"

    def __init__(self, of: MonthOfWallet) -> None:
        self._of = of

    def begin(self) -> bytes:
        of = self._of
        # Ids have at most 35 characters.
        id = of.month.replace("-", "") + of.account.id.hex[4:]
        made_at = _instant(of.made_at)
        head = ElementTree.Element("GrpHdr")
        _under(head, "MsgId", id)
        _under(head, "CreDtTm", made_at)
        statement = ElementTree.Element("Stmt")
        _under(statement, "Id", id)
        _under(statement, "CreDtTm", made_at)
        period = _under(statement, "FrToDt")
        _under(period, "FrDtTm", _instant(of.since))
        _under(period, "ToDtTm", _instant(of.until))
        account = _under(statement, "Acct")
        _under(account, "Id/Othr/Id", of.account.id.hex)
        _under(account, "Ccy", of.account.currency)
        for code, amount, at in (
            ("OPBD", of.opening, of.since),
            ("CLBD", of.closing, of.until - 1),
        ):
            balance = _under(statement, "Bal")
            _under(balance, "Tp/CdOrPrtry/Cd", code)
            _amount(balance, amount)
            _under(balance, "Dt/Dt", day_of(at, of.zone))
        opened = _text(statement).rstrip().removesuffix("</Stmt>").rstrip()
        return (
            "<?xml version='1.0' encoding='utf-8'?>\n"
            f'<Document xmlns="{_NAMESPACE}">\n  <BkToCstmrStmt>\n{_text(head)}{opened}\n'
        ).encode()

    def write(self, page: Lines) -> bytes:
        return "".join(self._entry(line, page) for line in page.lines if line.posted).encode()

    def end(self) -> bytes:
        return _END.encode()

    def _entry(self, line: StatementLine, page: Lines) -> str:
        entry = ElementTree.Element("Ntry")
        _under(entry, "NtryRef", str(line.line))
        _amount(entry, line.posted, is_reversal=line.reverses_id is not None)
        _under(entry, "Sts/Cd", "BOOK")
        day = day_of(line.created_at, self._of.zone)
        _under(entry, "BookgDt/Dt", day)
        _under(entry, "ValDt/Dt", day)
        _under(entry, "AcctSvcrRef", line.transfer_id.hex)
        _under(entry, "BkTxCd/Prtry/Cd", line.purpose[:35])
        name = page.names.get(line.counterparty_id)
        if name or line.ref:
            details = _under(entry, "NtryDtls/TxDtls")
            if line.ref:
                _under(details, "Refs/EndToEndId", line.ref.id.hex)
            if name:
                side = "Dbtr" if line.posted.amount_minor > 0 else "Cdtr"
                _under(details, f"RltdPties/{side}/Pty/Nm", _plain(name)[:140])
        return _text(entry, depth=2)


def _amount(under: ElementTree.Element, amount: Money, *, is_reversal: bool = False) -> None:
    size = -amount if amount.amount_minor < 0 else amount
    _under(under, "Amt", size.decimal).set("Ccy", amount.currency)
    _under(under, "CdtDbtInd", "DBIT" if amount.amount_minor < 0 else "CRDT")
    if is_reversal:
        _under(under, "RvslInd", "true")


def _under(parent: ElementTree.Element, path: str, text: str | None = None) -> ElementTree.Element:
    """The element at the end of a path of names, made with all on the way."""
    for name in path.split("/"):
        parent = ElementTree.SubElement(parent, name)
    parent.text = text
    return parent


def _text(element: ElementTree.Element, depth: int = 1) -> str:
    ElementTree.indent(element, level=depth)
    return "  " * depth + ElementTree.tostring(element, encoding="unicode") + "\n"


def _plain(text: str) -> str:
    """Without what no XML may contain."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", " ", text)


def _instant(at: int) -> str:
    return local(at, "UTC").isoformat(timespec="milliseconds").replace("+00:00", "Z")
