"""The room's tables. All amounts of an order are in its one currency."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)

from kirana.platform.db import Bool, Bytes, Id, Int, Json, Text, table

MAX_QUANTITY = 9_999
"""Of one thing, in a cart or an order."""

carts = table(
    "orders_carts",
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("buyer_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("method", Text),
    Column("address", Json),
    Column("changed_at", Int, nullable=False),
    PrimaryKeyConstraint("business_id", "buyer_id"),
    CheckConstraint("method IN ('pickup', 'delivery')", name="method"),
)

cart_lines = table(
    "orders_cart_lines",
    Column("business_id", Id, nullable=False),
    Column("buyer_id", Id, nullable=False),
    Column("variant_id", Id, nullable=False),
    Column("quantity", Int, nullable=False),
    Column("product_id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("seen_minor", Int, nullable=False),
    Column("added_at", Int, nullable=False),
    PrimaryKeyConstraint("business_id", "buyer_id", "variant_id"),
    ForeignKeyConstraint(
        ["business_id", "buyer_id"], ["orders_carts.business_id", "orders_carts.buyer_id"]
    ),
    CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity"),
)
"""`name` and `seen_minor`, the unit price, are what the buyer saw when the quantity was set: a
product may change, or go, while it lies in carts. So there is no foreign key to it either."""

deliveries = table(
    "orders_deliveries",
    Column("business_id", Id, ForeignKey("businesses.id"), primary_key=True),
    Column("has_pickup", Bool, nullable=False),
    Column("pickup_note", Text, nullable=False),
    Column("has_delivery", Bool, nullable=False),
    Column("delivery_note", Text, nullable=False),
    Column("fee_minor", Int, nullable=False),
    Column("free_from_minor", Int),
    Column("minimum_minor", Int, nullable=False),
    Column("changed_at", Int, nullable=False),
    CheckConstraint("fee_minor >= 0", name="fee"),
    CheckConstraint("minimum_minor >= 0", name="minimum"),
)

orders = table(
    "orders",
    Column("id", Id, primary_key=True),
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("buyer_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("number", Int, nullable=False),
    Column("token", Text, nullable=False, unique=True),
    Column("fp", Bytes, nullable=False),
    Column("state", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("payment", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("goods_minor", Int, nullable=False),
    Column("discount_minor", Int, nullable=False),
    Column("delivery", Json, nullable=False),
    Column("taxes", Json, nullable=False),
    Column("rounding_minor", Int, nullable=False),
    Column("total_minor", Int, nullable=False),
    Column("address", Json),
    Column("contact", Json, nullable=False),
    Column("contact_key", Text, index=True),
    Column("note", Text, nullable=False),
    Column("item_count", Int, nullable=False),
    Column("first_item", Text, nullable=False),
    Column("first_picture_id", Text),
    Column("placed_at", Int, nullable=False),
    Column("changed_at", Int, nullable=False),
    Column("held_until", Int, nullable=False),
    Column("step_count", Int, nullable=False),
    Column("paid_at", Int),
    Column("receipt_number", Text),
    UniqueConstraint("business_id", "number"),
    UniqueConstraint("business_id", "receipt_number"),
    CheckConstraint(
        "state IN ('placed', 'accepted', 'ready', 'on_its_way', 'fulfilled', 'canceled',"
        " 'expired')",
        name="state",
    ),
    CheckConstraint("method IN ('pickup', 'delivery')", name="method"),
    CheckConstraint("method = 'pickup' OR address IS NOT NULL", name="address"),
    CheckConstraint("payment IN ('wallet', 'cash', 'card')", name="payment"),
    CheckConstraint("total_minor >= 0", name="total"),
    CheckConstraint("(paid_at IS NULL) = (receipt_number IS NULL)", name="receipt"),
    Index(None, "business_id", "placed_at", "id"),
    Index(None, "business_id", "state", "placed_at", "id"),
    Index(None, "buyer_id", "placed_at", "id"),
    Index(None, "state", "held_until"),
)

lines = table(
    "orders_lines",
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False),
    Column("position", Int, nullable=False),
    Column("variant_id", Id, nullable=False),
    Column("product_id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("sku", Text),
    Column("picture_id", Text),
    Column("unit_price_minor", Int, nullable=False),
    Column("quantity", Int, nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("discount_minor", Int, nullable=False),
    Column("tax_minor", Int, nullable=False),
    Column("paid_minor", Int, nullable=False),
    Column("returned", Int, nullable=False),
    PrimaryKeyConstraint("order_id", "position"),
    UniqueConstraint("order_id", "variant_id"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("returned BETWEEN 0 AND quantity", name="returned"),
)
"""`variant_id` is no foreign key: the line outlives the product."""

steps = table(
    "orders_steps",
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False),
    Column("position", Int, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", Int, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("note", Text, nullable=False),
    Column("amount_minor", Int),
    PrimaryKeyConstraint("order_id", "position"),
)

refunds = table(
    "orders_refunds",
    Column("id", Id, primary_key=True),
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False, index=True),
    Column("business_id", Id, nullable=False),
    Column("fp", Bytes, nullable=False),
    Column("amount_minor", Int, nullable=False),
    Column("lines", Json, nullable=False),
    Column("has_delivery", Bool, nullable=False),
    Column("reason", Text, nullable=False),
    Column("credit_note", Text, nullable=False),
    Column("by_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    UniqueConstraint("business_id", "credit_note"),
    CheckConstraint("amount_minor > 0", name="amount"),
)
"""Each has the id of the transfer that brought the money back."""
Index(
    "uq_orders_refunds_delivery",
    refunds.c.order_id,
    unique=True,
    sqlite_where=refunds.c.has_delivery.is_(True),
    postgresql_where=refunds.c.has_delivery.is_(True),
)

numbers = table(
    "orders_numbers",
    Column("business_id", Id, nullable=False),
    Column("series", Text, nullable=False),
    Column("last", Int, nullable=False),
    PrimaryKeyConstraint("business_id", "series"),
)
"""The last number given in each series of a shop: `order`, `R2026`, `C2026`."""
