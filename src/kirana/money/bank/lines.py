"""The lines of an owner's bank as the owner sees them: what each is, or may be."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import ColumnElement, and_, bindparam, cast, func, or_, select

from kirana.platform.db import Int, Q, Row, Tx, any_of
from kirana.platform.problems import NotFound
from kirana.values import (
    Actor,
    BankImportId,
    BankLineId,
    Mandate,
    Money,
    OwnerId,
    Page,
    RequestId,
    TransferId,
)

from ..flows.claims import ANSWER_WITHIN_S
from ..flows.requests import OpenClaim, list_open_requests
from ..model import OPERATOR, currency_of
from ..owners import NameOf, is_operator, require_mandate
from ..tables import accounts, bank_lines, matches, transfers
from .matching import CONFIRMED_SINCE, How, is_payment, references_in
from .payout_lines import payouts_in

LineState = Literal[
    "matched", "proposed", "unknown", "set_aside", "amount_differs", "duplicate", "other"
]
TO_LOOK_AT: tuple[LineState, ...] = ("proposed", "unknown", "amount_differs", "duplicate")
"""What an owner is asked about."""
NEAR_DAYS = 5
"""A booking and what it pays are at most so far apart, for the two to look alike."""
_DAY_MS = 24 * 3600 * 1000
_PAGE = 200
_EPOCH = date(1970, 1, 1)
_LAST_DAY = "9999-12-31"
_MOST_PROPOSALS = 3

_mine = bank_lines.c.owner_id == bindparam("owner_id")
_FIND = Q(select(bank_lines).where(_mine, bank_lines.c.id == bindparam("id")))
_with_same, _payers = matches.alias("with_same"), accounts.alias("payers")
_all_of_transfer = (
    select(cast(func.coalesce(func.sum(_with_same.c.amount_minor), 0), Int))
    .where(_with_same.c.transfer_id == matches.c.transfer_id)
    .correlate(matches)
    .scalar_subquery()
)
_is_over = (
    select(matches.c.line_id)
    .join_from(matches, transfers, transfers.c.id == matches.c.transfer_id)
    .where(matches.c.line_id == bank_lines.c.id, transfers.c.amount_minor > _all_of_transfer)
    .correlate(bank_lines)
    .exists()
)
_is_aside = bank_lines.c.put_away == "set_aside"
_may_wait = and_(
    or_(bank_lines.c.put_away.is_(None), bank_lines.c.put_away != "set_aside"),
    or_(
        bank_lines.c.is_reversal == bindparam("yes"),
        and_(bank_lines.c.amount_minor > 0, bank_lines.c.matched_minor < bank_lines.c.amount_minor),
        _is_over,
    ),
)


def _listed(*conditions: ColumnElement[bool]) -> Q:
    """A page of an owner's lines, the newest first."""
    before = or_(
        bank_lines.c.booked_on < bindparam("on"),
        and_(bank_lines.c.booked_on == bindparam("on"), bank_lines.c.id < bindparam("id")),
    )
    newest_first = (bank_lines.c.booked_on.desc(), bank_lines.c.id.desc())
    chosen = select(bank_lines).where(_mine, before, *conditions)
    return Q(chosen.order_by(*newest_first).limit(_PAGE))


_LIST, _LIST_WAITING, _LIST_ASIDE = _listed(), _listed(_may_wait), _listed(_is_aside)
_OF_DAY = Q(
    select(bank_lines)
    .where(
        _mine,
        bank_lines.c.booked_on == bindparam("booked_on"),
        bank_lines.c.currency == bindparam("currency"),
    )
    .order_by(bank_lines.c.id)
)
_MATCHES = Q(
    select(
        matches,
        transfers.c.amount_minor.label("moved_minor"),
        _payers.c.owner_id.label("payer_id"),
        _all_of_transfer.label("covered_minor"),
    )
    .join_from(matches, transfers, transfers.c.id == matches.c.transfer_id)
    .join(_payers, _payers.c.id == transfers.c.debit_id)
    .where(any_of(matches.c.line_id, "ids"))
    .order_by(matches.c.at, transfers.c.seq)
)
_SAME_AMOUNT = Q(
    select(bank_lines).where(
        _mine,
        bank_lines.c.currency == bindparam("currency"),
        bank_lines.c.amount_minor == bindparam("amount_minor"),
        bank_lines.c.matched_minor > 0,
    )
)


@dataclass(frozen=True, slots=True)
class LineMatch:
    """`amount` of a line is this transfer, which paid a request."""

    transfer_id: TransferId
    request_id: RequestId
    payer_id: OwnerId | None
    amount: Money
    how: How


