"""A month of a wallet as a file: CSV for a spreadsheet, camt.053 for a program that keeps books."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Tx
from kirana.values import Actor, Money, OwnerId, currency

from .bank_lines import NameOf
from .model import OPERATOR, AccountKey
from .owners import find_owner
from .statements import StatementLine, lines_between
from .tables import entries, transfers
from .usages import month_of
from .wallets import wallet_key

Format = Literal["csv", "camt"]

_BEFORE = Q(
    select(entries.c.balance_after_minor)
    .join_from(entries, transfers, transfers.c.seq == entries.c.seq)
    .where(
        entries.c.account_id == bindparam("account_id"),
        transfers.c.created_at < bindparam("since"),
    )
    .order_by(entries.c.version.desc())
    .limit(1)
)
_COLUMNS = (
    "date", "line", "id", "kind", "purpose", "counterparty", "ref", "amount_minor", "amount",
    "currency", "balance_after", "on_hold_after",
)  # fmt: skip
_CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@dataclass(frozen=True, slots=True)
class MonthOfWallet:
    """What happened to a wallet in a month of its owner's zone, the oldest first. `until` is the
    next month's first moment, or now."""

    account: AccountKey
    month: str
    zone: str
    since: int
    until: int
    made_at: int
    opening: Money
    lines: list[StatementLine]
    names: Mapping[OwnerId, str]

    @property
    def closing(self) -> Money:
        return self.lines[-1].balance_after if self.lines else self.opening


def read_month(
    tx: Tx, currency_code: str, year: int, month: int, name_of: NameOf, *, by: Actor
) -> MonthOfWallet:
    """The statement of `by`'s wallet for a month of 1 to 12."""
    key = wallet_key(by.user_id, currency_code)
    owner = find_owner(tx, by.user_id)
    zone = owner.zone if owner else "UTC"
    since, until = month_of(year, month, zone)
    before = tx.one(_BEFORE, account_id=key.id, since=since)
    lines = lines_between(tx, key, since, until)
    others = {line.counterparty_id for line in lines} - {OPERATOR}
    return MonthOfWallet(
        account=key,
        month=f"{year:04}-{month:02}",
        zone=zone,
        since=since,
        until=min(until, max(since, tx.now)),
        made_at=tx.now,
        opening=Money(before.balance_after_minor if before else 0, currency_code),
        lines=lines,
        names=name_of(tx, others) if others else {},
    )


def write_month(of: MonthOfWallet, format: Format) -> bytes:
    """The file."""
    return _csv(of) if format == "csv" else _camt(of)


def _csv(of: MonthOfWallet) -> bytes:
    """With a mark that it is UTF-8, which spreadsheets want, and lines as RFC 4180 ends them."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for line in of.lines:
        rows.writerow(
            [
                _local(line.created_at, of.zone).isoformat(timespec="seconds"),
                line.line,
                line.transfer_id,
                line.kind,
                line.purpose,
                _cell(of.names.get(line.counterparty_id, "")),
                f"{line.ref.kind} {line.ref.id}" if line.ref else "",
                line.posted.amount_minor,
                _decimal(line.posted),
                line.posted.currency,
                _decimal(line.balance_after),
                _decimal(line.on_hold_after),
            ]
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(text: str) -> str:
    """So that no spreadsheet takes a name for a formula."""
    return "'" + text if re.match(r"'*[=+\-@\t\r]", text) else text


def _camt(of: MonthOfWallet) -> bytes:
    """Only what was booked: what is merely set aside is in no balance.

    Source: ISO 20022, Bank-to-Customer Statement (camt.053.001.08).
    """
    document = ElementTree.Element("Document", xmlns=_CAMT)
    root = _under(document, "BkToCstmrStmt")
    # Ids have at most 35 characters.
    id = of.month.replace("-", "") + of.account.id.hex[4:]
    made_at = _instant(of.made_at)
    head = _under(root, "GrpHdr")
    _under(head, "MsgId", id)
    _under(head, "CreDtTm", made_at)
    statement = _under(root, "Stmt")
    _under(statement, "Id", id)
    _under(statement, "CreDtTm", made_at)
    period = _under(statement, "FrToDt")
    _under(period, "FrDtTm", _instant(of.since))
    _under(period, "ToDtTm", _instant(of.until))
    account = _under(statement, "Acct")
    _under(account, "Id/Othr/Id", of.account.id.hex)
    _under(account, "Ccy", of.account.currency)
    for code, amount, at in (("OPBD", of.opening, of.since), ("CLBD", of.closing, of.until - 1)):
        balance = _under(statement, "Bal")
        _under(balance, "Tp/CdOrPrtry/Cd", code)
        _amount(balance, amount)
        _under(balance, "Dt/Dt", _local(at, of.zone).date().isoformat())
    for line in of.lines:
        if line.posted:
            _entry(statement, line, of)
    ElementTree.indent(document)
    content: bytes = ElementTree.tostring(document, encoding="utf-8", xml_declaration=True)
    return content


def _entry(statement: ElementTree.Element, line: StatementLine, of: MonthOfWallet) -> None:
    entry = _under(statement, "Ntry")
    _under(entry, "NtryRef", str(line.line))
    _amount(entry, line.posted, is_reversal=line.reverses_id is not None)
    _under(entry, "Sts/Cd", "BOOK")
    day = _local(line.created_at, of.zone).date().isoformat()
    _under(entry, "BookgDt/Dt", day)
    _under(entry, "ValDt/Dt", day)
    _under(entry, "AcctSvcrRef", line.transfer_id.hex)
    _under(entry, "BkTxCd/Prtry/Cd", line.purpose[:35])
    name = of.names.get(line.counterparty_id)
    if name or line.ref:
        details = _under(entry, "NtryDtls/TxDtls")
        if line.ref:
            _under(details, "Refs/EndToEndId", line.ref.id.hex)
        if name:
            side = "Dbtr" if line.posted.amount_minor > 0 else "Cdtr"
            _under(details, f"RltdPties/{side}/Pty/Nm", _plain(name)[:140])


def _amount(under: ElementTree.Element, amount: Money, *, is_reversal: bool = False) -> None:
    size = -amount if amount.amount_minor < 0 else amount
    _under(under, "Amt", _decimal(size)).set("Ccy", amount.currency)
    _under(under, "CdtDbtInd", "DBIT" if amount.amount_minor < 0 else "CRDT")
    if is_reversal:
        _under(under, "RvslInd", "true")


def _under(parent: ElementTree.Element, path: str, text: str | None = None) -> ElementTree.Element:
    """The element at the end of a path of names, made with all on the way."""
    for name in path.split("/"):
        parent = ElementTree.SubElement(parent, name)
    parent.text = text
    return parent


def _plain(text: str) -> str:
    """Without what no XML may contain."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", " ", text)


def _decimal(amount: Money) -> str:
    exponent = currency(amount.currency).exponent
    digits = str(abs(amount.amount_minor)).rjust(exponent + 1, "0")
    sign = "-" if amount.amount_minor < 0 else ""
    return sign + (f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits)


def _local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))


def _instant(at: int) -> str:
    return _local(at, "UTC").isoformat(timespec="milliseconds").replace("+00:00", "Z")
