"""The auditor: recomputes the books from the journal and compares. Read-only, and it shares no
code with what wrote them: if the two disagree, one of them is wrong.

It walks the journal once, in order, and keeps one state per account, open hold and reversal. What
the entries of an account should be is kept as a running hash, so memory grows with the accounts and
not with the years.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, select, tuple_

from kirana.platform.db import Id, Q, Row, Tx, any_of

from ..events import BooksBroken
from ..tables import (
    accounts,
    bank_lines,
    blocks,
    claims,
    entries,
    holds,
    matches,
    payees,
    request_ends,
    requests,
    reversals,
    transfers,
    usages,
)

_PAGE = 2000
_NOT_COUNTED = {
    *("hand_over", "correction", "dispute", "dispute_won", "exchange", "fee"),
    *("card", "card_late", "card_refund", "card_refund_failed", "card_ended", "card_not_captured"),
    "refund_borne",
}
_FIRST = UUID(int=0)

_JOURNAL = Q(
    select(transfers)
    .where(transfers.c.seq > bindparam("after"))
    .order_by(transfers.c.seq)
    .limit(_PAGE)
)
_BLOCKS = Q(select(blocks).order_by(blocks.c.no))
_LAST_BLOCKS = Q(select(blocks).order_by(blocks.c.no.desc()).limit(2))
_STANDS = Q(
    select(
        accounts,
        entries.c.balance_after_minor,
        entries.c.on_hold_after_minor,
        entries.c.coming_after_minor,
    )
    .outerjoin_from(
        accounts,
        entries,
        and_(entries.c.account_id == accounts.c.id, entries.c.version == accounts.c.version),
    )
    .where(any_of(accounts.c.id, "ids"))
    .order_by(accounts.c.id)
)
_ACCOUNTS = Q(select(accounts).order_by(accounts.c.id))
_ENTRIES = Q(
    select(entries)
    .where(
        tuple_(entries.c.account_id, entries.c.version)
        > tuple_(bindparam("account_id", type_=Id()), bindparam("version"))
    )
    .order_by(entries.c.account_id, entries.c.version)
    .limit(_PAGE)
)
_HOLDS = Q(select(holds))
_REVERSALS = Q(select(reversals))
_USAGES = Q(select(usages))
_PAYEES = Q(select(payees))
_CLAIMS = Q(select(claims.c.transfer_id, claims.c.request_id))
_LINES = Q(
    select(
        bank_lines.c.id, bank_lines.c.owner_id, bank_lines.c.amount_minor,
        bank_lines.c.currency, bank_lines.c.matched_minor, bank_lines.c.is_reversal,
    ).where(bank_lines.c.matched_minor != bindparam("none"))
)  # fmt: skip
_MATCHES = Q(select(matches.c.line_id, matches.c.transfer_id, matches.c.amount_minor))
_ENDS = Q(
    select(
        request_ends.c.request_id,
        request_ends.c.how,
        requests.c.amount_minor.label("asked_minor"),
        requests.c.currency,
        transfers.c.kind,
        transfers.c.amount_minor,
        transfers.c.ledger_id,
    )
    .join_from(request_ends, requests, requests.c.id == request_ends.c.request_id)
    .outerjoin(transfers, transfers.c.id == request_ends.c.transfer_id)
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the books is not as it must be: the rule (I1 to I9), where, and what."""

    rule: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule} {self.where}: {self.what}"


def audit(tx: Tx) -> list[Finding]:
    """Recompute everything. An empty list: the books are right."""
    auditor = _Auditor()
    auditor.know(tx.all(_ACCOUNTS))
    meter = auditor.meter = _Meter(tx.all(_USAGES), tx.all(_PAYEES))
    chain = _Chain(tx.all(_BLOCKS))
    for row in _journal(tx):
        chain.follow(row)
        auditor.follow(row)
    auditor.compare_entries(tx)
    auditor.compare_counters()
    auditor.compare_holds(tx.all(_HOLDS))
    auditor.compare_reversals(tx.all(_REVERSALS))
    auditor.compare_requests(tx.all(_ENDS), tx.all(_CLAIMS))
    auditor.compare_matches(tx.all(_LINES, none=0), tx.all(_MATCHES))
    return chain.findings() + auditor.findings + meter.findings()


