"""What is kept of payments through a provider, and of shops' own accounts there."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)

from kirana.platform.db import Bool, Bytes, Id, Int, Text, table
from kirana.values import MAX_AMOUNT_MINOR

rails = table(
    "money_rails",
    Column("rail", Text, primary_key=True),
    Column("is_on", Bool, nullable=False),
    Column("read_at", Int),
)
"""Which providers the operator's settings reach, as of the last start, and when what they hold for
us is to be read next. No keys."""
card_accounts = table(
    "money_card_accounts",
    Column("id", Id, primary_key=True),
    Column("owner_id", ForeignKey("money_owners.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("is_live", Bool, nullable=False),
    Column("ending", Text, nullable=False),
    Column("sealed_key", Bytes),
    Column("sealed_secret", Bytes),
    Column("endpoint_id", Text),
    Column("trouble", Text),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("checked_at", Int),
    Column("ended_at", Int),
    Column("fp", Bytes, nullable=False),
    CheckConstraint("state IN ('checking', 'on', 'refused', 'ended')", name="state"),
    CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_at"),
)
"""Owners' own accounts at Stripe. Keys are sealed (`platform.vault`), and go when nothing is under
way by them."""
_TAKING = card_accounts.c.state == "on"
Index(
    "uq_money_card_accounts_on",
    card_accounts.c.owner_id,
    unique=True,
    sqlite_where=_TAKING,
    postgresql_where=_TAKING,
)
rail_payments = table(
    "money_rail_payments",
    Column("id", Id, primary_key=True),
    Column("rail", Text, nullable=False),
    Column("card_account_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_id", ForeignKey("money_rail_payments.id"), index=True),
    Column("owner_id", Id, nullable=False),
    Column("payee_id", Id),
    Column("currency", ForeignKey("money_currencies.code"), nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("settled_minor", Int, nullable=False),
    Column("shortfall_minor", Int, nullable=False),
    Column("stage", Int, nullable=False),
    Column("wanted", Text),
    Column("attention", Text),
    Column("reason", Text),
    Column("external_id", Text),
    Column("session_id", Text),
    Column("url", Text),
    Column("ref_kind", Text),
    Column("ref_id", Id),
    Column("hold_id", Id),
    Column("step", Text),
    Column("attempt", Int, nullable=False),
    Column("step_since", Int),
    Column("doubt", Text),
    Column("tries", Int, nullable=False),
    Column("look_at", Int),
    Column("step_count", Int, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("changed_at", Int, nullable=False),
    Column("fp", Bytes, nullable=False),
    UniqueConstraint("rail", "card_account_id", "external_id"),
    CheckConstraint(f"amount_minor BETWEEN 1 AND {MAX_AMOUNT_MINOR}", name="amount_minor"),
    CheckConstraint("settled_minor BETWEEN 0 AND amount_minor", name="settled_minor"),
    CheckConstraint("shortfall_minor BETWEEN 0 AND amount_minor", name="shortfall_minor"),
    CheckConstraint("kind IN ('top_up', 'order', 'refund', 'dispute')", name="kind"),
    CheckConstraint("wanted IN ('capture', 'cancel')", name="wanted"),
    CheckConstraint("(step IS NULL) = (step_since IS NULL)", name="step_since"),
)
"""What goes through a provider, and how far it has come. `card_account_id` is the operator's id
where the account there is the operator's. `step` is a call whose outcome is not known yet, `doubt`
why; `look_at` is when it is looked at next, `attention` why a person has to."""
Index("ix_money_rail_payments_owner_id", rail_payments.c.owner_id, rail_payments.c.created_at)
_LOOKED_AT = rail_payments.c.look_at.is_not(None)
Index(
    "ix_money_rail_payments_look_at",
    rail_payments.c.look_at,
    sqlite_where=_LOOKED_AT,
    postgresql_where=_LOOKED_AT,
)
_OF_OPERATOR = rail_payments.c.attention.is_not(None)
Index(
    "ix_money_rail_payments_attention",
    rail_payments.c.created_at,
    sqlite_where=_OF_OPERATOR,
    postgresql_where=_OF_OPERATOR,
)
rail_steps = table(
    "money_rail_steps",
    Column("payment_id", ForeignKey("money_rail_payments.id"), nullable=False),
    Column("number", Int, nullable=False),
    Column("step", Text, nullable=False),
    Column("attempt", Int, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text),
    Column("at", Int, nullable=False),
    PrimaryKeyConstraint("payment_id", "number"),
)
"""What was asked of the provider and what came of it. Rows are only added; `calling` is committed
before the call is made."""
rail_events = table(
    "money_rail_events",
    Column("rail", Text, nullable=False),
    Column("card_account_id", Id, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("payment_id", Id),
    Column("received_at", Int, nullable=False),
    Column("applied_at", Int),
    PrimaryKeyConstraint("rail", "card_account_id", "event_id"),
    CheckConstraint(
        "verdict IN ('new', 'applied', 'nothing_new', 'ignored', 'not_ours', 'attention')",
        name="verdict",
    ),
)
"""What providers told, byte for byte, each event of an account once."""
rail_lines = table(
    "money_rail_lines",
    Column("rail", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("fee_minor", Int, nullable=False),
    Column("source_id", Text),
    Column("payment_id", Id),
    Column("verdict", Text, nullable=False),
    Column("at", Int, nullable=False),
    Column("noted_at", Int, nullable=False),
    PrimaryKeyConstraint("rail", "external_id"),
    CheckConstraint(
        "verdict IN ('waits', 'known', 'cost', 'payout', 'foreign', 'other_currency')",
        name="verdict",
    ),
)
"""What a provider writes down of the money it holds for us, each line once."""
Index("ix_money_rail_lines_at", rail_lines.c.rail, rail_lines.c.at)
_WAITS = rail_lines.c.verdict == "waits"
Index("ix_money_rail_lines_waits", rail_lines.c.at, sqlite_where=_WAITS, postgresql_where=_WAITS)
_FOREIGN = rail_lines.c.verdict == "foreign"
Index(
    "ix_money_rail_lines_foreign",
    rail_lines.c.source_id,
    sqlite_where=_FOREIGN,
    postgresql_where=_FOREIGN,
)
rail_settlements = table(
    "money_rail_settlements",
    Column("payment_id", ForeignKey("money_rail_payments.id"), primary_key=True),
    Column("bearer", Text, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("at", Int, nullable=False),
    Column("agreed_by", Id),
    Column("settled_at", Int),
    Column("given_back_minor", Int, nullable=False),
    Column("undone_at", Int),
    CheckConstraint("bearer IN ('payee', 'operator')", name="bearer"),
    CheckConstraint("agreed_by <> by_id", name="agreed_by"),
    CheckConstraint("given_back_minor >= 0", name="given_back_minor"),
)
"""Who bears a refund that was made at the provider's own desk, as operators say, and what came of
it: an order shows so much of it as given back."""
rail_payouts = table(
    "money_rail_payouts",
    Column("rail", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("told", Int, nullable=False),
    Column("booked", Int, nullable=False),
    Column("reason", Text),
    Column("noted_at", Int, nullable=False),
    Column("changed_at", Int, nullable=False),
    PrimaryKeyConstraint("rail", "external_id"),
)
"""What a provider sends to the operator's bank: how far it says that it is, and how far the books
are."""
