"""The books. What must never be is refused by the schema itself, whoever writes."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)

from kirana.platform.db import Bool, Bytes, Id, Int, Text, table
from kirana.values import MAX_AMOUNT_MINOR

from .model import MAX_COUNTER


def _amount(name: str) -> CheckConstraint:
    return CheckConstraint(f"{name} BETWEEN 1 AND {MAX_AMOUNT_MINOR}", name=name)


def _counter(name: str) -> CheckConstraint:
    return CheckConstraint(f"{name} BETWEEN 0 AND {MAX_COUNTER}", name=name)


currencies = table(
    "money_currencies",
    Column("code", Text, primary_key=True),
    Column("exponent", Int, nullable=False),
    Column("cash_step_minor", Int, nullable=False),
    CheckConstraint("length(code) = 3", name="code"),
)
ledgers = table(
    "money_ledgers",
    Column("id", Text, primary_key=True),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("kind", Text, nullable=False),
    UniqueConstraint("currency", "kind"),
    CheckConstraint("kind IN ('custody', 'memo')", name="kind"),
)
ways = table(
    "money_ways",
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("way", Text, nullable=False),
    Column("rail", Text, nullable=False),
    Column("enabled", Bool, nullable=False),
    PrimaryKeyConstraint("currency", "way", "rail"),
)
owners = table(
    "money_owners",
    Column("id", Id, primary_key=True),
    Column("tier", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("erased_at", Int),
    CheckConstraint(
        "tier IN ('unverified', 'basic', 'full', 'merchant', 'agent', 'operator')", name="tier"
    ),
)
confirm_lines = table(
    "money_confirm_lines",
    Column("owner_id", ForeignKey("money_owners.id"), nullable=False),
    Column("currency", Text, nullable=False),
    Column("above_minor", Int, nullable=False),
    PrimaryKeyConstraint("owner_id", "currency"),
    CheckConstraint(f"above_minor BETWEEN 0 AND {MAX_AMOUNT_MINOR}", name="above_minor"),
)
accounts = table(
    "money_accounts",
    Column("id", Id, primary_key=True),
    Column("ledger_id", ForeignKey("money_ledgers.id"), nullable=False),
    Column("owner_id", Id, nullable=False),
    Column("code", Int, nullable=False),
    Column("label", Text, nullable=False),
    Column("flags", Int, nullable=False),
    Column("overdraft_minor", Int, nullable=False),
    Column("debits_pending", Int, nullable=False),
    Column("debits_posted", Int, nullable=False),
    Column("credits_pending", Int, nullable=False),
    Column("credits_posted", Int, nullable=False),
    Column("version", Int, nullable=False),
    Column("closed_at", Int),
    UniqueConstraint("id", "ledger_id"),
    UniqueConstraint("owner_id", "code", "ledger_id", "label"),
    _counter("overdraft_minor"),
    _counter("debits_pending"),
    _counter("debits_posted"),
    _counter("credits_pending"),
    _counter("credits_posted"),
    CheckConstraint(
        "flags & 1 = 0 OR debits_posted + debits_pending <= credits_posted + overdraft_minor",
        name="debits_within_credits",
    ),
    CheckConstraint(
        "flags & 2 = 0 OR credits_posted + credits_pending <= debits_posted + overdraft_minor",
        name="credits_within_debits",
    ),
    CheckConstraint(
        "flags & 16 = 0 OR (credits_posted = debits_posted"
        " AND debits_pending = 0 AND credits_pending = 0)",
        name="closed_when_empty",
    ),
)
transfers = table(
    "money_transfers",
    Column("seq", Int, primary_key=True, autoincrement=False),
    Column("id", Id, nullable=False, unique=True),
    Column("group_id", Id, nullable=False),
    Column("group_index", Int, nullable=False),
    Column("kind", Text, nullable=False),
    Column("debit_id", Id),
    Column("credit_id", Id),
    Column("ledger_id", Text),
    Column("amount_minor", Int),
    Column("hold_id", Id),
    Column("timeout_s", Int),
    Column("expires_at", Int),
    Column("reverses_id", Id),
    Column("purpose", Text, nullable=False),
    Column("ref_kind", Text),
    Column("ref_id", Id),
    Column("by_id", Id, nullable=False),
    Column("effective_at", Int),
    Column("created_at", Int, nullable=False),
    Column("fp", Bytes, nullable=False),
    Column("problem", Text),
    ForeignKeyConstraint(
        ["debit_id", "ledger_id"], ["money_accounts.id", "money_accounts.ledger_id"]
    ),
    ForeignKeyConstraint(
        ["credit_id", "ledger_id"], ["money_accounts.id", "money_accounts.ledger_id"]
    ),
    CheckConstraint(
        "kind IN ('posted', 'pending', 'post', 'void', 'expire', 'refused')", name="kind"
    ),
    _amount("amount_minor"),
    CheckConstraint("debit_id <> credit_id", name="two_accounts"),
    CheckConstraint("(kind = 'refused') = (problem IS NOT NULL)", name="refused_says_why"),
    CheckConstraint(
        "kind = 'refused' OR (debit_id IS NOT NULL AND credit_id IS NOT NULL"
        " AND ledger_id IS NOT NULL AND amount_minor IS NOT NULL)",
        name="moves_money",
    ),
    CheckConstraint("length(fp) = 16", name="fp"),
)
_RESOLVES = text("kind IN ('post', 'void', 'expire')")
Index(
    "uq_money_transfers_hold_id",
    transfers.c.hold_id,
    unique=True,
    sqlite_where=_RESOLVES,
    postgresql_where=_RESOLVES,
)
_HAS_REF = text("ref_id IS NOT NULL")
Index(
    "ix_money_transfers_ref",
    transfers.c.ref_id,
    transfers.c.seq,
    sqlite_where=_HAS_REF,
    postgresql_where=_HAS_REF,
)
entries = table(
    "money_entries",
    Column("account_id", Id, nullable=False),
    Column("version", Int, nullable=False),
    Column("seq", Int, nullable=False),
    Column("posted_minor", Int, nullable=False),
    Column("pending_minor", Int, nullable=False),
    Column("balance_after_minor", Int, nullable=False),
    Column("on_hold_after_minor", Int, nullable=False),
    Column("coming_after_minor", Int, nullable=False),
    PrimaryKeyConstraint("account_id", "version"),
    sqlite_with_rowid=False,
)
holds = table(
    "money_holds",
    Column("id", ForeignKey("money_transfers.id"), primary_key=True),
    Column("amount_minor", Int, nullable=False),
    Column("captured_minor", Int, nullable=False),
    Column("state", Text, nullable=False),
    Column("expires_at", Int),
    _amount("amount_minor"),
    CheckConstraint("captured_minor BETWEEN 0 AND amount_minor", name="captured_minor"),
    CheckConstraint("state IN ('open', 'posted', 'voided', 'expired')", name="state"),
    CheckConstraint("(state = 'posted') = (captured_minor > 0)", name="captured_when_posted"),
)
_OPEN = text("state = 'open'")
Index("ix_money_holds_due", holds.c.expires_at, sqlite_where=_OPEN, postgresql_where=_OPEN)
reversals = table(
    "money_reversals",
    Column("original_id", ForeignKey("money_transfers.id"), primary_key=True),
    Column("amount_minor", Int, nullable=False),
    Column("reversed_minor", Int, nullable=False),
    _amount("amount_minor"),
    CheckConstraint("reversed_minor BETWEEN 0 AND amount_minor", name="reversed_minor"),
)
blocks = table(
    "money_blocks",
    Column("no", Int, primary_key=True, autoincrement=False),
    Column("seq_from", Int, nullable=False),
    Column("seq_to", Int, nullable=False, unique=True),
    Column("prev_hash", Bytes, nullable=False, unique=True),
    Column("hash", Bytes, nullable=False),
    Column("sealed_at", Int, nullable=False),
    CheckConstraint("seq_from <= seq_to", name="seq"),
    CheckConstraint("length(prev_hash) = 32 AND length(hash) = 32", name="hash"),
)
requests = table(
    "money_requests",
    Column("id", Id, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("asker_id", Id, nullable=False),
    Column("payer_id", Id),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("ref_kind", Text),
    Column("ref_id", Id),
    Column("expires_at", Int),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("fp", Bytes, nullable=False),
    _amount("amount_minor"),
    CheckConstraint("length(reference) = 12", name="reference"),
)
request_ends = table(
    "money_request_ends",
    Column("request_id", ForeignKey("money_requests.id"), primary_key=True),
    Column("how", Text, nullable=False),
    Column("transfer_id", ForeignKey("money_transfers.id"), unique=True),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    CheckConstraint("how IN ('paid', 'declined', 'canceled', 'expired')", name="how"),
    CheckConstraint("(how = 'paid') = (transfer_id IS NOT NULL)", name="paid_by_a_transfer"),
)
Index("ix_money_requests_asker_id", requests.c.asker_id, requests.c.created_at)
Index("ix_money_requests_payer_id", requests.c.payer_id, requests.c.created_at)
Index("ix_money_requests_expires_at", requests.c.expires_at)
