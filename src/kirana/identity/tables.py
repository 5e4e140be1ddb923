"""The room's tables. A device carries its session: the hash of the one token that it holds."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint

from kirana.platform.db import Bytes, Id, Int, Text, table

users = table(
    "identity_users",
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("handle", Text, unique=True),
    Column("photo_id", Text),
    Column("language", Text),
    Column("zone", Text),
    Column("devices_rev", Int, nullable=False),
    Column("merged_into", Id, ForeignKey("identity_users.id")),
    Column("created_at", Int, nullable=False),
    Column("erased_at", Int),
    CheckConstraint("kind IN ('person', 'guest', 'business', 'system')", name="kind"),
)

addresses = table(
    "identity_addresses",
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("verified_at", Int, nullable=False),
    CheckConstraint("kind IN ('phone', 'email')", name="kind"),
)

codes = table(
    "identity_codes",
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False),
    Column("code_hash", Bytes, nullable=False),
    Column("tries", Int, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("used_by", Id),
    CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),
    Index(None, "key", "created_at"),
    Index(None, "created_at"),
)
"""`used_by` is the device that signed in, or the user that proved the address, with this code."""

devices = table(
    "identity_devices",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("token_hash", Bytes, unique=True),
    Column("signed_keys", Text),
    Column("created_at", Int, nullable=False),
    Column("seen_at", Int, nullable=False),
    Column("revoked_at", Int),
    CheckConstraint("kind IN ('browser', 'app', 'program')", name="kind"),
    CheckConstraint("(token_hash IS NULL) = (revoked_at IS NOT NULL)", name="revoked"),
)
"""`signed_keys` is the JSON that the device's crypto library made; a revoked device has none."""

push_subscriptions = table(
    "identity_push_subscriptions",
    Column("device_id", Id, ForeignKey("identity_devices.id"), primary_key=True),
    Column("endpoint", Text, nullable=False, unique=True),
    Column("public_key", Bytes, nullable=False),
    Column("auth", Bytes, nullable=False),
    Column("created_at", Int, nullable=False),
)
"""How a browser is told while no page of ours is open. It goes with the session of its device."""

cross_signing_keys = table(
    "identity_cross_signing_keys",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("usage", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("replaced_at", Int),
    PrimaryKeyConstraint("user_id", "usage", "key_id"),
    CheckConstraint("usage IN ('master', 'self_signing', 'user_signing')", name="usage"),
)
"""A person's three keys beside those of devices. `key_id` is the public key itself."""

Index(
    "uq_identity_cross_signing_keys_current",
    cross_signing_keys.c.user_id,
    cross_signing_keys.c.usage,
    unique=True,
    sqlite_where=cross_signing_keys.c.replaced_at.is_(None),
    postgresql_where=cross_signing_keys.c.replaced_at.is_(None),
)

key_signatures = table(
    "identity_key_signatures",
    Column("target_user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("target_key_id", Text, nullable=False),
    Column("signer_user_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("signer_key_id", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("target_user_id", "target_key_id", "signer_user_id", "signer_key_id"),
)
"""Whose keys somebody vouches for: own devices, and the master keys of friends. `target_key_id` is
a device's id or a master key; `signer_key_id` names the algorithm too."""

suspensions = table(
    "identity_suspensions",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("suspended_at", Int, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("lifted_at", Int),
    Column("lifted_by", Id),
    PrimaryKeyConstraint("user_id", "suspended_at"),
    CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
)
"""Whom operators keep out, or kept out once."""

Index(
    "uq_identity_suspensions_current",
    suspensions.c.user_id,
    unique=True,
    sqlite_where=suspensions.c.lifted_at.is_(None),
    postgresql_where=suspensions.c.lifted_at.is_(None),
)

passkeys = table(
    "identity_passkeys",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("credential_id", Bytes, nullable=False, unique=True),
    Column("public_key", Bytes, nullable=False),
    Column("sign_count", Int, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("used_at", Int),
)

challenges = table(
    "identity_challenges",
    Column("id", Id, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("user_id", Id, ForeignKey("identity_users.id")),
    Column("challenge", Bytes, nullable=False),
    Column("confirms", Bytes),
    Column("created_at", Int, nullable=False),
    Column("used_for", Id),
    CheckConstraint("purpose IN ('registration', 'sign-in', 'confirmation')", name="purpose"),
    Index(None, "created_at"),
)
"""`used_for` is the passkey, device or confirmation that this challenge brought about."""

pins = table(
    "identity_pins",
    Column("user_id", Id, ForeignKey("identity_users.id"), primary_key=True),
    Column("pin_hash", Text, nullable=False),
    Column("wrong", Int, nullable=False),
    Column("locked_until", Int),
    Column("changed_at", Int, nullable=False),
    Column("reset_at", Int),
)

confirmations = table(
    "identity_confirmations",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("method", Text, nullable=False),
    Column("challenge", Bytes, nullable=False),
    Column("created_at", Int, nullable=False),
    CheckConstraint("method IN ('pin', 'passkey')", name="method"),
    Index(None, "created_at"),
)

contacts = table(
    "identity_contacts",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("contact_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("name", Text),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("user_id", "contact_id"),
    CheckConstraint("user_id <> contact_id", name="other"),
)

blocks = table(
    "identity_blocks",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("blocked_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("user_id", "blocked_id"),
    CheckConstraint("user_id <> blocked_id", name="other"),
)

delegations = table(
    "identity_delegations",
    Column("shop_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("person_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("shop_id", "person_id"),
)