def audit_last_block(tx: Tx) -> list[Finding]:
    """What there is time for at each start: the last block against its transfers, and the accounts
    that they moved against their last entries."""
    *before, last = [None, *reversed(tx.all(_LAST_BLOCKS))]
    known = before[-1] if before else None
    chain = _Chain([last] if last else [], known)
    touched: set[UUID] = set()
    for row in _journal(tx, after=known.seq_to if known else 0):
        chain.follow(row)
        touched |= {row.debit_id, row.credit_id} - {None}
    findings = chain.findings()
    if touched:
        findings += [
            Finding("I2", f"account {row.id}", "does not stand where its last entry left it")
            for row in tx.all(_STANDS, ids=list(touched))
            if (
                row.credits_posted - row.debits_posted,
                row.debits_pending,
                row.credits_pending,
            )
            != (row.balance_after_minor, row.on_hold_after_minor, row.coming_after_minor)
        ]
    return findings


def report_findings(tx: Tx, findings: Sequence[Finding]) -> None:
    """Announce that the books are broken, if they are."""
    if findings:
        tx.emit(BooksBroken(findings=len(findings), first=str(findings[0])))


def _journal(tx: Tx, after: int = 0) -> Iterator[Row]:
    while page := tx.all(_JOURNAL, after=after):
        yield from page
        after = page[-1].seq


class _Chain:
    """Blocks cover every transfer, and each includes the hash of the one before.

    `known` is the block before those that were `found`; None when they begin with the first.
    """

    def __init__(self, found: list[Row], known: Row | None = None) -> None:
        self._findings: list[Finding] = []
        self._blocks = found
        self._next = 0
        self._digest: Any = None
        self._sealed_at = 0
        self._last_at = 0
        prev, seq, no = (known.hash, known.seq_to, known.no) if known else (bytes(32), 0, 0)
        self._last_seq = self._known_to = seq
        for number, block in enumerate(found, no + 1):
            if block.no != number:
                self._say(block, f"comes where number {number} should stand")
            if block.prev_hash != prev:
                self._say(block, "does not follow from the block before")
            if block.seq_from != seq + 1:
                self._say(block, f"starts at {block.seq_from} and not after {seq}")
            prev, seq = block.hash, block.seq_to

    def follow(self, row: Row) -> None:
        if row.seq != self._last_seq + 1:
            where = f"transfer {row.seq} ({row.id})"
            self._findings.append(Finding("I8", where, f"comes right after {self._last_seq}"))
        if row.created_at < self._last_at:
            where = f"transfer {row.seq} ({row.id})"
            self._findings.append(Finding("I8", where, "is older than the one before"))
        self._last_seq, self._last_at = row.seq, row.created_at
        while self._next < len(self._blocks) and self._blocks[self._next].seq_to < row.seq:
            self._close()
        if self._next == len(self._blocks):
            return
        if self._digest is None:
            self._digest = sha256(self._blocks[self._next].prev_hash)
        text = json.dumps([_plain(v) for v in row], separators=(",", ":"), ensure_ascii=False)
        self._digest.update(text.encode())
        self._sealed_at = row.created_at

    def findings(self) -> list[Finding]:
        while self._next < len(self._blocks):
            self._close()
        sealed_to = self._blocks[-1].seq_to if self._blocks else self._known_to
        if sealed_to < self._last_seq:
            where = f"transfers {sealed_to + 1} to {self._last_seq}"
            self._findings.append(Finding("I8", where, "are sealed by no block"))
        if sealed_to > self._last_seq:
            where = f"transfers {self._last_seq + 1} to {sealed_to}"
            self._findings.append(Finding("I8", where, "were sealed and are gone"))
        return self._findings

    def _close(self) -> None:
        block = self._blocks[self._next]
        if self._digest is None or self._digest.digest() != block.hash:
            self._say(block, "does not match its transfers: one of them, or its hash, was changed")
        elif block.sealed_at != self._sealed_at:
            self._say(block, "was not sealed when its last transfer was written")
        self._next += 1
        self._digest = None

    def _say(self, block: Row, what: str) -> None:
        where = f"block {block.no} (transfers {block.seq_from} to {block.seq_to})"
        self._findings.append(Finding("I8", where, what))


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


