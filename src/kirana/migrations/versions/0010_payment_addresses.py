"""Where owners are paid from bank to bank."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0010"
down_revision = "0009"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "money_addresses",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("details", schema.Json(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("ended_at", _INT, nullable=True),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_addresses_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_addresses_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_addresses")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_money_addresses_owner_id"), "money_addresses", ["owner_id"])
    op.create_index(
        "uq_money_addresses_in_use",
        "money_addresses",
        ["owner_id", "rail"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
