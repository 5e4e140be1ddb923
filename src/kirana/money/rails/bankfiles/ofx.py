"""OFX: statements of American banks, as SGML without end tags (1.x) or as XML (2.x).

Source: Open Financial Exchange 2.3, section 11.
"""

import re
from datetime import date, datetime

from .lines import BankFile, BankLine, decoded, money_of, number, reference_of
from .problems import refuse

_TAG = re.compile(r"<(/?)([A-Za-z0-9.]+)>([^<]*)")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&amp;": "&"}
_CHARSETS = {"1252": "cp1252", "ISO-8859-1": "iso8859-1", "8859-1": "iso8859-1", "NONE": "utf-8"}


def recognizes(content: bytes) -> bool:
    head = content[:1024].upper()
    return b"OFXHEADER" in head or b"<OFX>" in head


def read(content: bytes) -> BankFile:
    """Raises: StatementRefused."""
    if re.search(rb"<!(DOCTYPE|ENTITY)", content, re.I):
        refuse("doctype", "The file declares a document type, which statements never do.")
    text = decoded(content, _encoding(content[:1024].decode("ascii", "ignore")))
    lines: list[BankLine] = []
    account = code = ""
    booking: dict[str, str] | None = None
    for closing, tag, said in _TAG.findall(text):
        name, value = tag.upper(), _plain(said)
        if name == "STMTTRN":
            if closing and booking is not None:
                lines.append(_booking(booking, account, code))
            booking = None if closing else {}
        elif closing:
            continue
        elif booking is not None:
            if value:
                booking.setdefault(name, value)
        elif name == "CURDEF":
            code = value
        elif name == "ACCTID":
            account = value
    if booking is not None:
        refuse("broken", "The file ends within a booking.")
    if not account:
        refuse("no-statement", "There is no statement of an account in the file.")
    return BankFile("ofx", number(lines))


def _encoding(head: str) -> str:
    declared = re.search(r"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)", head)
    if declared:
        return declared[1]
    charset = re.search(r"CHARSET:\s*(\S+)", head)
    if "ENCODING:UTF-8" in head or charset is None:
        return "utf-8"
    return _CHARSETS.get(charset[1].upper(), charset[1])


def _booking(said: dict[str, str], account: str, code: str) -> BankLine:
    place = f"transaction {said.get('FITID', '?')}"
    for needed in ("DTPOSTED", "TRNAMT"):
        if needed not in said:
            refuse("broken", f"A booking has no {needed}.", place)
    amount = said["TRNAMT"]
    if not re.fullmatch(r"[+-]?[0-9]{1,15}([.,][0-9]{1,4})?", amount):
        refuse("amount", f"{amount[:20]} is no amount.", place)
    references = (reference_of(said.get(it)) for it in ("REFNUM", "CHECKNUM"))
    return BankLine(
        account=account,
        booked_on=_date(said["DTPOSTED"], place),
        value_on=_date(said["DTAVAIL"], place) if "DTAVAIL" in said else None,
        amount=money_of(amount.replace(",", "."), code, place),
        bank_reference=reference_of(said.get("FITID")),
        references=tuple(it for it in references if it),
        counterparty=said.get("NAME"),
        counterparty_account=said.get("ACCTID"),
        text=said.get("MEMO", ""),
    )


def _date(text: str, place: str) -> date:
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        return refuse("date", f"{text[:20]} is no date.", place)


def _plain(text: str) -> str:
    for entity, char in _ENTITIES.items():
        text = text.replace(entity, char)
    return text.strip()
