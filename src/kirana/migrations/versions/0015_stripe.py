"""Cards: what goes through a provider, what was asked of it and what it told; orders by card."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0015"
down_revision = "0014"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_BEFORE = "payment IN ('wallet', 'cash')"
_AFTER = "payment IN ('wallet', 'cash', 'card')"


def upgrade() -> None:
    op.create_table(
        "money_rail_events",
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("payment_id", schema.Id(), nullable=True),
        sa.Column("received_at", _INT, nullable=False),
        sa.Column("applied_at", _INT, nullable=True),
        sa.CheckConstraint(
            "verdict IN ('new', 'applied', 'nothing_new', 'ignored', 'not_ours', 'attention')",
            name=op.f("ck_money_rail_events_verdict"),
        ),
        sa.PrimaryKeyConstraint("rail", "event_id", name=op.f("pk_money_rail_events")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_rails",
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("is_on", schema.Bool(), nullable=False),
        sa.PrimaryKeyConstraint("rail", name=op.f("pk_money_rails")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_rail_payments",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", schema.Id(), nullable=True),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("payee_id", schema.Id(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("settled_minor", _INT, nullable=False),
        sa.Column("shortfall_minor", _INT, nullable=False),
        sa.Column("stage", _INT, nullable=False),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("attention", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("ref_kind", sa.Text(), nullable=True),
        sa.Column("ref_id", schema.Id(), nullable=True),
        sa.Column("hold_id", schema.Id(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("attempt", _INT, nullable=False),
        sa.Column("step_since", _INT, nullable=True),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("tries", _INT, nullable=False),
        sa.Column("look_at", _INT, nullable=True),
        sa.Column("step_count", _INT, nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("changed_at", _INT, nullable=False),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('top_up', 'order', 'refund', 'dispute')",
            name=op.f("ck_money_rail_payments_kind"),
        ),
        sa.CheckConstraint(
            "wanted IN ('capture', 'cancel')", name=op.f("ck_money_rail_payments_wanted")
        ),
        sa.CheckConstraint(
            "(step IS NULL) = (step_since IS NULL)", name=op.f("ck_money_rail_payments_step_since")
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN 1 AND 9007199254740991",
            name=op.f("ck_money_rail_payments_amount_minor"),
        ),
        sa.CheckConstraint(
            "settled_minor BETWEEN 0 AND amount_minor",
            name=op.f("ck_money_rail_payments_settled_minor"),
        ),
        sa.CheckConstraint(
            "shortfall_minor BETWEEN 0 AND amount_minor",
            name=op.f("ck_money_rail_payments_shortfall_minor"),
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_rail_payments_currency")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["money_rail_payments.id"], name=op.f("fk_money_rail_payments_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_rail_payments")),
        sa.UniqueConstraint(
            "rail", "external_id", name=op.f("uq_money_rail_payments_rail_external_id")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_money_rail_payments_attention",
        "money_rail_payments",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("attention IS NOT NULL"),
        postgresql_where=sa.text("attention IS NOT NULL"),
    )
    op.create_index(
        "ix_money_rail_payments_look_at",
        "money_rail_payments",
        ["look_at"],
        unique=False,
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_index(
        "ix_money_rail_payments_owner_id",
        "money_rail_payments",
        ["owner_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_money_rail_payments_parent_id"), "money_rail_payments", ["parent_id"], unique=False
    )
    op.create_table(
        "money_rail_steps",
        sa.Column("payment_id", schema.Id(), nullable=False),
        sa.Column("number", _INT, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempt", _INT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("at", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["money_rail_payments.id"], name=op.f("fk_money_rail_steps_payment_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", "number", name=op.f("pk_money_rail_steps")),
        sqlite_strict=True,
    )
    if op.get_context().dialect.name == "sqlite":
        _change_check_in_place()
    else:
        op.drop_constraint(op.f("ck_orders_payment"), "orders", type_="check")
        op.create_check_constraint(op.f("ck_orders_payment"), "orders", _AFTER)


def _change_check_in_place() -> None:
    """SQLite cannot change a check, and half the room refers to this table, so it is not written
    anew: its description is changed, which touches no row.
    Source: sqlite.org/lang_altertable.html, section 7.
    """
    connection = op.get_bind()
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    connection.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :before, :after)"
            " WHERE type = 'table' AND name = 'orders'"
        ),
        {"before": _BEFORE, "after": _AFTER},
    )
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(sa.text("PRAGMA writable_schema = OFF"))
