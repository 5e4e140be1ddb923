"""What becomes of groups of moves: applied, or refused and why. Pure, like the model it works on.

`decide` takes the groups in the order in which they arrived; each sees what the ones before it have
done. `ledger.apply` reads and writes for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from kirana.values import MAX_AMOUNT_MINOR, SYSTEM, TransferId, derived_id

from .model import (
    FEE,
    IS_CLOSED,
    MAX_COUNTER,
    NO_CREDITS,
    NO_DEBITS,
    REVIEWED_WITHIN_S,
    WITHIN_CREDITS,
    WITHIN_DEBITS,
    Account,
    Books,
    Code,
    Consent,
    Entry,
    Group,
    Hold,
    Kind,
    Known,
    Move,
    Original,
    Outcome,
    Paid,
    Pair,
    Reason,
    Ref,
    Refused,
    Row,
    Scrutiny,
    Transfer,
    UsageKey,
    Waived,
    challenge_of,
    confirm_above_by_default,
    cools_until,
    currency_of,
    fingerprint,
    is_confirmed,
    move_id,
    refused_row,
)
from .usages import (
    NOT_COUNTED,
    PASSED_ON,
    Action,
    Bounds,
    Over,
    Payee,
    Rule,
    Usage,
    Window,
    actions_of,
    exceeded,
)


def decide(books: Books, groups: Sequence[Group]) -> list[Outcome]:
    """What becomes of each group, in the order in which they arrived. Holds whose time is over are
    released first, oldest first. The same books and groups always give the same outcomes."""
    for hold in _due(books):
        _answer(books, _expiry(hold))
    return [_answer(books, group) for group in groups]


def _due(books: Books) -> Iterable[Hold]:
    due = [
        (hold.expires_at, hold.id.bytes, hold)
        for hold in books.holds.values()
        if hold.state == "open" and hold.expires_at is not None and hold.expires_at <= books.now
    ]
    return [hold for *_, hold in sorted(due)]


def _expiry(hold: Hold) -> Group:
    id = TransferId(derived_id(hold.id, "expire"))
    return Group(id, (Move(Kind.EXPIRE, hold_id=hold.id),), "expired", SYSTEM.person_id)


def _answer(books: Books, group: Group) -> Outcome:
    fp = fingerprint(group)
    if known := books.known.get(group.id):
        return known.answer if known.fp == fp else Refused(Reason.ID_REUSED, id=str(group.id))
    draft = _Draft(books, group, fp)
    try:
        draft.run()
    except Refused as refused:
        if refused.is_remembered and not group.may_be_retried:
            books.known[group.id] = Known(fp, refused)
            books.rows.append(refused_row(group, fp, refused, seq=books.next_seq, now=books.now))
            books.next_seq += 1
        return refused
    return draft.keep()


class _Draft:
    """A group on its way into the books. Until `keep`, the books know nothing of it."""

    __slots__ = (
        "_accounts",
        "_books",
        "_entries",
        "_fp",
        "_group",
        "_holds",
        "_made_at",
        "_originals",
        "_payees",
        "_rows",
        "_transfers",
        "_usages",
        "_waived",
    )

    def __init__(self, books: Books, group: Group, fp: bytes) -> None:
        self._books, self._group, self._fp = books, group, fp
        self._accounts: dict[UUID, Account] = {}
        self._holds: dict[TransferId, Hold] = {}
        self._originals: dict[TransferId, Original] = {}
        self._rows: list[Row] = []
        self._entries: list[Entry] = []
        self._transfers: list[Transfer] = []
        self._usages: dict[UsageKey, Usage] = {}
        self._payees: dict[Pair, Payee] = {}
        self._made_at: dict[TransferId, int] = {}
        self._waived: list[Waived] = []

    def run(self) -> None:
        """Raises: Refused."""
        if self._group.objection:
            raise self._group.objection
        self._check_request()
        for move in self._group.moves:
            if move.kind in (Kind.POST, Kind.VOID, Kind.EXPIRE):
                self._resolve(move)
            elif move.reverses_id is not None:
                self._reverse(move, move.reverses_id)
            elif move.hold_id is not None:
                self._keep_rest(move.hold_id)
            else:
                self._transfer(move)
        self._check_consent()

    def keep(self) -> tuple[Transfer, ...]:
        books, answer = self._books, tuple(self._transfers)
        books.accounts.update(self._accounts)
        books.holds.update(self._holds)
        books.originals.update(self._originals)
        books.rows += self._rows
        books.entries += self._entries
        books.transfers += self._transfers
        if books.bounds:
            self._keep_usages()
        books.next_seq += len(self._rows)
        books.known[self._group.id] = Known(self._fp, answer)
        if request_id := self._group.request_id:
            asked = books.requests[request_id]
            books.requests[request_id] = asked._replace(how="paid")
            books.paid[request_id] = Paid(
                asked.asker_id, asked.amount, answer[0], self._group.by_id
            )
        return answer

    def _keep_usages(self) -> None:
        books = self._books
        books.usages.update(self._usages)
        books.payees.update(self._payees)
        books.made_at.update(self._made_at)
        books.waived += self._waived
        for waived in self._waived:
            before = books.unconfirmed.get(waived.account_id, 0)
            books.unconfirmed[waived.account_id] = before + waived.amount_minor

    def _check_request(self) -> None:
        if (id := self._group.request_id) is None:
            return
        asked = self._books.requests.get(id)
        if asked is None:
            raise Refused(Reason.NOT_FOUND)
        if asked.how:
            raise Refused(Reason.REQUEST_ENDED, how=asked.how)
        if asked.expires_at is not None and asked.expires_at <= self._books.now:
            raise Refused(Reason.REQUEST_ENDED, how="expired")

    def _transfer(self, move: Move) -> None:
        assert move.debit is not None
        assert move.credit is not None
        if move.debit == move.credit:
            raise Refused(Reason.SAME_ACCOUNT)
        debit, credit = self._account(move.debit.id), self._account(move.credit.id)
        assert move.amount is not None
        assert move.debit.currency == move.credit.currency
        amount = _amount(move, debit, if_none=0)
        _check_open(debit, credit, is_fee=move.purpose == FEE)
        if self._must_be_reviewed(debit, credit, amount):
            if self._group.scrutiny is Scrutiny.REFUSE:
                raise Refused(Reason.NEEDS_REVIEW, currency=move.amount.currency)
            move = replace(move, kind=Kind.PENDING, timeout_s=REVIEWED_WITHIN_S)
        expires_at = None
        if move.timeout_s is not None:
            expires_at = self._books.now + move.timeout_s * 1000
        self._move(move.kind, debit, credit, amount, move=move, expires_at=expires_at)

    def _must_be_reviewed(self, debit: Account, credit: Account, amount: int) -> bool:
        group = self._group
        if group.scrutiny is Scrutiny.NONE or debit.code != Code.WALLET:
            return False
        above = self._books.review_above.get(currency_of(debit.ledger_id))
        return group.is_suspect or (above is not None and amount > above)

    def _reverse(self, move: Move, original_id: TransferId) -> None:
        original = self._original(original_id)
        left = original.amount_minor - original.reversed_minor
        debit, credit = self._account(original.credit_id), self._account(original.debit_id)
        amount = _amount(move, debit, if_none=left or 1)
        _check_open(debit, credit)
        if amount > left:
            raise Refused(Reason.OVER_REFUND, refundable_minor=left)
        self._originals[original_id] = original._replace(
            reversed_minor=original.reversed_minor + amount
        )
        self._move(Kind.POSTED, debit, credit, amount, move=move, ref=original.ref)
        if self._books.bounds:
            self._count_back(credit, debit, -amount, 0, original_id)

    def _resolve(self, move: Move) -> None:
        hold = self._hold(move.hold_id)
        debit, credit = self._account(hold.debit_id), self._account(hold.credit_id)
        amount = _amount(move, debit, if_none=hold.amount_minor)
        if move.kind is Kind.POST:
            _check_open(debit, credit)
        if hold.state == "expired":
            raise Refused(Reason.HOLD_EXPIRED)
        if hold.state != "open":
            raise Refused(Reason.HOLD_RESOLVED, state=hold.state)
        if amount > hold.amount_minor:
            raise Refused(Reason.OVER_CAPTURE, held_minor=hold.amount_minor)
        captured = amount if move.kind is Kind.POST else 0
        self._holds[hold.id] = hold._replace(state=_RESOLVED[move.kind], captured_minor=captured)
        self._move(move.kind, debit, credit, amount, move=move, hold=hold)
        if self._books.bounds and self._group.purpose not in PASSED_ON:
            is_void = move.kind is not Kind.POST and hold.is_whole
            self._count_back(debit, credit, captured - hold.amount_minor, -is_void, hold.id)

    def _keep_rest(self, hold_id: TransferId) -> None:
        hold = self._hold(hold_id)
        assert hold.state == "posted", "keep_rest follows the post of the same hold"
        if rest := hold.amount_minor - hold.captured_minor:
            debit, credit = self._account(hold.debit_id), self._account(hold.credit_id)
            self._move(
                Kind.PENDING,
                debit,
                credit,
                rest,
                move=Move.keep_rest(hold_id),
                hold=hold,
                expires_at=hold.expires_at,
            )
            if self._books.bounds:
                self._count_back(debit, credit, rest, 0, hold_id)

    def _move(
        self,
        kind: Kind,
        debit: Account,
        credit: Account,
        amount: int,
        *,
        move: Move,
        hold: Hold | None = None,
        ref: Ref | None = None,
        expires_at: int | None = None,
    ) -> None:
        """Bring both accounts up to date and write the transfer with its two entries."""
        group, books = self._group, self._books
        purpose = move.purpose or group.purpose
        posted = amount if kind in (Kind.POSTED, Kind.POST) else 0
        pending = amount if kind is Kind.PENDING else 0
        if hold and kind is not Kind.PENDING:
            pending = -hold.amount_minor
        debit_after = debit.debited(pending=pending, posted=posted)
        credit_after = credit.credited(pending=pending, posted=posted)
        if posted or pending > 0:
            _check_funds(debit, credit, debit_after, credit_after)
            if self._books.bounds and move.hold_id is None and move.reverses_id is None:
                self._count(debit, credit, credit_after, amount, purpose)
            _check_counters(debit_after, credit_after)
        self._accounts[debit.id], self._accounts[credit.id] = debit_after, credit_after

        seq, index = books.next_seq + len(self._rows), len(self._rows)
        ref = group.ref or ref or (hold.ref if hold else None)
        row = Row(
            seq=seq,
            id=move_id(group.id, index),
            group_id=group.id,
            group_index=index,
            kind=kind.value,
            debit_id=debit.id,
            credit_id=credit.id,
            ledger_id=debit.ledger_id,
            amount_minor=amount,
            hold_id=move.hold_id,
            timeout_s=move.timeout_s,
            expires_at=expires_at,
            reverses_id=move.reverses_id,
            purpose=purpose,
            ref_kind=ref.kind if ref else None,
            ref_id=ref.id if ref else None,
            by_id=group.by_id,
            effective_at=group.effective_at,
            created_at=books.now,
            fp=self._fp,
            problem=None,
        )
        self._rows.append(row)
        self._entries.append(_entry(debit_after, seq, -posted, -pending))
        self._entries.append(_entry(credit_after, seq, posted, pending))
        self._transfers.append(Transfer.of(row, debit.owner_id, credit.owner_id))
        if kind is Kind.PENDING:
            self._holds[row.id] = Hold(
                row.id, debit.id, credit.id, debit.ledger_id, purpose, ref, amount, 0, "open",
                expires_at, move.hold_id is None,
            )  # fmt: skip
        if books.bounds:
            root = move.hold_id or move.reverses_id
            made_at = self._was_made_at(root) if root else books.now
            if made_at is not None and purpose not in NOT_COUNTED | PASSED_ON:
                self._made_at[row.id] = made_at

    def _count(
        self, debit: Account, credit: Account, credited: Account, amount: int, purpose: str
    ) -> None:
        """Enter a payment into the usages of both sides. Raises: Refused by the rules of one."""
        if debit.code == Code.EXCHANGE and (full := self._fullness(credited, Action.RECEIVE)):
            held = credited.balance_minor + credited.credits_pending - amount
            left = max(0, (full.max_minor or 0) - held)
            raise _limit_exceeded(credit, Over(full, left, None, None))
        if purpose in NOT_COUNTED:
            return
        now = self._books.now
        paying, receiving = actions_of(debit.code, credit.code)
        if self._group.purpose in PASSED_ON:
            paying = None
        if paying and (over := self._over(debit, paying, amount)):
            raise _limit_exceeded(debit, over)
        if paying is Action.SEND:
            self._meet_payee(debit, credit, amount)
        if receiving and (
            self._over(credit, receiving, amount) or self._fullness(credited, receiving)
        ):
            raise Refused(Reason.PAYEE_CANNOT_RECEIVE)
        self._enter(debit, paying, amount, 1, now)
        self._enter(credit, receiving, amount, 1, now)
        if paying:
            self._enter_payee(debit, credit, amount, now)

    def _count_back(
        self, debit: Account, credit: Account, minor: int, count: int, id: TransferId
    ) -> None:
        """Enter what comes back of a payment, wholly or in part, where it was counted."""
        made_at = self._was_made_at(id)
        if made_at is None:
            return
        paying, receiving = actions_of(debit.code, credit.code)
        self._enter(debit, paying, minor, count, made_at)
        self._enter(credit, receiving, minor, count, made_at)
        self._enter_payee(debit, credit, minor, made_at)

    def _over(self, account: Account, action: Action, amount: int) -> Over | None:
        bounds = self._books.bounds.get(account.id)
        rules = bounds.of(action) if bounds else []
        if not bounds or not rules:
            return None
        return exceeded(rules, self._usage(account.id, action, bounds), amount, bounds.zone)

    def _fullness(self, credited: Account, action: Action) -> Rule | None:
        """The rule that is broken when more is in an account, or on its way there, than may be."""
        bounds = self._books.bounds.get(credited.id)
        kept = action if action is Action.HOLD_CASH else Action.RECEIVE
        rule = bounds.find(kept, Window.BALANCE) if bounds else None
        if rule is None or rule.max_minor is None:
            return None
        is_over = credited.balance_minor + credited.credits_pending > rule.max_minor
        return rule if is_over else None

    def _usage(self, account_id: UUID, action: Action, bounds: Bounds) -> Usage:
        key, now = (account_id, action), self._books.now
        usage = self._usages.get(key) or self._books.usages.get(key)
        return usage.at(now, bounds.zone) if usage else Usage.begun(now, bounds.zone)

    def _enter(
        self, account: Account, action: Action | None, minor: int, count: int, made_at: int
    ) -> None:
        bounds = self._books.bounds.get(account.id)
        if action is None or bounds is None or not bounds.counts(action):
            return
        usage = self._usage(account.id, action, bounds)
        self._usages[account.id, action] = usage.counted(minor, count, made_at)

    def _meet_payee(self, debit: Account, credit: Account, amount: int) -> None:
        """Somebody paid for the first time is known from now on, and for a while gets little.

        Raises: Refused."""
        bounds = self._books.bounds.get(debit.id)
        if bounds is None or not bounds.knows_payees:
            return
        pair, now = (debit.id, credit.id), self._books.now
        rule = bounds.find(Action.SEND, Window.NEW_PAYEE)
        payee = self._payee(pair)
        if payee is None:
            hours = (rule.hours or 0) if rule else 0
            payee = self._payees[pair] = Payee(now, now + hours * 3_600_000, 0)
        if rule and rule.max_minor is not None and now < payee.until:
            left = max(0, rule.max_minor - payee.minor)
            if amount > left:
                raise _limit_exceeded(debit, Over(rule, left, None, payee.until))

    def _enter_payee(self, debit: Account, credit: Account, minor: int, made_at: int) -> None:
        pair = (debit.id, credit.id)
        if payee := self._payee(pair):
            self._payees[pair] = payee.counted(minor, made_at)

    def _payee(self, pair: Pair) -> Payee | None:
        return self._payees.get(pair) or self._books.payees.get(pair)

    def _was_made_at(self, id: TransferId) -> int | None:
        made_at = self._made_at.get(id)
        return self._books.made_at.get(id) if made_at is None else made_at

    def _check_consent(self) -> None:
        group = self._group
        if group.consent is Consent.NEVER:
            return
        if group.consent is Consent.ABOVE and not self._needs_consent():
            self._waive()
            return
        challenge = challenge_of(group.id, self._fp)
        if group.confirmation is None:
            raise Refused(Reason.CONFIRMATION_REQUIRED, challenge=challenge.hex())
        if not is_confirmed(group.confirmation, challenge, self._books.now):
            raise Refused(Reason.CONFIRMATION_WRONG, challenge=challenge.hex())
        first = self._transfers[0].amount
        until = cools_until(group.confirmation, self._books.now)
        if until and first.amount_minor > confirm_above_by_default(first.currency):
            raise Refused(Reason.PROOF_TOO_NEW, until=until)

    def _needs_consent(self) -> bool:
        books, row, first = self._books, self._rows[0], self._transfers[0]
        assert row.debit_id is not None
        assert row.credit_id is not None
        amount = first.amount.amount_minor
        line = books.confirm_above.get((first.payer_id, first.amount.currency))
        if line is None:
            line = confirm_above_by_default(first.amount.currency)
        bounds = books.bounds.get(row.debit_id)
        if bounds is None:
            return amount > line
        if (most := bounds.find(Action.CONFIRM, Window.TRANSFER)) and most.max_minor is not None:
            line = min(line, most.max_minor)
        if amount > line:
            return True
        is_new = (row.debit_id, row.credit_id) in self._payees and (
            (row.debit_id, row.credit_id) not in books.payees
        )
        first_payment = bounds.find(Action.CONFIRM, Window.NEW_PAYEE)
        if first_payment and is_new and amount > (first_payment.max_minor or 0):
            return True
        if bounds.find(Action.CONFIRM, Window.DAY) is None:
            return False
        return books.unconfirmed.get(row.debit_id, 0) + amount > line

    def _waive(self) -> None:
        """Nobody was asked for a PIN: such payments are added up where a rule says so."""
        books, row, confirmation = self._books, self._rows[0], self._group.confirmation
        assert row.debit_id is not None
        assert row.amount_minor is not None
        bounds = books.bounds.get(row.debit_id)
        if bounds is None or bounds.find(Action.CONFIRM, Window.DAY) is None:
            return
        challenge = challenge_of(self._group.id, self._fp)
        if confirmation is None or not is_confirmed(confirmation, challenge, books.now):
            self._waived.append(Waived(row.id, row.debit_id, books.now, row.amount_minor))

    def _account(self, id: UUID) -> Account:
        return self._accounts.get(id) or self._books.accounts[id]

    def _original(self, id: TransferId) -> Original:
        books = self._books
        if known := self._originals.get(id) or books.originals.get(id):
            return known
        for row in books.rows:  # written by this very pass
            if row.id == id and row.debit_id and row.credit_id:
                return Original.of(row)
        raise Refused(Reason.NOT_FOUND)

    def _hold(self, id: TransferId | None) -> Hold:
        assert id is not None
        hold = self._holds.get(id) or self._books.holds.get(id)
        if hold is None:
            raise Refused(Reason.NOT_FOUND)
        return hold


_RESOLVED = {Kind.POST: "posted", Kind.VOID: "voided", Kind.EXPIRE: "expired"}


def _amount(move: Move, account: Account, *, if_none: int) -> int:
    if move.amount is None:
        return if_none
    currency = currency_of(account.ledger_id)
    if move.amount.currency != currency or not 1 <= move.amount.amount_minor <= MAX_AMOUNT_MINOR:
        raise Refused(Reason.AMOUNT_OUT_OF_RANGE, currency=currency)
    return move.amount.amount_minor


def _check_open(debit: Account, credit: Account, *, is_fee: bool = False) -> None:
    if debit.flags & IS_CLOSED or credit.flags & IS_CLOSED:
        raise Refused(Reason.ACCOUNT_CLOSED, side=_side(debit, IS_CLOSED))
    if (debit.flags & NO_DEBITS and not is_fee) or credit.flags & NO_CREDITS:
        raise Refused(Reason.ACCOUNT_FROZEN, side=_side(debit, NO_DEBITS))


def _side(debit: Account, flag: int) -> str:
    return "payer" if debit.flags & flag else "payee"


def _check_funds(debit: Account, credit: Account, debited: Account, credited: Account) -> None:
    """The flags, after a move. Only a rise can break them: a `post` takes what was set aside."""
    if debited.flags & WITHIN_CREDITS and debited.available_minor < 0:
        raise _too_little(debit)
    if credited.flags & WITHIN_DEBITS and credited.available_minor < 0:
        raise _too_little(credit)


def _check_counters(debited: Account, credited: Account) -> None:
    in_wallet = credited.balance_minor + credited.credits_pending
    if credited.code < Code.GOING_OUT and in_wallet > MAX_AMOUNT_MINOR:
        raise Refused(Reason.COUNTER_FULL)
    highest = max(
        debited.debits_posted,
        debited.debits_pending,
        credited.credits_posted,
        credited.credits_pending,
    )
    if highest > MAX_COUNTER:
        raise Refused(Reason.COUNTER_FULL)


def _too_little(account: Account) -> Refused:
    return Refused(
        Reason.INSUFFICIENT_FUNDS,
        available_minor=account.available_minor,
        currency=currency_of(account.ledger_id),
    )


def _limit_exceeded(account: Account, over: Over) -> Refused:
    currency = currency_of(account.ledger_id)
    return Refused(Reason.LIMIT_EXCEEDED, currency=currency, **over.facts())


def _entry(account: Account, seq: int, posted: int, pending: int) -> Entry:
    return Entry(
        account.id,
        account.version,
        seq,
        posted,
        pending,
        account.balance_minor,
        account.debits_pending,
        account.credits_pending,
    )
