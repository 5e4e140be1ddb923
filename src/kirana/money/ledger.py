"""The only writer of transfers, entries and counters, for one group as for a thousand.

A pass loads all that its groups touch, lets `decision.decide` decide, and writes: one statement for
each table. Every update names the version that it saw, so a second writer fails instead of
corrupting anything.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.stream import Change
from kirana.values import (
    Actor,
    Money,
    OwnerId,
    RequestId,
    TransferId,
    UserId,
    currency,
)

from . import journal, metering
from .decision import decide
from .events import (
    RequestEvent,
    RequestPaid,
    TransferExpired,
    TransferPosted,
    TransferVoided,
)
from .model import (
    OPERATOR,
    PURCHASE,
    Account,
    AccountKey,
    Asked,
    Books,
    Code,
    Consent,
    Flag,
    Group,
    Hold,
    Kind,
    Known,
    Move,
    Original,
    Outcome,
    Ref,
    Refused,
    Scrutiny,
    Transfer,
    Way,
    move_id,
    ref_of,
)
from .problems import problem_of
from .tables import (
    accounts,
    confirm_lines,
    currencies,
    entries,
    freezes,
    holds,
    ledgers,
    request_ends,
    requests,
    reversals,
    review_rules,
    transfers,
)

_debits, _credits = accounts.alias("debits"), accounts.alias("credits")
_KNOWN = Q(
    select(
        *transfers.c,
        _debits.c.owner_id.label("payer_id"),
        _credits.c.owner_id.label("payee_id"),
    )
    .outerjoin_from(transfers, _debits, _debits.c.id == transfers.c.debit_id)
    .outerjoin(_credits, _credits.c.id == transfers.c.credit_id)
    .where(any_of(transfers.c.id, "ids"))
    .order_by(transfers.c.seq)
)
_HOLD = (
    select(
        transfers.c.id,
        transfers.c.debit_id,
        transfers.c.credit_id,
        transfers.c.ledger_id,
        transfers.c.purpose,
        transfers.c.ref_kind,
        transfers.c.ref_id,
        transfers.c.hold_id.label("rest_of"),
        holds.c.amount_minor,
        holds.c.captured_minor,
        holds.c.state,
        holds.c.expires_at,
    )
).join_from(holds, transfers, transfers.c.id == holds.c.id)
_HOLDS = Q(_HOLD.where(any_of(holds.c.id, "ids")))
_DUE = Q(_HOLD.where(holds.c.state == "open", holds.c.expires_at <= bindparam("now")))
_ORIGINALS = Q(
    select(*transfers.c, reversals.c.reversed_minor)
    .outerjoin_from(transfers, reversals, reversals.c.original_id == transfers.c.id)
    .where(any_of(transfers.c.id, "ids"), transfers.c.kind != "refused")
)
_REQUESTS = Q(
    select(
        requests.c.id,
        requests.c.asker_id,
        requests.c.currency,
        requests.c.amount_minor,
        request_ends.c.how,
        requests.c.expires_at,
    )
    .outerjoin_from(requests, request_ends, request_ends.c.request_id == requests.c.id)
    .where(any_of(requests.c.id, "ids"))
)
_ACCOUNTS = Q(
    select(
        accounts.c.id,
        accounts.c.ledger_id,
        accounts.c.owner_id,
        accounts.c.code,
        accounts.c.label,
        accounts.c.flags,
        accounts.c.overdraft_minor,
        accounts.c.debits_pending,
        accounts.c.debits_posted,
        accounts.c.credits_pending,
        accounts.c.credits_posted,
        accounts.c.version,
    ).where(any_of(accounts.c.id, "ids"))
)
_CONFIRM_LINES = Q(select(confirm_lines).where(any_of(confirm_lines.c.owner_id, "ids")))

_REVIEW_RULES = Q(
    select(review_rules.c.currency, review_rules.c.above_minor).order_by(
        review_rules.c.at.desc(), review_rules.c.id.desc()
    )
)

_FREEZES = Q(
    select(freezes).where(any_of(freezes.c.owner_id, "ids")).order_by(freezes.c.at, freezes.c.id)
)

_ADD_CURRENCY = Q(upsert(currencies, ["code"]))
_ADD_LEDGER = Q(upsert(ledgers, ["id"]))
_OPEN_ACCOUNT = Q(insert(accounts))
_COUNT = Q(
    update(accounts)
    .where(
        accounts.c.id == bindparam("id_"),
        accounts.c.version == bindparam("seen_version"),
        accounts.c.flags == bindparam("seen_flags"),
    )
    .values(
        debits_pending=bindparam("debits_pending"),
        debits_posted=bindparam("debits_posted"),
        credits_pending=bindparam("credits_pending"),
        credits_posted=bindparam("credits_posted"),
        version=bindparam("version"),
    )
)
_ENTER = Q(insert(entries))
_HOLD_OPENED = Q(insert(holds))
_HOLD_RESOLVED = Q(
    update(holds)
    .where(holds.c.id == bindparam("id_"), holds.c.state == "open")
    .values(state=bindparam("state"), captured_minor=bindparam("captured_minor"))
)
_FIRST_REVERSED = Q(insert(reversals))
_REVERSED = Q(
    update(reversals)
    .where(
        reversals.c.original_id == bindparam("original_id_"),
        reversals.c.reversed_minor == bindparam("seen_minor"),
    )
    .values(reversed_minor=bindparam("reversed_minor"))
)
_END_REQUEST = Q(insert(request_ends))


def apply(tx: Tx, groups: Sequence[Group]) -> list[Outcome]:
    """Write down what becomes of the groups, refusals too; later groups see earlier ones."""
    books = _load(tx, groups)
    seen = _Seen(books)
    outcomes = decide(books, groups)
    _write(tx, books, seen)
    return outcomes


def post(tx: Tx, group: Group) -> tuple[Transfer, ...]:
    """Apply one group, or refuse it with nothing written: the caller may go another way. A refusal
    that ends the command is remembered by `db.write`.

    Raises: any of `problems`.
    """
    books = _load(tx, [group])
    seen = _Seen(books)
    [outcome] = decide(books, [group])
    if isinstance(outcome, Refused):
        raise problem_of(outcome, group)
    _write(tx, books, seen)
    return outcome


def try_out(tx: Tx, group: Group) -> Outcome:
    """What would become of a group now. Changes nothing."""
    return decide(_load(tx, [group]), [group])[0]


def hold(
    tx: Tx,
    id: TransferId,
    *,
    payer: OwnerId,
    payee: OwnerId,
    amount: Money,
    ref: Ref | None = None,
    timeout_s: int | None = 14 * 24 * 3600,
    way: Way = Way.WALLET,
    purpose: str = PURCHASE,
    by: Actor,
) -> Transfer:
    """Set money aside for `payee`, until `capture`, `void` or the end of `timeout_s`. The payer
    confirms it like any payment above their line.

    Raises: InsufficientFunds, AccountFrozen, AccountClosed, ConfirmationRequired,
    ConfirmationWrong, IdReused.
    """
    code = Code.WALLET if way is Way.WALLET else Code.DIRECT
    debit = AccountKey(payer, code, amount.currency)
    credit = AccountKey(payee, code, amount.currency)
    move = Move.pending(debit, credit, amount, timeout_s)
    consent = Consent.NEVER if by.kind == "system" or way is Way.DIRECT else Consent.ABOVE
    group = Group(
        id, (move,), purpose, by.person_id, ref, consent=consent, confirmation=by.confirmation
    )
    return post(tx, group)[0]


def capture(
    tx: Tx,
    id: TransferId,
    hold_id: TransferId,
    amount: Money | None = None,
    *,
    keep_rest: bool = False,
    purpose: str = PURCHASE,
    by: Actor,
) -> tuple[Transfer, Transfer | None]:
    """Take all or part of what was set aside. The rest goes back, or with `keep_rest` stays set
    aside until the same moment, as the second transfer of the answer: a hold of its own.

    Raises: HoldResolved, HoldExpired, OverCapture, AccountFrozen, IdReused, NotFound.
    """
    moves = [Move.post(hold_id, amount)]
    if keep_rest:
        moves.append(Move.keep_rest(hold_id))
    taken, *rest = post(tx, Group(id, tuple(moves), purpose, by.person_id))
    return taken, rest[0] if rest else None


def void(tx: Tx, id: TransferId, hold_id: TransferId, reason: str, *, by: Actor) -> Transfer:
    """Give back what was set aside. `reason` is a code, such as `canceled`.

    Raises: HoldResolved, HoldExpired, IdReused, NotFound.
    """
    return post(tx, Group(id, (Move.void(hold_id),), reason, by.person_id))[0]


def refund(
    tx: Tx,
    id: TransferId,
    original_id: TransferId,
    amount: Money | None = None,
    reason: str = "refund",
    *,
    consent: Consent = Consent.NEVER,
    may_be_retried: bool = False,
    by: Actor,
) -> Transfer:
    """Give back a posted transfer, in part or (no amount) all that is left of it. `reason` is a
    code. A refund is never itself refunded: pay again instead. `may_be_retried` where the caller
    keeps what was given back: a refusal does not use the `id` up.

    Raises: OverRefund, InsufficientFunds, AccountFrozen, AccountClosed, IdReused, NotFound; with
    `consent` ConfirmationRequired, ConfirmationWrong.
    """
    move = Move.reverse(original_id, amount)
    consent = Consent.NEVER if by.kind == "system" else consent
    group = Group(
        id,
        (move,),
        reason,
        by.person_id,
        consent=consent,
        confirmation=by.confirmation,
        may_be_retried=may_be_retried,
    )
    return post(tx, group)[0]


def expire_holds(tx: Tx) -> None:
    """Release every hold whose time is over. Passes do so anyway; this is for quiet hours."""
    apply(tx, ())


class _Seen:
    """How things stood when the books were loaded: what updates must find."""

    def __init__(self, books: Books) -> None:
        self.accounts = dict(books.accounts)
        self.holds = dict(books.holds)
        self.originals = dict(books.originals)
        self.met = (dict(books.usages), dict(books.payees))


def _load(tx: Tx, groups: Sequence[Group]) -> Books:
    moves = [move for group in groups for move in group.moves]
    last = journal.head(tx)
    now = max(tx.now, last.created_at)
    books = Books(now=now, next_seq=last.seq + 1, accounts={})
    books.known = _known(tx, [move_id(g.id, i) for g in groups for i in range(len(g.moves))])
    books.holds = _holds(tx, now, {move.hold_id for move in moves if move.hold_id})
    books.originals = _originals(tx, {move.reverses_id for move in moves if move.reverses_id})
    books.requests = _requests(tx, {group.request_id for group in groups if group.request_id})

    keys = {key.id: key for move in moves for key in (move.debit, move.credit) if key}
    ids = set(keys)
    for hold in books.holds.values():
        ids |= {hold.debit_id, hold.credit_id}
    for original in books.originals.values():
        ids |= {original.debit_id, original.credit_id}
    if ids:
        rows = tx.all(_ACCOUNTS, ids=list(ids))
        books.accounts = {row.id: Account._make(row) for row in rows}
    new = [key for id, key in keys.items() if id not in books.accounts]
    frozen = _frozen(tx, {key.owner_id for key in new if key.code == Code.WALLET})
    for key in new:
        account = Account.opened(key)
        flags = frozen.get(key.owner_id, 0) if key.code == Code.WALLET else 0
        books.accounts[key.id] = account._replace(flags=account.flags | flags)

    payers = {
        _payer(books, group.moves[0]) for group in groups if group.consent is Consent.ABOVE
    } - {None}
    metering.load(tx, books, moves)
    if any(group.scrutiny is not Scrutiny.NONE for group in groups):
        books.review_above = _review_lines(tx)
    if payers:
        for row in tx.all(_CONFIRM_LINES, ids=list(payers)):
            books.confirm_above[row.owner_id, row.currency] = row.above_minor
    return books


def _frozen(tx: Tx, owner_ids: set[OwnerId]) -> dict[OwnerId, int]:
    """What is stopped for owners holds for wallets that they open later, too."""
    flags: dict[OwnerId, int] = {}
    for row in tx.all(_FREEZES, ids=list(owner_ids)) if owner_ids else ():
        out = Flag.DEBITS_FROZEN if row.stops_out else 0
        flags[row.owner_id] = int(out | (Flag.CREDITS_FROZEN if row.stops_in else 0))
    return flags


def _review_lines(tx: Tx) -> dict[str, int]:
    newest: dict[str, int | None] = {}
    for row in tx.all(_REVIEW_RULES):
        newest.setdefault(row.currency, row.above_minor)
    return {currency: above for currency, above in newest.items() if above is not None}


def _payer(books: Books, move: Move) -> OwnerId | None:
    """Whose money a move takes, as far as the books know."""
    if move.debit:
        return move.debit.owner_id
    if move.reverses_id and (original := books.originals.get(move.reverses_id)):
        return books.accounts[original.credit_id].owner_id
    return None


def _known(tx: Tx, ids: Sequence[TransferId]) -> dict[TransferId, Known]:
    known: dict[TransferId, Known] = {}
    if not ids:
        return known
    for row in tx.all(_KNOWN, ids=ids):
        if row.problem is not None:
            known[row.id] = Known(row.fp, Refused.restored(row.problem))
            continue
        transfer = transfer_of(row)
        earlier = known.get(row.group_id)
        if earlier and isinstance(earlier.answer, tuple) and row.group_index:
            known[row.group_id] = Known(row.fp, (*earlier.answer, transfer))
        else:
            known[row.id] = Known(row.fp, (transfer,))
    return known


def transfer_of(row: Row) -> Transfer:
    """A transfer from its row with its owners: the columns of the journal, payer_id, payee_id."""
    return Transfer.of(row, row.payer_id, row.payee_id)


def _holds(tx: Tx, now: int, ids: set[TransferId]) -> dict[TransferId, Hold]:
    rows = tx.all(_DUE, now=now)
    if ids:
        rows += tx.all(_HOLDS, ids=list(ids))
    return {
        row.id: Hold(
            id=row.id,
            debit_id=row.debit_id,
            credit_id=row.credit_id,
            ledger_id=row.ledger_id,
            purpose=row.purpose,
            ref=ref_of(row.ref_kind, row.ref_id),
            amount_minor=row.amount_minor,
            captured_minor=row.captured_minor,
            state=row.state,
            expires_at=row.expires_at,
            is_whole=row.rest_of is None,
        )
        for row in rows
    }


def _originals(tx: Tx, ids: set[TransferId]) -> dict[TransferId, Original]:
    if not ids:
        return {}
    rows = tx.all(_ORIGINALS, ids=list(ids))
    return {row.id: Original.of(row, row.reversed_minor or 0) for row in rows}


def _requests(tx: Tx, ids: set[RequestId]) -> dict[RequestId, Asked]:
    if not ids:
        return {}
    return {
        row.id: Asked(
            row.id, row.asker_id, Money(row.amount_minor, row.currency), row.how, row.expires_at
        )
        for row in tx.all(_REQUESTS, ids=list(ids))
    }


def _write(tx: Tx, books: Books, seen: _Seen) -> None:
    if not books.rows:
        return
    _write_accounts(tx, books, seen)
    journal.append(tx, books.rows)
    tx.many(_ENTER, books.entries)
    _write_holds(tx, books, seen)
    _write_reversals(tx, books, seen)
    if books.bounds:
        metering.write(tx, books, seen.met)
    tx.many(
        _END_REQUEST,
        [
            {
                "request_id": id,
                "how": "paid",
                "transfer_id": paid.transfer.id,
                "by_id": paid.by_id,
                "at": books.now,
            }
            for id, paid in books.paid.items()
        ],
    )
    _tell(tx, books)


def _write_accounts(tx: Tx, books: Books, seen: _Seen) -> None:
    opened, counted = [], []
    for id, account in books.accounts.items():
        before = seen.accounts[id]
        if account.version == before.version:
            continue
        if before.version == 0:
            opened.append(account)
        else:
            counted.append(
                {
                    "id_": id,
                    "seen_version": before.version,
                    "seen_flags": before.flags,
                    "debits_pending": account.debits_pending,
                    "debits_posted": account.debits_posted,
                    "credits_pending": account.credits_pending,
                    "credits_posted": account.credits_posted,
                    "version": account.version,
                }
            )
    _open_accounts(tx, opened)
    tx.many(_COUNT, counted, is_guarded=True)


def _open_accounts(tx: Tx, opened: Sequence[Account]) -> None:
    if not opened:
        return
    for ledger_id in sorted({account.ledger_id for account in opened}):
        open_ledger(tx, ledger_id)
    tx.many(_OPEN_ACCOUNT, [{**account._asdict(), "closed_at": None} for account in opened])


def open_ledger(tx: Tx, ledger_id: str) -> None:
    """Make sure that a ledger and its currency are there."""
    code, kind = ledger_id.split(":")
    open_currency(tx, code)
    tx.do(_ADD_LEDGER, id=ledger_id, currency=code, kind=kind)


def open_currency(tx: Tx, code: str) -> None:
    tx.do(_ADD_CURRENCY, code=code, exponent=currency(code).exponent, cash_step_minor=1)


def _write_holds(tx: Tx, books: Books, seen: _Seen) -> None:
    """A hold that is new may be resolved in the same pass: it is written as it ends up."""
    new, resolved = [], []
    for hold in books.holds.values():
        before = seen.holds.get(hold.id)
        if before is None:
            new.append(
                {
                    "id": hold.id,
                    "amount_minor": hold.amount_minor,
                    "captured_minor": hold.captured_minor,
                    "state": hold.state,
                    "expires_at": hold.expires_at,
                }
            )
        elif hold.state != before.state:
            resolved.append(
                {"id_": hold.id, "state": hold.state, "captured_minor": hold.captured_minor}
            )
    tx.many(_HOLD_OPENED, new)
    tx.many(_HOLD_RESOLVED, resolved, is_guarded=True)


def _write_reversals(tx: Tx, books: Books, seen: _Seen) -> None:
    first, more = [], []
    for original in books.originals.values():
        known = seen.originals.get(original.id)
        before = known.reversed_minor if known else 0
        if original.reversed_minor == before:
            continue
        if before == 0:
            first.append(
                {
                    "original_id": original.id,
                    "amount_minor": original.amount_minor,
                    "reversed_minor": original.reversed_minor,
                }
            )
        else:
            more.append(
                {
                    "original_id_": original.id,
                    "seen_minor": before,
                    "reversed_minor": original.reversed_minor,
                }
            )
    tx.many(_FIRST_REVERSED, first)
    tx.many(_REVERSED, more, is_guarded=True)


_EVENTS = {
    Kind.POSTED: TransferPosted,
    Kind.POST: TransferPosted,
    Kind.VOID: TransferVoided,
    Kind.EXPIRE: TransferExpired,
}


def _tell(tx: Tx, books: Books) -> None:
    touched: dict[OwnerId, None] = {}
    for transfer in books.transfers:
        users = [UserId(id) for id in (transfer.payer_id, transfer.payee_id) if id != OPERATOR]
        tx.publish(users, Change("transfer", transfer.id))
        touched.update(dict.fromkeys(users))
        if event := _EVENTS.get(transfer.kind):
            tx.emit(
                event(
                    transfer_id=transfer.id,
                    kind=transfer.kind,
                    payer_id=transfer.payer_id,
                    payee_id=transfer.payee_id,
                    amount=transfer.amount,
                    way=transfer.way,
                    purpose=transfer.purpose,
                    ref=transfer.ref,
                    hold_id=transfer.hold_id,
                    reverses_id=transfer.reverses_id,
                )
            )
    for owner_id in touched:
        tx.publish([UserId(owner_id)], Change("wallet", owner_id))
    for request_id, paid in books.paid.items():
        tell_request(
            tx,
            RequestPaid(
                request_id=request_id,
                asker_id=paid.asker_id,
                payer_id=paid.transfer.payer_id,
                amount=paid.amount,
                ref=paid.transfer.ref,
                transfer_id=paid.transfer.id,
            ),
        )


def tell_request(tx: Tx, event: RequestEvent) -> None:
    """Announce what became of a request, to rooms and to both sides."""
    both = {event.asker_id, event.payer_id} - {None}
    tx.publish([UserId(id) for id in both if id], Change("request", event.request_id))
    tx.emit(event)
