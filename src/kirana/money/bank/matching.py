"""Which transfer a line of a bank is.

A line that names a request, or a payment by the bank's own reference, is that at once. What only
looks like one is left to the owner, who knows. A line is never matched to more than its amount, and
what was noted by hand before is found again instead of being moved a second time.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import and_, bindparam, cast, func, insert, select, update

from kirana.platform.db import Int, Q, Row, Tx, any_of
from kirana.platform.problems import IdReused, NotFound
from kirana.values import (
    Actor,
    BankLineId,
    Mandate,
    Money,
    OwnerId,
    RequestId,
    TransferId,
    derived_id,
)

from ..flows.addresses import in_use
from ..flows.claims import receive
from ..flows.requests import Request, find_request
from ..owners import require_mandate
from ..problems import AmountOutOfRange, LineExplained
from ..tables import accounts, bank_lines, claims, matches, requests, transfers

How = Literal["reference", "bank_reference", "owner"]
"""Who or what says that a line is a transfer."""
PutAway = Literal["set_aside", "duplicate"]

UNKNOWN_RAIL = "bank"
"""The rail of a payment that came by none of the owner's addresses."""

_LINES = Q(select(bank_lines).where(any_of(bank_lines.c.id, "ids")).order_by(bank_lines.c.id))
_FIND = Q(
    select(bank_lines).where(
        bank_lines.c.id == bindparam("id"), bank_lines.c.owner_id == bindparam("owner_id")
    )
)
_NAMED = Q(
    select(requests.c.id, requests.c.reference, requests.c.currency).where(
        requests.c.asker_id == bindparam("owner_id"), any_of(requests.c.reference, "references")
    )
)
_made, _payees = transfers.alias("made"), accounts.alias("payees")
_CLAIMED = Q(
    select(claims.c.request_id, claims.c.bank_ref, _made.c.amount_minor, _made.c.ledger_id)
    .join_from(claims, _made, _made.c.id == claims.c.transfer_id)
    .join(_payees, _payees.c.id == _made.c.credit_id)
    .where(_payees.c.owner_id == bindparam("owner_id"), any_of(claims.c.bank_ref, "bank_refs"))
)
_OF_REQUEST = Q(
    select(bank_lines.c.format, bank_lines.c.put_away).where(
        bank_lines.c.owner_id == bindparam("owner_id"),
        bank_lines.c.request_id == bindparam("request_id"),
        bank_lines.c.booked_on == bindparam("booked_on"),
        bank_lines.c.amount_minor == bindparam("amount_minor"),
    )
)
_taken, _moved = transfers.alias("taken"), transfers.alias("moved")
_payers = accounts.alias("payers")
_covered = (
    select(cast(func.coalesce(func.sum(matches.c.amount_minor), 0), Int))
    .where(matches.c.transfer_id == _moved.c.id)
    .correlate(_moved)
    .scalar_subquery()
)
_CONFIRMED = (
    select(
        claims.c.request_id,
        claims.c.rail,
        claims.c.confirmed_at,
        _moved.c.id,
        _moved.c.ledger_id,
        _moved.c.amount_minor,
        _payers.c.owner_id.label("payer_id"),
        _covered.label("covered_minor"),
    )
    .join_from(
        claims, _taken, and_(_taken.c.hold_id == claims.c.transfer_id, _taken.c.kind == "post")
    )
    .join(_moved, _moved.c.group_id == _taken.c.group_id)
    .join(_payers, _payers.c.id == _moved.c.debit_id)
    .join(_payees, _payees.c.id == _moved.c.credit_id)
    .order_by(_moved.c.seq)
)
"""What came by claims that were confirmed, and how much of it lines of the bank cover."""
CONFIRMED_SINCE = Q(
    _CONFIRMED.where(
        _payees.c.owner_id == bindparam("owner_id"), claims.c.confirmed_at >= bindparam("since")
    )
)
_OF_REQUEST_CONFIRMED = Q(_CONFIRMED.where(claims.c.request_id == bindparam("request_id")))
_ACT = Q(
    select(matches.c.line_id, matches.c.request_id).where(matches.c.act_id == bindparam("act_id"))
)
_ADD = Q(insert(matches))
_MATCHED = Q(
    update(bank_lines)
    .where(
        bank_lines.c.id == bindparam("id_"), bank_lines.c.matched_minor == bindparam("seen_minor")
    )
    .values(
        matched_minor=bindparam("matched_minor"),
        put_away=bindparam("put_away"),
        put_away_by=None,
        put_away_at=None,
    )
)
_NAME = Q(
    update(bank_lines)
    .where(bank_lines.c.id == bindparam("id_"))
    .values(request_id=bindparam("request_id"))
)
_PUT_AWAY = Q(
    update(bank_lines)
    .where(bank_lines.c.id == bindparam("id_"))
    .values(
        put_away=bindparam("put_away"),
        put_away_by=bindparam("by_id"),
        put_away_at=bindparam("now"),
    )
)

