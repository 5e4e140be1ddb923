"""A month for beancount, kept as the operator's books keep it: what is in a wallet is owed to its
owner, so it is a liability and below zero. Only what was booked.

Source: Beancount Language Syntax (https://beancount.github.io/docs/beancount_language_syntax.html).
"""

import re
from datetime import timedelta
from itertools import groupby

from kirana.values import Money, OwnerId

from ...days import day_of, local
from ...model import OPERATOR
from ..statements import StatementLine
from . import Lines, MonthOfWallet

_OPENING = "Equity:Opening-Balances"
_HEAD = """\
; Wallet of {name}, {month} ({zone}).
; What is in a wallet is owed to its owner: a liability, so its amounts are below zero.
option "title" "{title}"
option "operating_currency" "{currency}"

{day} open {account} {currency}
{day} open {opening} {currency}

"""


class Beancount:
    media_type = "text/plain; charset=utf-8"
    ending = "beancount"

    def __init__(self, of: MonthOfWallet) -> None:
        self._of = of
        self._own = _account(of.account.owner_id)
        self._day = day_of(of.since, of.zone)
        self._opened: set[str] = set()
        self._waiting: list[tuple[StatementLine, str]] = []
        """The last group read: more of it may be on the next page."""

    def begin(self) -> bytes:
        of = self._of
        text = _HEAD.format(
            name=_one_line(of.name),
            month=of.month,
            zone=of.zone,
            title=f"Wallet {of.account.currency} {of.month}",
            currency=of.account.currency,
            day=self._day,
            account=self._own,
            opening=_OPENING,
        )
        if of.opening:
            text += f'{self._day} * "Opening balance"\n'
            text += _posting(self._own, -of.opening) + _posting(_OPENING, of.opening) + "\n"
        return text.encode()

    def write(self, page: Lines) -> bytes:
        told = [(it, page.names.get(it.counterparty_id, "")) for it in page.lines if it.posted]
        groups = [
            list(lines) for _, lines in groupby(self._waiting + told, key=lambda it: it[0].group_id)
        ]
        self._waiting = groups.pop() if groups else []
        return "".join(self._transaction(group) for group in groups).encode()

    def end(self) -> bytes:
        """With what there must be at the beginning of the day after."""
        of = self._of
        text = self._transaction(self._waiting) if self._waiting else ""
        after = local(of.until - 1, of.zone).date() + timedelta(days=1)
        text += f"{after} balance {self._own}  {(-of.closing).decimal} {of.closing.currency}\n"
        return text.encode()

    def _transaction(self, group: list[tuple[StatementLine, str]]) -> str:
        """One for all that was moved together."""
        first, name = group[0]
        text = ""
        for line, _ in group:
            account = _account(line.counterparty_id)
            if account not in self._opened:
                self._opened.add(account)
                text += f"{self._day} open {account} {self._of.account.currency}\n"
        day = day_of(first.created_at, self._of.zone)
        text += f'{day} * "{_escaped(name)}" "{_escaped(first.purpose)}"\n'
        text += f'  group: "{first.group_id}"\n'
        if first.ref:
            text += f'  ref: "{first.ref.kind} {first.ref.id}"\n'
        for line, _ in group:
            text += _posting(self._own, -line.posted)
            text += f'    transfer: "{line.transfer_id}"\n'
            text += _posting(_account(line.counterparty_id), line.posted)
        return text + "\n"


def _account(owner_id: OwnerId) -> str:
    return "Assets:Operator" if owner_id == OPERATOR else f"Liabilities:Wallets:U{owner_id.hex}"


def _posting(account: str, amount: Money) -> str:
    return f"  {account}  {amount.decimal} {amount.currency}\n"


def _one_line(text: str) -> str:
    """Without what would begin a line of its own, and without what nobody sees."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text).strip()


def _escaped(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace('"', '\\"')