@dataclass(slots=True)
class _Account:
    """What an account should be, by the journal so far."""

    row: Row
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0
    version: int = 0
    entries: Any = field(default_factory=sha256)
    lines: list[tuple[int, ...]] | None = None
    """The entries themselves, where one of them has to be named."""

    def enter(self, seq: int, posted: int, pending: int) -> None:
        self.version += 1
        line = (
            self.version,
            seq,
            posted,
            pending,
            self.credits_posted - self.debits_posted,
            self.debits_pending,
            self.credits_pending,
        )
        self.entries.update(repr(line).encode())
        if self.lines is not None:
            self.lines.append(line)


class _Meter:
    """Adds up again what counts against limits: for each bucket, and for each payee while they were
    new, what was begun in it, less what of that came back."""

    def __init__(self, used: list[Row], known: list[Row]) -> None:
        self._usages = {(row.account_id, row.action): row for row in used}
        self._payees = {(row.account_id, row.payee_id): row for row in known}
        self._sums: dict[Any, int] = defaultdict(int)
        self._begun: dict[UUID, int] = {}
        self._whole: set[UUID] = set()
        self._is_idle = not used and not known

    def follow(self, row: Row, debit: Row, credit: Row, held: int) -> None:
        """`held` is what the hold has that this row resolves."""
        if self._is_idle or row.ledger_id is None:
            return
        earlier = row.hold_id or row.reverses_id
        if earlier is None:
            if row.purpose in _NOT_COUNTED:
                return
            at, amount, times = row.created_at, row.amount_minor, 1
            if row.kind == "pending":
                self._whole.add(row.id)
            if row.purpose == "link_taken":  # its payer paid when the link was made
                self._add(credit.id, "receive", at, amount, times)
                return
        elif row.purpose == "link_taken" or earlier not in self._begun:
            return
        else:
            at, times = self._begun[earlier], 0
            amount = row.amount_minor
            if row.reverses_id:
                debit, credit, amount = credit, debit, -amount
            elif row.kind == "post":
                amount -= held
            elif row.kind != "pending":
                amount, times = -held, -1 if earlier in self._whole else 0
        self._begun[row.id] = at
        pays, gets = _doings(debit.code, credit.code)
        self._add(debit.id, pays, at, amount, times)
        self._add(credit.id, gets, at, amount, times)
        payee = self._payees.get((debit.id, credit.id))
        if payee and payee.first_at <= at < payee.until:
            self._sums[debit.id, credit.id] += amount

    def _add(self, id: UUID, doing: str, at: int, amount: int, times: int) -> None:
        if usage := self._usages.get((id, doing)):
            for window in ("day", "month", "year"):
                if at >= getattr(usage, f"{window}_start"):
                    self._sums[id, doing, window, "minor"] += amount
                    self._sums[id, doing, window, "times"] += times

    def findings(self) -> list[Finding]:
        found = []
        for (id, doing), row in self._usages.items():
            for window in ("day", "month", "year"):
                for what in ("minor", "times"):
                    stored = getattr(row, f"{window}_{what}")
                    expected = self._sums[id, doing, window, what]
                    if stored != expected:
                        where = f"usage of account {id}"
                        told = f"{doing} {window}_{what} is {stored}, not {expected}"
                        found.append(Finding("I2", where, told))
        for pair, row in self._payees.items():
            if row.minor != self._sums[pair]:
                where = f"payee {row.payee_id} of account {row.account_id}"
                told = f"was paid {self._sums[pair]} while new, not {row.minor}"
                found.append(Finding("I2", where, told))
        return found