_LETTERS = "0-9A-HJKMNP-TV-Z"
_REFERENCE = re.compile(rf"(?:RF[0-9]{{2}})?([{_LETTERS}]{{12}})|([{_LETTERS}]{{12}})[0-9]{{2}}")
"""As codes write it: bare; as a creditor reference; with two digits for the attempt."""
_LONGEST = 16


@dataclass(frozen=True, slots=True)
class _Named:
    """The request that a line names, and by what."""

    request_id: RequestId
    how: How


def match_new_lines(tx: Tx, ids: Sequence[BankLineId], *, by: Actor) -> None:
    """Find the transfers that lines are which have just come in, in their order."""
    lines = [it for it in tx.all(_LINES, ids=list(ids)) if is_payment(it)] if ids else []
    if not lines:
        return
    find = _Finder(tx, by.user_id, lines)
    for line in lines:
        named = find.named_by(line)
        if named is None:
            continue
        is_duplicate = _is_duplicate(tx, line, named.request_id)
        tx.do(_NAME, id_=line.id, request_id=named.request_id)
        if is_duplicate:
            tx.do(_PUT_AWAY, id_=line.id, put_away="duplicate", by_id=by.person_id, now=tx.now)
            continue
        act_id = TransferId(derived_id(line.id, "match"))
        amount = Money(line.amount_minor, line.currency)
        _settle(tx, act_id, line, find_request(tx, named.request_id), amount, named.how, by=by)


def match_line(
    tx: Tx,
    id: TransferId,
    line_id: BankLineId,
    request_id: RequestId,
    amount: Money | None = None,
    *,
    by: Actor,
) -> None:
    """The owner says that a line, or `amount` of it, paid a request. What was noted of that by hand
    is found again; the rest is posted with `id`. Safe to repeat with the same id.

    Raises: LineExplained, AmountOutOfRange, IdReused; NotFound for somebody else's line or request,
    and for a line that is no payment; NotAllowed.
    """
    require_mandate(Mandate.SPEND, by=by)
    if known := tx.one(_ACT, act_id=id):
        if (known.line_id, known.request_id) != (line_id, request_id):
            raise IdReused(id=str(id))
        return
    line = _own(tx, line_id, by=by)
    request = find_request(tx, request_id)
    if not is_payment(line) or request.asker_id != by.user_id:
        raise NotFound()
    left = Money(line.amount_minor - line.matched_minor, line.currency)
    if not left:
        raise LineExplained()
    amount = left if amount is None else amount
    if {amount.currency, request.amount.currency} != {line.currency} or amount > left:
        raise AmountOutOfRange(currency=line.currency)
    _settle(tx, id, line, request, amount, "owner", by=by)


def set_line_aside(tx: Tx, line_id: BankLineId, *, by: Actor) -> None:
    """The owner knows what a line is, and it is nothing of Kirana's; or has seen what is wrong with
    it. Safe to repeat. Raises: NotFound, NotAllowed."""
    _put(tx, line_id, "set_aside", by=by)


def bring_line_back(tx: Tx, line_id: BankLineId, *, by: Actor) -> None:
    """Look at a line again. Safe to repeat. Raises: NotFound, NotAllowed."""
    _put(tx, line_id, None, by=by)


def is_payment(line: Row) -> bool:
    """Whether somebody paid the owner: nothing that went, nor what takes another booking back."""
    return bool(line.amount_minor > 0 and not line.is_reversal)


def _put(tx: Tx, line_id: BankLineId, put_away: PutAway | None, *, by: Actor) -> None:
    require_mandate(Mandate.SPEND, by=by)
    line = _own(tx, line_id, by=by)
    if line.put_away != put_away:
        tx.do(_PUT_AWAY, id_=line.id, put_away=put_away, by_id=by.person_id, now=tx.now)


def _own(tx: Tx, line_id: BankLineId, *, by: Actor) -> Row:
    line = tx.one(_FIND, id=line_id, owner_id=by.user_id)
    if line is None:
        raise NotFound()
    return line


