"""Links with money in them, for whoever has their secret."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0018"
down_revision = "0016"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "money_links",
        sa.Column("transfer_id", schema.Id(), nullable=False),
        sa.Column("payer_id", schema.Id(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("taker_id", schema.Id(), nullable=True),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(secret_hash) = 32", name=op.f("ck_money_links_secret_hash")),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_links_transfer_id")
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_money_links")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_links_payer_id", "money_links", ["payer_id", "created_at"])
    op.create_index(
        "ix_money_links_taker_id",
        "money_links",
        ["taker_id"],
        sqlite_where=sa.text("taker_id IS NOT NULL"),
        postgresql_where=sa.text("taker_id IS NOT NULL"),
    )
