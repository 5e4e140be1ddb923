"""What somebody lets others see of them."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "chat_privacy",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("shares_reads", schema.Bool(), nullable=False),
        sa.Column("shares_typing", schema.Bool(), nullable=False),
        sa.Column("seen_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "seen_by IN ('everybody', 'contacts', 'nobody')", name=op.f("ck_chat_privacy_seen_by")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_chat_privacy_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_chat_privacy")),
        sqlite_strict=True,
    )