def _settle(
    tx: Tx, id: TransferId, line: Row, request: Request, amount: Money, how: How, *, by: Actor
) -> None:
    """Match `amount` of a line to what was noted of the request, and post what was not."""
    parts: list[tuple[TransferId, Money, str]] = []
    left = amount
    for noted in tx.all(_OF_REQUEST_CONFIRMED, request_id=request.id):
        part = min(left, Money(noted.amount_minor - noted.covered_minor, amount.currency))
        if part:
            parts.append((noted.id, part, noted.rail))
            left -= part
    if left:
        rail = request.claim.rail if request.claim else _rail_of(tx, request)
        received = receive(tx, id, request.id, left, rail=rail, by=by)
        parts += [(transfer.id, transfer.amount, rail) for transfer in received]
    for transfer_id, part, rail in parts:
        tx.do(
            _ADD,
            line_id=line.id,
            transfer_id=transfer_id,
            request_id=request.id,
            rail=rail,
            amount_minor=part.amount_minor,
            how=how,
            act_id=id,
            by_id=by.person_id,
            at=tx.now,
        )
    tx.do(
        _MATCHED,
        id_=line.id,
        seen_minor=line.matched_minor,
        matched_minor=line.matched_minor + amount.amount_minor,
        put_away=None,
    )


def _rail_of(tx: Tx, request: Request) -> str:
    """The rail by which the asker is paid in this currency."""
    currency = request.amount.currency
    found = (it.rail for it in in_use(tx, request.asker_id) if it.currency == currency)
    return next(found, UNKNOWN_RAIL)


def _is_duplicate(tx: Tx, line: Row, request_id: RequestId) -> bool:
    """Whether a file of another format has brought this very payment.

    Two formats of one bank have little in common to tell. Of one day, one amount and one request
    there are as many payments as one format alone has lines.
    """
    known = tx.all(
        _OF_REQUEST,
        owner_id=line.owner_id,
        request_id=request_id,
        booked_on=line.booked_on,
        amount_minor=line.amount_minor,
    )
    taken = sum(1 for it in known if it.put_away != "duplicate")
    return sum(1 for it in known if it.format == line.format) < taken


class _Finder:
    """What some lines name: asked once for all of them."""

    def __init__(self, tx: Tx, owner_id: OwnerId, lines: Sequence[Row]) -> None:
        references = {it for line in lines for it in references_in(texts_of(line))}
        rows = tx.all(_NAMED, owner_id=owner_id, references=list(references)) if references else []
        self._requests = {row.reference: row for row in rows}
        own = {
            _compact(text) for address in in_use(tx, owner_id) for text in address.details.values()
        }
        self._own = own | {_compact(line.account) for line in lines}
        bank_refs = {it for line in lines for it in self._bank_refs(line)}
        self._claims = (
            tx.all(_CLAIMED, owner_id=owner_id, bank_refs=list(bank_refs)) if bank_refs else []
        )

    def named_by(self, line: Row) -> _Named | None:
        """None too for a line that names several: which it is for, the owner knows."""
        found = {
            row.id
            for it in references_in(texts_of(line))
            if (row := self._requests.get(it)) and row.currency == line.currency
        }
        if found:
            return _Named(RequestId(found.pop()), "reference") if len(found) == 1 else None
        bank_refs = set(self._bank_refs(line))
        # A payer chose these words, so they count for the very amount that was claimed with them.
        claimed = {
            row.request_id
            for row in self._claims
            if row.bank_ref in bank_refs
            and (row.amount_minor, row.ledger_id[:3]) == (line.amount_minor, line.currency)
        }
        return _Named(RequestId(claimed.pop()), "bank_reference") if len(claimed) == 1 else None

    def _bank_refs(self, line: Row) -> Iterator[str]:
        """What the payer's bank may call the payment: long, with digits, and not what the owner's
        own lines all have in them."""
        for text in texts_of(line):
            upper = text.upper()
            for word in {"".join(upper.split()), *upper.split(), *re.findall("[0-9A-Z]+", upper)}:
                is_long = 10 <= len(word) <= 64 and len(re.findall("[0-9]", word)) >= 4
                if is_long and word not in self._own:
                    yield word


def references_in(texts: Iterable[str]) -> Iterator[str]:
    """All that may be the reference of a request: banks break them and write them in groups."""
    for text in texts:
        words = re.findall(r"[0-9A-Z]+", text.upper())
        for at in range(len(words)):
            joined = ""
            for word in words[at:]:
                joined += word
                if len(joined) > _LONGEST:
                    break
                if match := _REFERENCE.fullmatch(joined):
                    yield match[1] or match[2]


def texts_of(line: Row) -> list[str]:
    found = [line.end_to_end_id, line.bank_reference, line.text, *line.other_references]
    return [it for it in found if it]


def _compact(text: str) -> str:
    return "".join(re.findall(r"[0-9A-Z]+", text.upper()))