def _doings(debit_code: int, credit_code: int) -> tuple[str, str]:
    if credit_code == 910:
        return "", "hold_cash"
    if credit_code == 900:
        return "", ""
    from_wallet, to_wallet = debit_code == 100, credit_code == 100
    if from_wallet and credit_code in (100, 130):
        return "send", "receive"
    return "pay_out" if from_wallet else "", "top_up" if to_wallet else ""


@dataclass(slots=True)
class _Hold:
    row: Row
    state: str = "open"
    captured_minor: int = 0


class _Auditor:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.meter = _Meter([], [])
        self._accounts: dict[UUID, _Account] = {}
        self._holds: dict[UUID, _Hold] = {}
        self._payments: dict[UUID, tuple[UUID, UUID, int]] = {}
        self._reversed: dict[UUID, int] = defaultdict(int)

    def know(self, rows: list[Row]) -> None:
        self._accounts = {row.id: _Account(row) for row in rows}

    def follow(self, row: Row) -> None:
        if row.kind == "refused":
            if row.amount_minor is not None or row.debit_id is not None or row.problem is None:
                self._say("I5", row, "was refused, and yet moves something")
            return
        debit = self._accounts.get(row.debit_id)
        credit = self._accounts.get(row.credit_id)
        if debit is None or credit is None:
            self._say("I2", row, "moves money of an account that is not there")
            return
        if not row.ledger_id == debit.row.ledger_id == credit.row.ledger_id:
            self._say("I1", row, "moves money between two ledgers")
        if not 1 <= row.amount_minor < 2**53:
            self._say("I7", row, f"has the amount {row.amount_minor}")
        held = self._holds[row.hold_id].row.amount_minor if row.hold_id in self._holds else 0
        self.meter.follow(row, debit.row, credit.row, held)
        posted, pending = self._effect(row)
        debit.debits_posted += posted
        debit.debits_pending += pending
        credit.credits_posted += posted
        credit.credits_pending += pending
        debit.enter(row.seq, -posted, -pending)
        credit.enter(row.seq, posted, pending)
        self._check_rules(row, debit)
        self._check_rules(row, credit)

    def _effect(self, row: Row) -> tuple[int, int]:
        """What a transfer adds to the posted and to the pending counters of its two accounts."""
        if row.kind == "posted":
            if row.reverses_id is None:
                self._payments[row.id] = (row.debit_id, row.credit_id, row.amount_minor)
            else:
                self._reverse(row)
            return row.amount_minor, 0
        if row.kind == "pending":
            self._holds[row.id] = _Hold(row)
            if row.hold_id is not None:
                self._check_rest(row)
            return 0, row.amount_minor
        hold = self._holds.get(row.hold_id)
        if hold is None:
            self._say("I4", row, f"resolves {row.hold_id}, which is no hold")
            return 0, 0
        if hold.state != "open":
            self._say("I4", row, f"resolves {row.hold_id} a second time")
        if (row.debit_id, row.credit_id) != (hold.row.debit_id, hold.row.credit_id):
            self._say("I4", row, f"resolves {row.hold_id} with other accounts")
        if row.amount_minor > hold.row.amount_minor:
            self._say("I4", row, f"takes more than {row.hold_id} holds")
        if row.kind == "post":
            hold.state, hold.captured_minor = "posted", row.amount_minor
            self._payments[row.id] = (row.debit_id, row.credit_id, row.amount_minor)
            return row.amount_minor, -hold.row.amount_minor
        hold.state = "voided" if row.kind == "void" else "expired"
        if row.amount_minor != hold.row.amount_minor:
            self._say("I4", row, f"releases another amount than {row.hold_id} holds")
        is_early = hold.row.expires_at is None or row.created_at < hold.row.expires_at
        if row.kind == "expire" and is_early:
            self._say("I4", row, f"ends {row.hold_id} before its time")
        return 0, -hold.row.amount_minor

    def _check_rest(self, row: Row) -> None:
        whole = self._holds.get(row.hold_id)
        left = whole.row.amount_minor - whole.captured_minor if whole else None
        if whole is None or whole.state != "posted" or row.amount_minor != left:
            self._say("I4", row, f"keeps another amount than is left of {row.hold_id}")

    def _reverse(self, row: Row) -> None:
        original = self._payments.get(row.reverses_id)
        if original is None:
            self._say("I4", row, f"gives back {row.reverses_id}, which cannot be given back")
            return
        debit_id, credit_id, amount = original
        if (row.debit_id, row.credit_id) != (credit_id, debit_id):
            self._say("I4", row, f"gives back {row.reverses_id} to somebody else")
        self._reversed[row.reverses_id] += row.amount_minor
        if self._reversed[row.reverses_id] > amount:
            self._say("I4", row, f"gives back more than {row.reverses_id} was")

    def _check_rules(self, row: Row, account: _Account) -> None:
        debits = account.debits_posted + account.debits_pending
        credits = account.credits_posted + account.credits_pending
        overdraft, flags = account.row.overdraft_minor, account.row.flags
        if flags & 1 and debits > account.credits_posted + overdraft:
            self._say("I3", row, f"overdraws account {account.row.id}")
        if flags & 2 and credits > account.debits_posted + overdraft:
            self._say("I3", row, f"takes more out of account {account.row.id} than is in it")
        if max(debits, credits) >= 2**63 or min(debits, credits) < 0:
            self._say("I7", row, f"runs account {account.row.id} over")

    def compare_entries(self, tx: Tx) -> None:
        found: dict[UUID, Any] = defaultdict(sha256)
        counts: dict[UUID, int] = defaultdict(int)
        at, version = _FIRST, 0
        while page := tx.all(_ENTRIES, account_id=at, version=version):
            for line in page:
                counts[line.account_id] += 1
                found[line.account_id].update(repr(tuple(line)[1:]).encode())
            at, version = page[-1].account_id, page[-1].version
        for id in sorted(self._accounts.keys() | found.keys()):
            account = self._accounts.get(id)
            if account is None:
                self.findings.append(Finding("I2", f"entries of {id}", "belong to no account"))
            elif counts[id] != account.version:
                self._say_account(id, f"has {counts[id]} entries, not {account.version}")
            elif found[id].digest() != account.entries.digest():
                self._name_entry(tx, id)

    def _name_entry(self, tx: Tx, id: UUID) -> None:
        """An account's entries are not what they should be: walk again, and say which is first."""
        again = _Auditor()
        again.know([account.row for account in self._accounts.values()])
        expected: list[tuple[int, ...]] = []
        again._accounts[id].lines = expected
        for row in _journal(tx):
            again.follow(row)
        at = 0
        while page := tx.all(_ENTRIES, account_id=id, version=at):
            for line in page:
                if line.account_id != id:
                    return
                if tuple(line)[1:] != expected[at]:
                    where = f"entry {line.version} of account {id}"
                    what = f"is not what transfer {expected[at][1]} did"
                    self.findings.append(Finding("I2", where, what))
                    return
                at += 1

    def compare_counters(self) -> None:
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for id, account in self._accounts.items():
            row = account.row
            for position, name in enumerate(
                ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
            ):
                stored, expected = getattr(row, name), getattr(account, name)
                sums[row.ledger_id][position] += stored
                if stored != expected:
                    self._say_account(id, f"{name} is {stored}, not {expected}")
            if row.version != account.version:
                self._say_account(id, f"version is {row.version}, not {account.version}")
            is_empty = row.credits_posted == row.debits_posted
            if row.flags & 16 and not (is_empty and not row.debits_pending + row.credits_pending):
                self._say_account(id, "is closed and not empty")
        for ledger_id, (debits, credits, pending_out, pending_in) in sums.items():
            if (debits, pending_out) != (credits, pending_in):
                where = f"ledger {ledger_id}"
                self.findings.append(Finding("I1", where, "debits and credits differ"))

    def compare_holds(self, rows: list[Row]) -> None:
        stored = {row.id: row for row in rows}
        for id in sorted(stored.keys() | self._holds.keys()):
            row, hold = stored.get(id), self._holds.get(id)
            if row is None or hold is None:
                self.findings.append(Finding("I4", f"hold {id}", "is not in both lists"))
                continue
            told = (row.amount_minor, row.captured_minor, row.state, row.expires_at)
            journal = hold.row
            if told != (
                journal.amount_minor,
                hold.captured_minor,
                hold.state,
                journal.expires_at,
            ):
                self.findings.append(Finding("I4", f"hold {id}", f"stands at {told}"))

    def compare_reversals(self, rows: list[Row]) -> None:
        stored = {row.original_id: (row.amount_minor, row.reversed_minor) for row in rows}
        expected = {
            id: (self._payments[id][2], amount)
            for id, amount in self._reversed.items()
            if id in self._payments
        }
        for id in sorted(stored.keys() | expected.keys()):
            if stored.get(id) != expected.get(id):
                what = f"says {stored.get(id)}, the journal {expected.get(id)}"
                self.findings.append(Finding("I4", f"reversals of {id}", what))

    def compare_requests(self, ends: list[Row], claims: list[Row]) -> None:
        received: dict[UUID, int] = defaultdict(int)
        for claim in claims:
            if hold := self._holds.get(claim.transfer_id):
                received[claim.request_id] += hold.captured_minor
            else:
                where = f"claim {claim.transfer_id}"
                self.findings.append(Finding("I9", where, "is no hold of the journal"))
        for row in ends:
            if row.how != "paid":
                continue
            where, at_once = f"request {row.request_id}", row.kind == "posted"
            paid = received[row.request_id] + (row.amount_minor if at_once else 0)
            if row.kind not in ("posted", "post") or row.ledger_id[:3] != row.currency:
                paid = 0
            if paid != row.asked_minor:
                self.findings.append(Finding("I9", where, "is paid by no transfer of its amount"))

    def compare_matches(self, lines: list[Row], matches: list[Row]) -> None:
        of_line: dict[UUID, int] = defaultdict(int)
        of_transfer: dict[UUID, int] = defaultdict(int)
        by_id = {line.id: line for line in lines}
        for match in matches:
            of_line[match.line_id] += match.amount_minor
            of_transfer[match.transfer_id] += match.amount_minor
            line, where = by_id.get(match.line_id), f"match of bank line {match.line_id}"
            paid = self._payments.get(match.transfer_id)
            if line is None or paid is None:
                self.findings.append(Finding("I9", where, "names a line or transfer without it"))
                continue
            payee = self._accounts[paid[1]].row
            if (payee.owner_id, payee.ledger_id) != (line.owner_id, f"{line.currency}:memo"):
                self.findings.append(Finding("I9", where, "is a transfer to somebody else"))
        for line in lines:
            where, matched = f"bank line {line.id}", of_line[line.id]
            if matched != line.matched_minor:
                what = f"says that {line.matched_minor} is matched, not {matched}"
                self.findings.append(Finding("I9", where, what))
            if matched > line.amount_minor or line.is_reversal:
                self.findings.append(Finding("I9", where, "is matched to more than came"))
        for id, matched in of_transfer.items():
            if id in self._payments and matched > self._payments[id][2]:
                self.findings.append(Finding("I9", f"transfer {id}", "is in more bank lines"))

    def _say(self, rule: str, row: Row, what: str) -> None:
        self.findings.append(Finding(rule, f"transfer {row.seq} ({row.id})", what))

    def _say_account(self, id: UUID, what: str) -> None:
        self.findings.append(Finding("I2", f"account {id}", what))
