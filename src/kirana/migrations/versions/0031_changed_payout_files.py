"""Payout files that were written anew without somebody who has gone."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.add_column("money_payout_files", sa.Column("original_hash", sa.LargeBinary(), nullable=True))
    op.add_column("money_payout_files", sa.Column("changed_at", _INT, nullable=True))