@dataclass(frozen=True, slots=True)
class LineProposal:
    """A line looks like the payment of this request: by its amount, its day, and either the name
    or what the payer said. With `is_noted` it was received by the owner's word before."""

    request_id: RequestId
    payer_id: OwnerId | None
    amount: Money
    is_noted: bool


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A booking of an owner's account: above zero it came, below it went. Of it `matched` is found
    to be transfers.

    `other` is what pays nobody: money that went, or came back. An `amount_differs` where bank and
    books do not say the same: less was booked than was noted, or `takes_back` another line.
    """

    id: BankLineId
    import_id: BankImportId
    account: str
    booked_on: str
    amount: Money
    counterparty: str | None
    text: str
    references: list[str]
    is_reversal: bool
    state: LineState
    matched: Money
    matches: list[LineMatch]
    proposals: list[LineProposal]
    takes_back: BankLineId | None
    payout_id: TransferId | None
    """For operators: of which payout it tells."""


def get_line(tx: Tx, line_id: BankLineId, name_of: NameOf, *, by: Actor) -> ImportedLine:
    """A line of `by`'s bank. Raises: NotFound, NotAllowed."""
    require_mandate(Mandate.SPEND, by=by)
    row = tx.one(_FIND, owner_id=by.user_id, id=line_id)
    if row is None:
        raise NotFound()
    return _seen(tx, by.user_id, [row], name_of)[0]


def list_lines(
    tx: Tx,
    name_of: NameOf,
    *,
    states: Sequence[LineState] = (),
    import_id: BankImportId | None = None,
    before: BankLineId | None = None,
    limit: int = 50,
    by: Actor,
) -> Page[ImportedLine]:
    """The lines of `by`'s bank, the newest first: all, or those of some states or of one import.

    Raises: NotFound, NotAllowed.
    """
    require_mandate(Mandate.SPEND, by=by)
    on, id = _LAST_DAY, BankLineId(by.user_id)
    if before is not None:
        at = tx.one(_FIND, owner_id=by.user_id, id=before)
        if at is None:
            raise NotFound()
        on, id = at.booked_on, before
    found: list[ImportedLine] = []
    for page in _pages(tx, by.user_id, on, id, _list_for(states)):
        wanted = [it for it in page if import_id in (None, it.import_id)]
        for line in _seen(tx, by.user_id, wanted, name_of):
            if not states or line.state in states:
                found.append(line)
        if len(found) > limit:
            return Page(found[:limit], str(found[limit - 1].id))
    return Page(found, None)


def lines_of_day(tx: Tx, owner_id: OwnerId, booked_on: str, currency: str) -> list[ImportedLine]:
    """For closing a day. Nothing is proposed: such lines wait for the owner like unknown ones."""
    rows = tx.all(_OF_DAY, owner_id=owner_id, booked_on=booked_on, currency=currency)
    return _seen(tx, owner_id, rows, None)


def export_lines(tx: Tx, owner_id: OwnerId) -> list[ImportedLine]:
    """All that an owner's bank said, the newest first."""
    pages = _pages(tx, owner_id, _LAST_DAY, BankLineId(owner_id))
    return [line for page in pages for line in _seen(tx, owner_id, page, None)]


def _list_for(states: Sequence[LineState]) -> Q:
    """The fewest lines among which those of some states are."""
    if states and set(states) <= set(TO_LOOK_AT):
        return _LIST_WAITING
    return _LIST_ASIDE if set(states) == {"set_aside"} else _LIST


def _pages(
    tx: Tx, owner_id: OwnerId, on: str, id: BankLineId, listed: Q = _LIST
) -> Iterator[list[Row]]:
    while page := tx.all(listed, owner_id=owner_id, on=on, id=id, yes=True):
        yield page
        on, id = page[-1].booked_on, page[-1].id


def _seen(
    tx: Tx, owner_id: OwnerId, rows: Sequence[Row], name_of: NameOf | None
) -> list[ImportedLine]:
    """Without names nothing is proposed."""
    if not rows:
        return []
    found: dict[BankLineId, list[Row]] = defaultdict(list)
    for match in tx.all(_MATCHES, ids=[row.id for row in rows]):
        found[match.line_id].append(match)
    open_rows = [row for row in rows if _is_open(row)] if name_of else []
    proposer = _Proposer(tx, owner_id, open_rows, name_of) if name_of and open_rows else None
    told = payouts_in(tx, rows) if is_operator(tx, owner_id) else {}
    return [_line(tx, row, found[row.id], proposer, told.get(row.id)) for row in rows]


def _is_open(row: Row) -> bool:
    is_left = row.matched_minor < row.amount_minor
    return is_payment(row) and is_left and row.put_away != "set_aside"


