"""A street with one shop, and a stranger who walks in."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from kirana import business, catalog, orders
from kirana.catalog import Option, Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.values import (
    Actor,
    BusinessId,
    CollectionId,
    Money,
    ProductId,
    UserId,
    VariantId,
    uuid7,
)
from tests.apps import RunningApp, actor

from .reader import Reader


def inr(minor: int) -> Money:
    return Money(minor, "INR")


@dataclass(frozen=True, slots=True)
class Street:
    app: RunningApp
    shop_id: BusinessId
    asha: Actor
    tea: VariantId
    stranger: Reader

    @property
    def as_shop(self) -> Actor:
        return Actor(self.shop_id, self.asha.person_id)

    async def write(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.app.db.write(command, *args, by=self.asha, **kwargs)

    async def product(
        self,
        name: str,
        *variants: VariantDraft,
        options: tuple[Option, ...] = (),
        id: UUID | None = None,
        **changes: Any,
    ) -> ProductId:
        """A published product; without variants, one at 50.00 that is always there."""
        product_id = ProductId(id or uuid7())
        draft = ProductDraft(
            name,
            variants or (VariantDraft(VariantId(uuid7()), price=Price(inr(5000))),),
            status=ProductStatus.PUBLISHED,
            options=options,
        )
        await self.write(catalog.save_product, product_id, self.shop_id, replace(draft, **changes))
        return product_id

    async def collection(self, name: str, *product_ids: ProductId) -> None:
        draft = catalog.CollectionDraft(name, product_ids=product_ids)
        await self.write(catalog.save_collection, CollectionId(uuid7()), self.shop_id, draft)

    async def delivers(self, fee: int) -> None:
        settings = orders.DeliverySettings(True, True, inr(fee), None, inr(0))
        await self.write(orders.set_delivery, self.shop_id, settings)

    async def today(self) -> date:
        """The day at the shop."""
        now = await self.app.db.read(lambda tx: tx.now)
        return datetime.fromtimestamp(now / 1000, ZoneInfo("Asia/Kolkata")).date()

    async def newcomer(self, **headers: str) -> Reader:
        client = await self.app.client()
        client.headers.update({name.replace("_", "-"): it for name, it in headers.items()})
        return Reader(client)


@pytest.fixture
async def street(app: RunningApp) -> Street:
    return await open_street(app)


@pytest.fixture
async def street_on_each(app_on_each: RunningApp) -> Street:
    """The same on each database."""
    return await open_street(app_on_each)


async def open_street(app: RunningApp) -> Street:
    """Asha's shop with Assam tea at 120.00, of which there are five."""
    asha = actor(await app.person("Asha"))
    shop_id = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness(
        "Asha Stores",
        "grocery",
        "IN",
        "INR",
        "Asia/Kolkata",
        handle="asha",
        about="Tea and talk",
        phone="+919876500000",
        address="12 Hill Road",
    )
    await app.db.write(business.open_business, shop_id, draft, by=asha)
    tea = VariantId(uuid7())
    street = Street(app, shop_id, asha, tea, Reader(await app.client()))
    await street.product(
        "Assam tea",
        VariantDraft(tea, price=Price(inr(12000)), stock=StockDraft(tracked=True, on_hand=5)),
    )
    return street
