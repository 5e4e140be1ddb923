"""The room's tables."""

from sqlalchemy import Column, ForeignKey

from kirana.platform.db import Bool, Id, Int, Text, table

greetings = table(
    "crm_greetings",
    Column("business_id", Id, ForeignKey("identity_users.id"), primary_key=True),
    Column("is_on", Bool, nullable=False),
    Column("text", Text, nullable=False),
    Column("changed_by", Id, nullable=False),
    Column("changed_at", Int, nullable=False),
)
"""A shop without a row greets in the words of `greetings.DEFAULT_TEXT`."""
