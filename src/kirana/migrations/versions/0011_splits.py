"""Bills that people split, and when somebody was reminded of a request."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0011"
down_revision = "0010"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_MOST = 2**53 - 1


def upgrade() -> None:
    op.add_column("money_requests", sa.Column("reminded_at", _INT, nullable=True))
    op.create_table(
        "money_splits",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("payee_id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_minor", _INT, nullable=False),
        sa.Column("ref_kind", sa.Text(), nullable=True),
        sa.Column("ref_id", schema.Id(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("closed_at", _INT, nullable=True),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            f"total_minor BETWEEN 1 AND {_MOST}", name=op.f("ck_money_splits_total_minor")
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_splits_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_splits")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_shares",
        sa.Column("split_id", schema.Id(), nullable=False),
        sa.Column("position", _INT, nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("request_id", schema.Id(), nullable=True),
        sa.CheckConstraint(
            f"amount_minor BETWEEN 1 AND {_MOST}", name=op.f("ck_money_shares_amount_minor")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["money_requests.id"], name=op.f("fk_money_shares_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["split_id"], ["money_splits.id"], name=op.f("fk_money_shares_split_id")
        ),
        sa.PrimaryKeyConstraint("split_id", "position", name=op.f("pk_money_shares")),
        sa.UniqueConstraint("request_id", name=op.f("uq_money_shares_request_id")),
        sa.UniqueConstraint("split_id", "owner_id", name=op.f("uq_money_shares_split_id_owner_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_splits_payee_id", "money_splits", ["payee_id"])
    op.create_index("ix_money_shares_owner_id", "money_shares", ["owner_id"])
