"""Who may write in a group, who may change its settings, and what an admin said of it last."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.add_column("chat_conversations", sa.Column("admin_settings_seq", _INT, nullable=True))
    op.execute(
        "UPDATE chat_conversations SET admin_settings_seq = settings_seq WHERE form = 'group'"
    )
    op.add_column("chat_conversations", sa.Column("writers", sa.Text(), nullable=True))
    op.add_column("chat_conversations", sa.Column("editors", sa.Text(), nullable=True))
