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

from kirana.platform.db import Bool, Bytes, Id, Int, Json, Text, table
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
fees = table(
    "money_fees",
    Column("id", Id, primary_key=True),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("sale", Text, nullable=False),
    Column("fixed_minor", Int, nullable=False),
    Column("ppm", Int, nullable=False),
    Column("low_minor", Int, nullable=False),
    Column("high_minor", Int),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    CheckConstraint("sale IN ('wallet', 'card')", name="sale"),
    CheckConstraint(f"fixed_minor BETWEEN 0 AND {MAX_AMOUNT_MINOR}", name="fixed_minor"),
    CheckConstraint("ppm BETWEEN 0 AND 1000000", name="ppm"),
    CheckConstraint(f"low_minor BETWEEN 0 AND {MAX_AMOUNT_MINOR}", name="low_minor"),
    CheckConstraint(f"high_minor BETWEEN 0 AND {MAX_AMOUNT_MINOR}", name="high_minor"),
)
"""What the operator takes for sales, and took before: the newest of a currency and a way holds."""
Index("ix_money_fees_currency", fees.c.currency, fees.c.sale, fees.c.at)
review_rules = table(
    "money_review_rules",
    Column("id", Id, primary_key=True),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("above_minor", Int),
    Column("approvals", Int, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    CheckConstraint(f"above_minor BETWEEN 0 AND {MAX_AMOUNT_MINOR}", name="above_minor"),
    CheckConstraint("approvals IN (1, 2)", name="approvals"),
)
"""Which payments are looked at, and were before: the newest of a currency holds. Without an amount
none is, for its amount."""
watched_names = table(
    "money_watched_names",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    Column("ended_at", Int),
)
"""Names on the operators' list: payments of whoever bears one are looked at."""
rates = table(
    "money_rates",
    Column("id", Id, primary_key=True),
    Column("pay_currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("get_currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("rate", Text),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    CheckConstraint("pay_currency <> get_currency", name="two_currencies"),
)
"""At what rate the operator exchanges, and did before: the newest of a pair holds. Without a rate
the pair is not exchanged any more."""
Index("ix_money_rates_pay_currency", rates.c.pay_currency, rates.c.get_currency, rates.c.at)
exchange_limits = table(
    "money_exchange_limits",
    Column("currency", ForeignKey("money_currencies.code"), primary_key=True),
    Column("most_minor", Int, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    CheckConstraint(f"most_minor BETWEEN 0 AND {MAX_AMOUNT_MINOR}", name="most_minor"),
)
"""How much of a currency the operator will be short of by exchanging."""
owners = table(
    "money_owners",
    Column("id", Id, primary_key=True),
    Column("tier", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("erased_at", Int),
    Column("zone_at", Int),
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
limits = table(
    "money_limits",
    Column("tier", Text, nullable=False),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("action", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("max_minor", Int),
    Column("max_count", Int),
    Column("hours", Int),
    PrimaryKeyConstraint("tier", "currency", "action", "window"),
    CheckConstraint(
        "action IN ('send', 'receive', 'top_up', 'pay_out', 'hold_cash', 'confirm')", name="action"
    ),
    CheckConstraint(
        "\"window\" IN ('transfer', 'day', 'month', 'year', 'balance', 'new_payee')", name="window"
    ),
    CheckConstraint(f"max_minor BETWEEN 0 AND {MAX_AMOUNT_MINOR}", name="max_minor"),
    CheckConstraint("max_count >= 0", name="max_count"),
    CheckConstraint("hours BETWEEN 1 AND 8784", name="hours"),
)
"""What the operator allows to whom: the rules in force."""
limit_changes = table(
    "money_limit_changes",
    Column("id", Id, primary_key=True),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("preset", Text),
    Column("rules", Json, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
)
"""Every set of rules that a currency had, and who put it there. A change alters no past answer."""
Index("ix_money_limit_changes_currency", limit_changes.c.currency, limit_changes.c.at)
usages = table(
    "money_usages",
    Column("account_id", ForeignKey("money_accounts.id"), nullable=False),
    Column("action", Text, nullable=False),
    *(
        Column(f"{window}_{part}", Int, nullable=False)
        for window in ("day", "month", "year")
        for part in ("start", "minor", "times")
    ),
    PrimaryKeyConstraint("account_id", "action"),
)
"""What accounts under a rule have done today, this month, this year."""
payees = table(
    "money_payees",
    Column("account_id", ForeignKey("money_accounts.id"), nullable=False),
    Column("payee_id", ForeignKey("money_accounts.id"), nullable=False),
    Column("first_at", Int, nullable=False),
    Column("until", Int, nullable=False),
    Column("minor", Int, nullable=False),
    PrimaryKeyConstraint("account_id", "payee_id"),
)
"""Whom an account has paid, where that matters, and how much of it while they were new."""
waived = table(
    "money_waived",
    Column("transfer_id", ForeignKey("money_transfers.id"), primary_key=True),
    Column("account_id", ForeignKey("money_accounts.id"), nullable=False),
    Column("at", Int, nullable=False),
    Column("amount_minor", Int, nullable=False),
)
"""Payments of the last day that nobody typed a PIN for, where they are added up."""
Index("ix_money_waived_account_id", waived.c.account_id, waived.c.at)
freezes = table(
    "money_freezes",
    Column("id", Id, primary_key=True),
    Column("owner_id", Id, nullable=False),
    Column("stops_out", Bool, nullable=False),
    Column("stops_in", Bool, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
)
"""When an operator stopped, or let go again, somebody's payments, and why."""
Index("ix_money_freezes_owner_id", freezes.c.owner_id, freezes.c.at)
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
sealed_days = table(
    "money_sealed_days",
    Column("day", Text, primary_key=True),
    Column("head", Json, nullable=False),
    Column("findings", Int, nullable=False),
    Column("first", Text),
)
"""On which days (UTC) the books were gone through, what was found, and the head that was
published."""
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
    Column("reminded_at", Int),
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
splits = table(
    "money_splits",
    Column("id", Id, primary_key=True),
    Column("payee_id", Id, nullable=False),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("total_minor", Int, nullable=False),
    Column("ref_kind", Text),
    Column("ref_id", Id),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("closed_at", Int),
    Column("fp", Bytes, nullable=False),
    _amount("total_minor"),
)
shares = table(
    "money_shares",
    Column("split_id", ForeignKey("money_splits.id"), nullable=False),
    Column("position", Int, nullable=False),
    Column("owner_id", Id, nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("request_id", ForeignKey("money_requests.id"), unique=True),
    PrimaryKeyConstraint("split_id", "position"),
    UniqueConstraint("split_id", "owner_id"),
    _amount("amount_minor"),
)
"""Who bears how much of a bill. Whoever has paid it is not asked: no `request_id`."""
Index("ix_money_splits_payee_id", splits.c.payee_id)
Index("ix_money_shares_owner_id", shares.c.owner_id)
Index("ix_money_requests_asker_id", requests.c.asker_id, requests.c.created_at)
Index("ix_money_requests_payer_id", requests.c.payer_id, requests.c.created_at)
Index("ix_money_requests_expires_at", requests.c.expires_at)
claims = table(
    "money_claims",
    Column("transfer_id", ForeignKey("money_transfers.id"), primary_key=True),
    Column("request_id", ForeignKey("money_requests.id"), nullable=False, index=True),
    Column("rail", Text, nullable=False),
    Column("address_id", Id, nullable=False),
    Column("bank_ref", Text),
    Column("confirmed_at", Int),
    Column("fp", Bytes, nullable=False),
)
"""What payers say they paid from their bank: each is a hold in the memo ledger."""
_CONFIRMED = text("confirmed_at IS NOT NULL")
Index(
    "uq_money_claims_bank_ref",
    claims.c.rail,
    claims.c.bank_ref,
    unique=True,
    sqlite_where=_CONFIRMED,
    postgresql_where=_CONFIRMED,
)
links = table(
    "money_links",
    Column("transfer_id", ForeignKey("money_transfers.id"), primary_key=True),
    Column("payer_id", Id, nullable=False),
    Column("secret_hash", Bytes, nullable=False),
    Column("taker_id", Id),
    Column("created_at", Int, nullable=False),
    Column("fp", Bytes, nullable=False),
    CheckConstraint("length(secret_hash) = 32", name="secret_hash"),
)
"""Money for whoever has the secret of a link: each is a hold on an account of its own."""
Index("ix_money_links_payer_id", links.c.payer_id, links.c.created_at)
_TAKEN = text("taker_id IS NOT NULL")
Index(
    "ix_money_links_taker_id",
    links.c.taker_id,
    sqlite_where=_TAKEN,
    postgresql_where=_TAKEN,
)
standing_orders = table(
    "money_standing_orders",
    Column("id", Id, primary_key=True),
    Column("payer_id", Id, nullable=False),
    Column("payee_id", Id, nullable=False),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("rhythm", Text, nullable=False),
    Column("first_on", Text, nullable=False),
    Column("ends_after", Int),
    Column("ends_on", Text),
    Column("state", Text, nullable=False),
    Column("number", Int, nullable=False),
    Column("tries", Int, nullable=False),
    Column("next_on", Text),
    Column("next_at", Int),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("fp", Bytes, nullable=False),
    _amount("amount_minor"),
    CheckConstraint("rhythm IN ('once', 'week', 'month')", name="rhythm"),
    CheckConstraint("state IN ('active', 'paused', 'ended')", name="state"),
    CheckConstraint("(state = 'active') = (next_at IS NOT NULL)", name="next_when_active"),
    CheckConstraint("ends_after BETWEEN 1 AND 1000", name="ends_after"),
)
"""Payments that come by themselves. `number` is the next run, the first day's being 0."""
Index("ix_money_standing_orders_payer_id", standing_orders.c.payer_id)
_COMES = text("next_at IS NOT NULL")
Index(
    "ix_money_standing_orders_next_at",
    standing_orders.c.next_at,
    sqlite_where=_COMES,
    postgresql_where=_COMES,
)
standing_runs = table(
    "money_standing_runs",
    Column("order_id", ForeignKey("money_standing_orders.id"), nullable=False),
    Column("number", Int, nullable=False),
    Column("attempt", Int, nullable=False),
    Column("due_on", Text, nullable=False),
    Column("transfer_id", ForeignKey("money_transfers.id")),
    Column("problem", Text),
    Column("at", Int, nullable=False),
    PrimaryKeyConstraint("order_id", "number", "attempt"),
    CheckConstraint("attempt IN (0, 1)", name="attempt"),
    CheckConstraint("(transfer_id IS NULL) = (problem IS NOT NULL)", name="paid_or_why_not"),
)
"""What became of each run: the transfer that it made, or why it made none."""
addresses = table(
    "money_addresses",
    Column("id", Id, primary_key=True),
    Column("owner_id", ForeignKey("money_owners.id"), nullable=False, index=True),
    Column("rail", Text, nullable=False),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("details", Json, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("ended_at", Int),
    Column("fp", Bytes, nullable=False),
)
_IN_USE = addresses.c.ended_at.is_(None)
Index(
    "uq_money_addresses_in_use",
    addresses.c.owner_id,
    addresses.c.rail,
    unique=True,
    sqlite_where=_IN_USE,
    postgresql_where=_IN_USE,
)
reviews = table(
    "money_reviews",
    Column("transfer_id", ForeignKey("money_transfers.id"), primary_key=True),
    Column("why", Text, nullable=False),
    Column("approvals", Int, nullable=False),
    Column("created_at", Int, nullable=False),
    CheckConstraint("why IN ('amount', 'name')", name="why"),
    CheckConstraint("approvals IN (1, 2)", name="approvals"),
)
"""Payments that were set aside to be looked at. What became of each is in the books."""
review_votes = table(
    "money_review_votes",
    Column("transfer_id", ForeignKey("money_reviews.transfer_id"), nullable=False),
    Column("by_id", Id, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("at", Int, nullable=False),
    PrimaryKeyConstraint("transfer_id", "by_id"),
    CheckConstraint("verdict IN ('approve', 'reject')", name="verdict"),
)
refused_payments = table(
    "money_refused_payments",
    Column("id", Id, primary_key=True),
    Column("what", Text, nullable=False),
    Column("payer_id", Id, nullable=False),
    Column("payee_id", Id),
    Column("currency", Text, nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("names", Json, nullable=False),
    Column("at", Int, nullable=False),
    _amount("amount_minor"),
    CheckConstraint(
        "what IN ('order', 'coming', 'request', 'link', 'top_up', 'exchange', 'payout')",
        name="what",
    ),
)
"""What was refused for a name on the list. Nothing else of it is left."""
Index("ix_money_refused_payments_at", refused_payments.c.at)
corrections = table(
    "money_corrections",
    Column("id", Id, primary_key=True),
    Column("owner_id", ForeignKey("money_owners.id"), nullable=False),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    Column("verdict", Text),
    Column("decided_by", Id),
    Column("decided_at", Int),
    Column("transfer_id", ForeignKey("money_transfers.id"), unique=True),
    CheckConstraint("amount_minor <> 0", name="amount_minor"),
    CheckConstraint("verdict IN ('approve', 'reject')", name="verdict"),
    CheckConstraint("verdict <> 'approve' OR decided_by <> by_id", name="decided_by"),
)
"""What one operator proposes to put right, and another one decides."""
quotes = table(
    "money_quotes",
    Column("id", Id, primary_key=True),
    Column("owner_id", ForeignKey("money_owners.id"), nullable=False),
    Column("pay_minor", Int, nullable=False),
    Column("pay_currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("get_minor", Int, nullable=False),
    Column("get_currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("rate", Text, nullable=False),
    Column("expires_at", Int, nullable=False),
    Column("transfer_id", ForeignKey("money_transfers.id"), unique=True),
    _amount("pay_minor"),
    _amount("get_minor"),
)
"""What somebody was offered for their money, and the exchange that came of it."""
Index("ix_money_quotes_owner_id", quotes.c.owner_id, quotes.c.expires_at)
bank_imports = table(
    "money_bank_imports",
    Column("id", Id, primary_key=True),
    Column("owner_id", ForeignKey("money_owners.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("line_count", Int, nullable=False),
    Column("payment_count", Int, nullable=False),
    Column("from_on", Text),
    Column("to_on", Text),
    Column("warnings", Json, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("fp", Bytes, nullable=False),
)
"""Files of banks that were read."""
Index("ix_money_bank_imports_owner_id", bank_imports.c.owner_id, bank_imports.c.created_at)
bank_columns = table(
    "money_bank_columns",
    Column("owner_id", ForeignKey("money_owners.id"), primary_key=True),
    Column("columns", Json, nullable=False),
    Column("changed_at", Int, nullable=False),
)
"""Which column of an owner's CSV files is which."""
bank_lines = table(
    "money_bank_lines",
    Column("id", Id, primary_key=True),
    Column("owner_id", ForeignKey("money_owners.id"), nullable=False),
    Column("import_id", ForeignKey("money_bank_imports.id"), nullable=False, index=True),
    Column("line_hash", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("booked_on", Text, nullable=False),
    Column("value_on", Text),
    Column("currency", Text, nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("end_to_end_id", Text),
    Column("other_references", Json, nullable=False),
    Column("bank_reference", Text),
    Column("counterparty", Text),
    Column("counterparty_account", Text),
    Column("text", Text, nullable=False),
    Column("is_reversal", Bool, nullable=False),
    Column("request_id", ForeignKey("money_requests.id")),
    Column("matched_minor", Int, nullable=False),
    Column("put_away", Text),
    Column("put_away_by", Id),
    Column("put_away_at", Int),
    UniqueConstraint("owner_id", "line_hash"),
    CheckConstraint("length(currency) = 3", name="currency"),
    CheckConstraint(
        "matched_minor = 0 OR matched_minor BETWEEN 1 AND amount_minor", name="matched_minor"
    ),
    CheckConstraint("put_away IN ('set_aside', 'duplicate')", name="put_away"),
)
"""Bookings of an owner's bank account, each once, whatever files it came in. `request_id` is the
one that the line names; `put_away` says why it needs no transfer."""
Index(
    "ix_money_bank_lines_owner_id",
    bank_lines.c.owner_id,
    bank_lines.c.booked_on,
    bank_lines.c.id,
)
_NAMES_REQUEST = text("request_id IS NOT NULL")
Index(
    "ix_money_bank_lines_request_id",
    bank_lines.c.request_id,
    sqlite_where=_NAMES_REQUEST,
    postgresql_where=_NAMES_REQUEST,
)
matches = table(
    "money_matches",
    Column("line_id", ForeignKey("money_bank_lines.id"), nullable=False),
    Column("transfer_id", ForeignKey("money_transfers.id"), nullable=False, index=True),
    Column("request_id", ForeignKey("money_requests.id"), nullable=False),
    Column("rail", Text, nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("how", Text, nullable=False),
    Column("act_id", Id, nullable=False, index=True),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    PrimaryKeyConstraint("line_id", "transfer_id", "act_id"),
    _amount("amount_minor"),
    CheckConstraint("how IN ('reference', 'bank_reference', 'owner')", name="how"),
)
"""How much of a bank line is which transfer."""
bank_days = table(
    "money_bank_days",
    Column("owner_id", ForeignKey("money_owners.id"), nullable=False),
    Column("booked_on", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("line_count", Int, nullable=False),
    Column("unexplained_count", Int, nullable=False),
    Column("unexplained_minor", Int, nullable=False),
    Column("closed_at", Int, nullable=False),
    PrimaryKeyConstraint("owner_id", "booked_on", "currency"),
)
"""Days that were closed, with what nobody had explained by then."""
payout_rules = table(
    "money_payout_rules",
    Column("id", Id, primary_key=True),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("cooling_hours", Int, nullable=False),
    Column("second_above_minor", Int),
    Column("account", Json),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    CheckConstraint("cooling_hours BETWEEN 0 AND 720", name="cooling_hours"),
    CheckConstraint(
        f"second_above_minor BETWEEN 0 AND {MAX_AMOUNT_MINOR}", name="second_above_minor"
    ),
)
"""How pay-outs of a currency are made, and were before: the newest holds."""
Index("ix_money_payout_rules_currency", payout_rules.c.currency, payout_rules.c.at)
payout_files = table(
    "money_payout_files",
    Column("id", Id, primary_key=True),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("day", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("payout_count", Int, nullable=False),
    Column("total_minor", Int, nullable=False),
    Column("account", Json),
    Column("content", Bytes),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("sent_at", Int),
    Column("sent_by", Id),
    Column("original_hash", Bytes),
    Column("changed_at", Int),
    UniqueConstraint("currency", "day"),
    CheckConstraint("format IN ('pain.001', 'csv')", name="format"),
    CheckConstraint("payout_count > 0", name="payout_count"),
    CheckConstraint("(sent_at IS NULL) = (sent_by IS NULL)", name="sent"),
)
"""What the operator gives to a bank: one file for a currency and a day. `content` is written once,
when it is first asked for, and anew, without them, when somebody in it is erased: `original_hash`
is the SHA-256 of what it said first."""
payouts = table(
    "money_payouts",
    Column("transfer_id", ForeignKey("money_transfers.id"), primary_key=True),
    Column("owner_id", Id, nullable=False),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("rail", Text),
    Column("details", Json),
    Column("reference", Text, unique=True),
    Column("approvals", Int, nullable=False),
    Column("file_id", ForeignKey("money_payout_files.id"), index=True),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("attention", Text),
    Column("line_id", Id, unique=True),
    Column("return_line_id", Id, unique=True),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("changed_at", Int, nullable=False),
    _amount("amount_minor"),
    CheckConstraint("(rail IS NULL) = (reference IS NULL)", name="reference"),
    CheckConstraint("approvals IN (0, 2)", name="approvals"),
    CheckConstraint(
        "state IN ('asked', 'sent', 'arrived', 'came_back', 'taken_back')", name="state"
    ),
    CheckConstraint("file_id IS NULL OR rail IS NOT NULL", name="in_a_file_by_rail"),
)
"""Wallets that are paid out: each is a hold. Without a rail the operator hands it over. `line_id`
is the booking of the operator's bank that says it went, `return_line_id` that it came back."""
Index("ix_money_payouts_owner_id", payouts.c.owner_id, payouts.c.created_at)
_UNDER_WAY = text("state IN ('asked', 'sent') OR attention IS NOT NULL")
Index(
    "ix_money_payouts_under_way",
    payouts.c.created_at,
    sqlite_where=_UNDER_WAY,
    postgresql_where=_UNDER_WAY,
)
payout_votes = table(
    "money_payout_votes",
    Column("payout_id", ForeignKey("money_payouts.transfer_id"), nullable=False),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    PrimaryKeyConstraint("payout_id", "by_id"),
)
"""Which operators agree that a large one is paid out."""
