"""The tables of this room."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint

from kirana.platform.db import Bool, Id, Int, Json, Real, Text, table

businesses = table(
    "businesses",
    Column("id", Id, ForeignKey("identity_users.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    Column("websites", Json, nullable=False),
    Column("logo_id", Text),
    Column("cover_id", Text),
    Column("languages", Json, nullable=False),
    Column("country", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("is_verified", Bool, nullable=False),
    Column("is_listed", Bool, nullable=False),
    Column("address", Text, nullable=False),
    Column("lat", Real),
    Column("lon", Real),
    Column("accuracy_m", Int),
    Column("place_note", Text, nullable=False),
    Column("hours_kind", Text, nullable=False),
    Column("hours_text", Text, nullable=False),
    Column("hours_rules", Text, nullable=False),
    Column("revision", Int, nullable=False),
    Column("opened_by", Id, ForeignKey("identity_users.id"), nullable=False),
    # What was asked for, so that the same request again can be told from another one.
    Column("opened_as", Text, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("closed_at", Int),
    Column("suspended_at", Int),
    CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="whole_point"),
    CheckConstraint(
        "hours_kind IN ('hours', 'always', 'by_appointment', 'unknown')", name="hours_kind"
    ),
)
Index("ix_businesses_handle", businesses.c.handle, unique=True)
Index("ix_businesses_listed", businesses.c.is_listed, businesses.c.created_at, businesses.c.id)

members = table(
    "business_members",
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("person_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("joined_at", Int, nullable=False),
    PrimaryKeyConstraint("business_id", "person_id"),
    CheckConstraint("role IN ('owner', 'manager', 'agent', 'viewer')", name="role"),
    sqlite_with_rowid=False,
)
Index("ix_business_members_person_id", members.c.person_id)

closures = table(
    "business_closures",
    Column("id", Id, primary_key=True),
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    # Dates on the shop's own calendar: "2026-12-25".
    Column("first_on", Text, nullable=False),
    Column("last_on", Text, nullable=False),
    # Minutes after midnight: [[600, 840]]. None: closed.
    Column("spans", Json, nullable=False),
    Column("label", Text, nullable=False),
    Column("is_holiday", Bool, nullable=False),
    Column("created_at", Int, nullable=False),
    CheckConstraint("first_on <= last_on", name="in_order"),
)
Index("ix_business_closures_business_id", closures.c.business_id, closures.c.last_on)

records = table(
    "business_records",
    Column("id", Id, primary_key=True),
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("at", Int, nullable=False),
    # Who did it, and as whom.
    Column("person_id", Id, nullable=False),
    Column("user_id", Id, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_id", Id),
    Column("before", Json),
    Column("after", Json),
)
Index("ix_business_records_business_id", records.c.business_id, records.c.at, records.c.id)
