"""The operators' desk: payments that are looked at, names, and corrections by two."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0024"
down_revision = "0023"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_MOST = 2**53 - 1


def upgrade() -> None:
    op.create_table(
        "money_review_rules",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("above_minor", _INT, nullable=True),
        sa.Column("approvals", _INT, nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint(
            f"above_minor BETWEEN 0 AND {_MOST}", name=op.f("ck_money_review_rules_above_minor")
        ),
        sa.CheckConstraint("approvals IN (1, 2)", name=op.f("ck_money_review_rules_approvals")),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_review_rules_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_review_rules")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_watched_names",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.Column("ended_at", _INT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_watched_names")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_reviews",
        sa.Column("transfer_id", schema.Id(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("approvals", _INT, nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.CheckConstraint("why IN ('amount', 'name')", name=op.f("ck_money_reviews_why")),
        sa.CheckConstraint("approvals IN (1, 2)", name=op.f("ck_money_reviews_approvals")),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_reviews_transfer_id")
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_money_reviews")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_review_votes",
        sa.Column("transfer_id", schema.Id(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint(
            "verdict IN ('approve', 'reject')", name=op.f("ck_money_review_votes_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["money_reviews.transfer_id"],
            name=op.f("fk_money_review_votes_transfer_id"),
        ),
        sa.PrimaryKeyConstraint("transfer_id", "by_id", name=op.f("pk_money_review_votes")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_corrections",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("decided_by", schema.Id(), nullable=True),
        sa.Column("decided_at", _INT, nullable=True),
        sa.Column("transfer_id", schema.Id(), nullable=True),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_money_corrections_amount_minor")),
        sa.CheckConstraint(
            "verdict IN ('approve', 'reject')", name=op.f("ck_money_corrections_verdict")
        ),
        sa.CheckConstraint(
            "verdict <> 'approve' OR decided_by <> by_id",
            name=op.f("ck_money_corrections_decided_by"),
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_corrections_currency")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_corrections_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_corrections_transfer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_corrections")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_money_corrections_transfer_id")),
        sqlite_strict=True,
    )