def _line(
    tx: Tx,
    row: Row,
    found: list[Row],
    proposer: "_Proposer | None",
    payout_id: TransferId | None,
) -> ImportedLine:
    proposals = proposer.propose(row) if proposer and _is_open(row) else []
    takes_back = _taken_back(tx, row) if row.is_reversal else None
    references = [row.end_to_end_id, row.bank_reference, *row.other_references]
    return ImportedLine(
        id=row.id,
        import_id=row.import_id,
        account=row.account,
        booked_on=row.booked_on,
        amount=Money(row.amount_minor, row.currency),
        counterparty=row.counterparty,
        text=row.text,
        references=[it for it in references if it],
        is_reversal=row.is_reversal,
        state=_state(row, found, is_proposed=bool(proposals), takes_back=takes_back),
        matched=Money(row.matched_minor, row.currency),
        matches=[
            LineMatch(
                it.transfer_id,
                it.request_id,
                it.payer_id if it.payer_id != OPERATOR else None,
                Money(it.amount_minor, row.currency),
                it.how,
            )
            for it in found
        ],
        proposals=proposals,
        takes_back=takes_back,
        payout_id=payout_id,
    )


def _state(
    row: Row, found: list[Row], *, is_proposed: bool, takes_back: BankLineId | None
) -> LineState:
    if row.put_away == "set_aside":
        return "set_aside"
    if not is_payment(row):
        return "amount_differs" if takes_back else "other"
    if row.matched_minor:
        is_short = row.matched_minor < row.amount_minor
        is_over = any(it.covered_minor < it.moved_minor for it in found)
        return "amount_differs" if is_short or is_over else "matched"
    if row.put_away == "duplicate":
        return "duplicate"
    return "proposed" if is_proposed else "unknown"


def _taken_back(tx: Tx, row: Row) -> BankLineId | None:
    """The payment that a reversal takes back: of the same amount, and with something in common."""
    same = tx.all(
        _SAME_AMOUNT,
        owner_id=row.owner_id,
        currency=row.currency,
        amount_minor=-row.amount_minor,
    )
    return next((it.id for it in same if _marks(it) & _marks(row)), None)


def _marks(row: Row) -> set[str]:
    references = references_in(filter(None, [row.end_to_end_id, row.text, *row.other_references]))
    marks = [row.end_to_end_id, row.bank_reference, row.counterparty_account]
    return {it for it in [*marks, *row.other_references, *references] if it}


class _Proposer:
    """What open lines may be: loaded once for all of them."""

    def __init__(self, tx: Tx, owner_id: OwnerId, rows: Sequence[Row], name_of: NameOf) -> None:
        self._requests = list_open_requests(tx, owner_id)
        since = min(_ms(row.booked_on) for row in rows) - (NEAR_DAYS + 1) * _DAY_MS
        noted = tx.all(CONFIRMED_SINCE, owner_id=owner_id, since=since)
        self._noted = [it for it in noted if it.covered_minor < it.amount_minor]
        payers = {it.payer_id for it in [*self._requests, *self._noted]} - {None, OPERATOR}
        self._names = name_of(tx, payers) if payers else {}

    def propose(self, row: Row) -> list[LineProposal]:
        left = Money(row.amount_minor - row.matched_minor, row.currency)
        found: dict[RequestId, tuple[bool, bool, LineProposal]] = {}
        for noted in self._noted:
            missing = Money(noted.amount_minor - noted.covered_minor, currency_of(noted.ledger_id))
            if missing == left and _is_near(row, noted.confirmed_at):
                told = LineProposal(noted.request_id, noted.payer_id, left, is_noted=True)
                found[told.request_id] = (self._is_named(row, noted.payer_id), True, told)
        for request in self._requests:
            if request.left != left or request.id in found:
                continue
            is_named = self._is_named(row, request.payer_id)
            is_claimed = request.claim is not None and _is_near(row, _claimed_at(request.claim))
            if is_claimed or (is_named and _is_near(row, request.created_at)):
                told = LineProposal(request.id, request.payer_id, left, is_noted=False)
                found[request.id] = (is_named, is_claimed, told)
        best = sorted(found.values(), key=lambda it: it[:2], reverse=True)
        return [told for *_, told in best[:_MOST_PROPOSALS]]

    def _is_named(self, row: Row, payer_id: OwnerId | None) -> bool:
        name = self._names.get(payer_id) if payer_id else None
        return name is not None and is_similar(name, f"{row.counterparty or ''} {row.text}")


def is_similar(name: str, said: str) -> bool:
    """Whether half of the words of a name are in what a bank says of the other side."""
    words, there = _words(name), _words(said)
    return bool(words) and 2 * len(words & there) >= len(words)


def _words(text: str) -> set[str]:
    """Without accents and case. A single letter is nobody's name."""
    plain = "".join(
        it for it in unicodedata.normalize("NFKD", text) if not unicodedata.combining(it)
    )
    return {it for it in re.findall(r"\w+", plain.casefold()) if len(it) > 1}


def _is_near(row: Row, at: int) -> bool:
    return abs(_ms(row.booked_on) - at // _DAY_MS * _DAY_MS) <= NEAR_DAYS * _DAY_MS


def _claimed_at(claim: OpenClaim) -> int:
    return claim.expires_at - ANSWER_WITHIN_S * 1000


def _ms(day: str) -> int:
    return (date.fromisoformat(day) - _EPOCH).days * _DAY_MS
