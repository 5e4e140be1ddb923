"""camt.053 and camt.054: statements and notices in XML, of any version.

Source: ISO 20022, Bank-to-Customer Cash Management.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from kirana.values import Money

from .lines import BankFile, BankLine, date_of, money_of, number, reference_of
from .problems import refuse
from .xml import Element, parse

_STATEMENTS = (("BkToCstmrStmt", "Stmt"), ("BkToCstmrDbtCdtNtfctn", "Ntfctn"))


def recognizes(content: bytes) -> bool:
    return b"BkToCstmr" in content[:8192]


def read(content: bytes) -> BankFile:
    """Raises: StatementRefused."""
    document = parse(content)
    statements = [it for path in _STATEMENTS for it in document.all(*path)]
    if not statements:
        refuse("no-statement", "There is no camt.053 or camt.054 statement in the file.")
    lines: list[BankLine] = []
    warnings: list[str] = []
    for statement in statements:
        found = [line for entry in statement.all("Ntry") for line in _entry(statement, entry)]
        lines += _balanced(statement, found, warnings)
    return BankFile("camt", number(lines), tuple(warnings))


def _entry(statement: Element, entry: Element) -> Iterator[BankLine]:
    """One line, or one for each detail of a batch. What is not booked yet is left out."""
    place = f"entry {entry.said('NtryRef') or entry.said('AcctSvcrRef') or '?'}"
    if (entry.said("Sts", "Cd") or entry.said("Sts") or "BOOK") != "BOOK":
        return
    whole = BankLine(
        account=_account(statement),
        booked_on=_day(entry, "BookgDt", place) or _day(entry, "ValDt", place) or _no_day(place),
        value_on=_day(entry, "ValDt", place),
        amount=_signed(entry, entry, place),
        bank_reference=reference_of(entry.said("AcctSvcrRef")),
        text=entry.said("AddtlNtryInf") or "",
        is_reversal=entry.said("RvslInd") in ("true", "1"),
    )
    details = list(entry.all("NtryDtls", "TxDtls"))
    if not details or (len(details) > 1 and not all(map(_amount, details))):
        yield whole
        return
    parts = [_detail(whole, entry, it, place, is_only=len(details) == 1) for it in details]
    if sum(part.amount.amount_minor for part in parts) != whole.amount.amount_minor:
        refuse("sum", "The parts of a batch do not add up to it.", place)
    yield from parts


def _detail(
    whole: BankLine, entry: Element, detail: Element, place: str, *, is_only: bool
) -> BankLine:
    end_to_end_id = reference_of(detail.said("Refs", "EndToEndId"))
    amount = whole.amount if is_only else _signed(detail, entry, place)
    party, account = _counterparty(detail, is_credit=amount.amount_minor >= 0)
    own = reference_of(detail.said("Refs", "AcctSvcrRef"))
    return replace(
        whole,
        amount=amount,
        end_to_end_id=end_to_end_id,
        references=_references(detail),
        bank_reference=own or (whole.bank_reference if is_only else None),
        counterparty=party,
        counterparty_account=account,
        text=_text(detail) or whole.text,
    )


def _signed(amount_of: Element, entry: Element, place: str) -> Money:
    amount = _amount(amount_of)
    if amount is None:
        refuse("amount", "An amount is missing.", place)
    money = money_of(amount.text, amount.attributes.get("Ccy", ""), place)
    direction = amount_of.said("CdtDbtInd") or entry.said("CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        refuse("direction", "It does not say whether money came or went.", place)
    return money if direction == "CRDT" else -money


def _amount(amount_of: Element) -> Element | None:
    return amount_of.first("Amt") or amount_of.first("AmtDtls", "TxAmt", "Amt")


def _balanced(statement: Element, lines: list[BankLine], warnings: list[str]) -> list[BankLine]:
    """Lines whose sum is what the balances say.

    The standard wants the sign of a reversal to be that of its own booking. Some banks write that
    of the booking that it takes back; then only the turned sign adds up.
    """
    opening, closing = _balance(statement, "OPBD", "PRCD"), _balance(statement, "CLBD")
    if opening is None or closing is None:
        return lines
    turned = [replace(it, amount=-it.amount) if it.is_reversal else it for it in lines]
    for candidate in (lines, turned):
        if opening + sum(it.amount.amount_minor for it in candidate) == closing:
            return candidate
    warnings.append("The lines do not add up to the difference of the balances.")
    return lines


def _balance(statement: Element, *codes: str) -> int | None:
    for balance in statement.all("Bal"):
        if balance.said("Tp", "CdOrPrtry", "Cd") in codes:
            return _signed(balance, balance, "balance").amount_minor
    return None


def _account(statement: Element) -> str:
    for path in (("Acct", "Id", "IBAN"), ("Acct", "Id", "Othr", "Id")):
        if said := statement.said(*path):
            return said
    return refuse("account", "The statement does not name its account.")


def _day(entry: Element, name: str, place: str) -> date | None:
    said = entry.said(name, "Dt") or entry.said(name, "DtTm")
    return date_of(said, place) if said else None


def _no_day(place: str) -> date:
    return refuse("date", "A date is missing.", place)


def _references(detail: Element) -> tuple[str, ...]:
    paths = (
        ("RmtInf", "Strd", "CdtrRefInf", "Ref"),
        ("Refs", "MndtId"),
        ("Refs", "InstrId"),
        ("Refs", "TxId"),
        ("Refs", "PmtInfId"),
    )
    said = (reference_of(it.text) for path in paths for it in detail.all(*path))
    return tuple(dict.fromkeys(it for it in said if it))


def _counterparty(detail: Element, *, is_credit: bool) -> tuple[str | None, str | None]:
    side = "Dbtr" if is_credit else "Cdtr"
    parties = detail.first("RltdPties") or detail
    name = parties.said(side, "Pty", "Nm") or parties.said(side, "Nm")
    account = f"{side}Acct"
    return name, parties.said(account, "Id", "IBAN") or parties.said(account, "Id", "Othr", "Id")


def _text(detail: Element) -> str:
    said = [it.text for it in detail.all("RmtInf", "Ustrd")]
    return " ".join(said) or detail.said("AddtlTxInf") or ""
