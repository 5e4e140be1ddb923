"""The room's table."""

from sqlalchemy import CheckConstraint, Column, Index

from kirana.platform.db import Id, Int, Text, table

notices = table(
    "notices",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("other_id", Id),
    Column("currency", Text),
    Column("amount_minor", Int),
    Column("why", Text, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("seen_at", Int),
    CheckConstraint("(currency IS NULL) = (amount_minor IS NULL)", name="amount"),
    Index("ix_notices_user_id", "user_id", "created_at"),
    Index("ix_notices_subject_id", "subject_id"),
)
