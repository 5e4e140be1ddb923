"""Web Push: the server's own keys, and where browsers are reached."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0004"
down_revision = "0003"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "platform_keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_platform_keys")),
        sqlite_strict=True,
    )
    op.create_table(
        "identity_push_subscriptions",
        sa.Column("device_id", schema.Id(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("auth", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["identity_devices.id"],
            name=op.f("fk_identity_push_subscriptions_device_id"),
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_identity_push_subscriptions")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_identity_push_subscriptions_endpoint")),
        sqlite_strict=True,
    )
