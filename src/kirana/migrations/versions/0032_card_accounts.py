"""Shops' own accounts at Stripe: payments and events say whose account they are of."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema
from kirana.values import SYSTEM

revision = "0032"
down_revision = "0031"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    _accounts()
    for table in (_payments_before(), _events_before()):
        op.add_column(table.name, sa.Column("card_account_id", schema.Id(), nullable=True))
        card_account_id = sa.column("card_account_id", schema.Id())
        op.execute(
            sa.update(sa.table(table.name, card_account_id)).values(card_account_id=SYSTEM.user_id)
        )
        table.append_column(sa.Column("card_account_id", schema.Id(), nullable=True))
        _rewrite(table)


def _rewrite(before: sa.Table) -> None:
    # SQLite cannot change a key: there the table is written anew, from this description of it.
    with op.batch_alter_table(
        before.name, copy_from=before, table_kwargs={"sqlite_strict": True}
    ) as table:
        table.alter_column("card_account_id", existing_type=schema.Id(), nullable=False)
        if before.name == "money_rail_payments":
            table.drop_constraint(op.f("uq_money_rail_payments_rail_external_id"), type_="unique")
            table.create_unique_constraint(
                op.f("uq_money_rail_payments_rail_card_account_id_external_id"),
                ["rail", "card_account_id", "external_id"],
            )
        else:
            table.drop_constraint(op.f("pk_money_rail_events"), type_="primary")
            table.create_primary_key(
                op.f("pk_money_rail_events"), ["rail", "card_account_id", "event_id"]
            )


def _accounts() -> None:
    op.create_table(
        "money_card_accounts",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_live", schema.Bool(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("endpoint_id", sa.Text(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("checked_at", _INT, nullable=True),
        sa.Column("ended_at", _INT, nullable=True),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state IN ('checking', 'on', 'refused', 'ended')",
            name=op.f("ck_money_card_accounts_state"),
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)",
            name=op.f("ck_money_card_accounts_ended_at"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_card_accounts_owner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_card_accounts")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_money_card_accounts_owner_id"), "money_card_accounts", ["owner_id"])
    op.create_index(
        "uq_money_card_accounts_on",
        "money_card_accounts",
        ["owner_id"],
        unique=True,
        sqlite_where=sa.text("state = 'on'"),
        postgresql_where=sa.text("state = 'on'"),
    )


def _payments_before() -> sa.Table:
    attention, looked_at = sa.text("attention IS NOT NULL"), sa.text("look_at IS NOT NULL")
    return sa.Table(
        "money_rail_payments",
        sa.MetaData(),
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
        sa.Index(
            "ix_money_rail_payments_attention",
            "created_at",
            sqlite_where=attention,
            postgresql_where=attention,
        ),
        sa.Index(
            "ix_money_rail_payments_look_at",
            "look_at",
            sqlite_where=looked_at,
            postgresql_where=looked_at,
        ),
        sa.Index("ix_money_rail_payments_owner_id", "owner_id", "created_at"),
        sa.Index(op.f("ix_money_rail_payments_parent_id"), "parent_id"),
        sqlite_strict=True,
    )


def _events_before() -> sa.Table:
    return sa.Table(
        "money_rail_events",
        sa.MetaData(),
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
