"""Leaving: what is in the way, what goes, what stays; and taking everything along before."""

import io
import zipfile
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kirana import business, catalog, chat, identity, money, orders
from kirana.app import accounts, wiring
from kirana.app.accounts import AccountNotSettled, Proof, delete_account, plan_deletion, take_along
from kirana.app.schema import ROOMS
from kirana.business import BusinessEdit, Role
from kirana.platform import jobs, pictures
from kirana.platform.db import metadata
from kirana.platform.events import Bus
from kirana.platform.images import Rendered
from kirana.platform.problems import NotAllowed
from kirana.values import SYSTEM, Actor, BusinessId, Confirmation, MessageId, uuid7
from tests.apps import RunningApp
from tests.database import RehearsedDatabase
from tests.identity import make as people
from tests.orders import make
from tests.orders.make import inr

PHONE = "+919812345678"
WORDS = ("ravi", "98123 45678", "9812345678", "kumar", "linking road", "blue gate")
"""What must be nowhere once Ravi Kumar of Linking Road is gone."""


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    wiring.wire(bus)
    return bus


@pytest.fixture
def books(db: RehearsedDatabase) -> RehearsedDatabase:
    """A database whose commits are sealed, as the server's are."""
    wiring.close_commits(db)
    return db


def confirmed(by: Actor, *closing: BusinessId) -> Actor:
    challenge = accounts.deletion_challenge(by.person_id, closing)
    return replace(by, confirmation=Confirmation("pin", challenge, 0))


def everything(db: RehearsedDatabase) -> str:
    """All rows of all tables."""
    engine = db.engine.sqlalchemy_engine()
    with engine.connect() as connection:
        rows = [
            f"{name}: {row!r}"
            for name, table in metadata.tables.items()
            for row in connection.execute(table.select()).all()
        ]
    engine.dispose()
    return "\n".join(rows).lower()


def a_whole_life(db: RehearsedDatabase) -> tuple[people.Visitor, make.Shop]:
    """Ravi, who was a guest first, with everything that one can leave behind; all of it settled."""
    shop = make.shop(db)
    make.delivers(db, shop, fee=30)
    tea = make.variant(db, shop)
    guest = people.guest(db, "Ravi K")
    place = db.write(chat.direct_conversation, guest.id, shop.id)
    say(db, place, "I am Ravi Kumar of Linking Road", by=guest.actor)
    bought(db, shop, tea, by=guest.actor, payment=orders.Payment.CASH)

    ravi = people.visitor(db, "Ravi Kumar", phone=PHONE)
    code = people.code_for(db, PHONE)
    people.sign_in(db, PHONE, code, device=guest.device_id, viewer=guest.actor)
    db.deliver()
    db.write(identity.edit_profile, handle="ravi-kumar", photo_id=photo(db, ravi), by=ravi.actor)
    db.write(identity.set_pin, "hash", by=ravi.actor)
    db.write(identity.save_contact, shop.owner.user_id, "Ravi's aunt", by=ravi.actor)
    db.write(identity.save_contact, ravi.id, "Ravi (nephew)", by=shop.owner)
    db.write(orders.set_line, shop.id, tea, 2, by=ravi.actor)

    db.write(money.top_up, uuid7(), ravi.id, inr(150), source=money.Source.CREDIT, by=SYSTEM)
    bought(db, shop, tea, by=ravi.actor, payment=orders.Payment.WALLET)
    say(db, db.write(chat.direct_conversation, ravi.id, shop.id), "My number is 98123 45678",
        by=ravi.actor)  # fmt: skip
    db.deliver()
    return ravi, shop


def bought(
    db: RehearsedDatabase, shop: make.Shop, tea: Any, *, by: Actor, payment: orders.Payment
) -> None:
    """Delivered to Ravi's door, paid and done."""
    order = db.write(
        orders.place_order,
        uuid7(),
        shop.id,
        {tea: 1},
        method=orders.Method.DELIVERY,
        payment=payment,
        contact=orders.Contact("Ravi Kumar", phone=PHONE),
        address=orders.Address("7 Linking Road, blue gate", city="Bandra", postcode="400050"),
        note="Ask for Ravi",
        shown_total=inr(150),
        by=by,
    )
    for state in (orders.State.ACCEPTED, orders.State.ON_ITS_WAY):
        db.write(orders.move_order, order.id, state, by=shop.owner_as_shop)
    if payment is orders.Payment.CASH:
        db.write(orders.collect_cash, order.id, by=shop.owner_as_shop)
    db.write(orders.move_order, order.id, orders.State.FULFILLED, by=shop.owner_as_shop)


def say(db: RehearsedDatabase, place: Any, words: str, *, by: Actor) -> None:
    content = chat.take_content({"type": "text", "text": words})
    db.write(chat.send_message, MessageId(uuid7()), place, content, by=by)


def photo(db: RehearsedDatabase, by: people.Visitor) -> str:
    """A portrait that is stored, as far as the database knows."""
    id_ = pictures.picture_id(b"a face")
    rendered = Rendered(8, 8, "#aabbcc", {320: b"x"})
    db.write(pictures.save, id_, rendered, {320: "f" * 64}, by=by.actor)
    return id_


def test_nothing_of_a_person_is_left_anywhere_and_the_books_stay_right(
    books: RehearsedDatabase,
) -> None:
    ravi, shop = a_whole_life(books)
    assert all(word in everything(books) for word in WORDS)

    devices = books.write(delete_account, [], by=confirmed(ravi.actor))
    books.deliver()
    run_outside_jobs(books)

    left = everything(books)
    assert [word for word in WORDS if word in left] == []
    assert ravi.device_id in devices
    assert books.read(pictures.find, pictures.picture_id(b"a face")) is None
    assert books.read(money.audit) == []
    taken = books.read(orders.list_orders, business_id=shop.id, by=shop.owner).items
    assert [it.total for it in taken] == [inr(150), inr(150)]


def test_no_room_is_forgotten() -> None:
    knowing = {room for room in ROOMS if hasattr(room, "erase_user")}

    assert set(accounts.ROOMS) == knowing
    assert all(hasattr(room, "export_user") for room in knowing)


def test_what_is_not_settled_is_named_all_at_once(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)
    own = make.shop(db, "Ravi's Corner")
    db.write(business.set_role, own.id, ravi.user_id, Role.OWNER, by=own.owner)
    db.write(business.remove_member, own.id, own.owner.user_id, by=own.owner)

    with pytest.raises(AccountNotSettled) as refused:
        db.write(delete_account, [], by=confirmed(ravi))

    named = {it.kind: it for it in refused.value.facts["unsettled"]}
    assert set(named) == {"wallet", "order", "shop"}
    assert named["wallet"].amount == inr(500)
    assert named["order"].order_id == order.id
    assert (named["shop"].owner_id, named["shop"].has_team) == (own.id, False)
    assert db.read(identity.get_card, ravi.user_id).name


def test_the_last_owner_hands_the_shop_on_or_closes_it(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    asha = shop.owner
    helper = people.person(db, "Meera")
    db.write(business.set_role, shop.id, helper.user_id, Role.MANAGER, by=asha)
    with pytest.raises(AccountNotSettled):
        db.write(delete_account, [], by=confirmed(asha))

    db.write(business.set_role, shop.id, helper.user_id, Role.OWNER, by=asha)
    db.write(delete_account, [], by=confirmed(asha))

    assert db.read(business.find_role, shop.id, by=helper) is Role.OWNER
    assert db.read(business.get_business, shop.id).closed_at is None


def test_a_shop_closes_with_its_owner_when_it_is_settled_too(books: RehearsedDatabase) -> None:
    shop = make.shop(books)
    asha, tea = shop.owner, make.variant(books, shop)
    books.write(business.edit_business, shop.id, BusinessEdit(phone="+919876500001"), by=asha)
    ravi = make.buyer(books, purse=inr(120))
    order = make.place(books, shop, {tea: 1}, by=ravi)

    kinds = [it.kind for it in books.read(plan_deletion, [shop.id], by=asha).unsettled]
    assert sorted(kinds) == ["order", "wallet"]
    books.write(orders.cancel_order, order.id, by=shop.owner_as_shop)
    books.deliver()
    assert books.read(plan_deletion, [shop.id], by=asha).unsettled == []
    books.write(delete_account, [shop.id], by=confirmed(asha, shop.id))

    closed = books.read(business.get_business, shop.id)
    assert closed.closed_at is not None
    assert closed.phone is None
    assert books.read(business.find_by_handle, closed.handle) is None
    assert books.read(money.get_wallet, ravi.user_id, "INR").available == inr(120)
    assert books.read(money.audit) == []


def test_a_closed_shop_does_not_go_to_its_team(db: RehearsedDatabase) -> None:
    shop, helper = make.shop(db), people.person(db, "Meera")
    db.write(business.set_role, shop.id, helper.user_id, Role.MANAGER, by=shop.owner)

    db.write(delete_account, [shop.id], by=confirmed(shop.owner, shop.id))

    assert db.read(business.find_role, shop.id, by=helper) is Role.MANAGER
    assert db.read(business.get_business, shop.id).closed_at is not None


def test_only_an_owner_closes_a_shop(db: RehearsedDatabase) -> None:
    shop, helper = make.shop(db), people.person(db, "Meera")
    db.write(business.set_role, shop.id, helper.user_id, Role.MANAGER, by=shop.owner)

    with pytest.raises(NotAllowed):
        db.write(business.close_business, shop.id, by=helper)
    # Naming a shop that is not one's own closes nothing.
    db.write(delete_account, [shop.id], by=confirmed(helper, shop.id))

    assert db.read(business.get_business, shop.id).closed_at is None


def test_it_takes_a_proof_made_for_just_this(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    with pytest.raises(money.ConfirmationRequired) as asked:
        db.write(delete_account, [shop.id], by=shop.owner)
    assert asked.value.facts["by_code"] is True
    with pytest.raises(money.ConfirmationWrong):
        db.write(delete_account, [shop.id], by=confirmed(shop.owner))
    with pytest.raises(NotAllowed):
        db.write(delete_account, [], by=shop.owner_as_shop)


def test_without_pin_and_passkey_a_code_to_ones_own_address_is_the_proof(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = people.person(db, phone=PHONE), people.person(db, phone="+919876543210")
    for address in ("+919876543210", PHONE):
        people.code_for(db, address)
    with pytest.raises(identity.WrongCode):
        db.write(
            delete_account, [], proof=Proof(people.address("+919876543210"), "123456"), by=ravi
        )
    with pytest.raises(identity.WrongCode):
        db.write(delete_account, [], proof=Proof(people.address(PHONE), "654321"), by=ravi)

    db.write(delete_account, [], proof=Proof(people.address(PHONE), "123456"), by=ravi)

    assert db.read(identity.get_card, ravi.user_id).name == ""
    assert db.read(identity.get_card, meera.user_id).name != ""


def test_a_code_is_no_way_around_the_pin(db: RehearsedDatabase) -> None:
    ravi = people.person(db, phone=PHONE)
    db.write(identity.set_pin, "hash", by=ravi)
    people.code_for(db, PHONE)

    with pytest.raises(money.ConfirmationRequired) as asked:
        db.write(delete_account, [], proof=Proof(people.address(PHONE), "123456"), by=ravi)

    assert asked.value.facts["by_code"] is False


def test_a_guest_leaves_with_nothing_but_the_device(db: RehearsedDatabase) -> None:
    guest = people.guest(db, "Ravi Kumar")

    db.write(delete_account, [], by=guest.actor)

    assert "ravi" not in everything(db)


def test_a_photo_that_a_shop_shows_too_stays(db: RehearsedDatabase) -> None:
    shop, ravi = make.shop(db), people.visitor(db)
    picture = photo(db, ravi)
    db.write(identity.edit_profile, photo_id=picture, by=ravi.actor)
    db.write(business.edit_business, shop.id, BusinessEdit(logo_id=picture), by=shop.owner)

    db.write(delete_account, [], by=confirmed(ravi.actor))

    assert db.read(pictures.find, picture) is not None


def test_a_photo_that_a_product_shows_too_stays(db: RehearsedDatabase) -> None:
    shop, ravi = make.shop(db), people.visitor(db)
    picture = photo(db, ravi)
    db.write(identity.edit_profile, photo_id=picture, by=ravi.actor)
    draft = catalog.ProductDraft(
        "Tea", (catalog.VariantDraft(uuid7(), price=catalog.Price(inr(5))),), picture_ids=(picture,)
    )
    db.write(catalog.save_product, uuid7(), shop.id, draft, by=shop.owner)

    db.write(delete_account, [], by=confirmed(ravi.actor))

    assert db.read(pictures.find, picture) is not None


def test_an_owner_takes_the_shop_along_and_nobody_else_s(db: RehearsedDatabase) -> None:
    ravi, shop = a_whole_life(db)
    make.shop(db, "Other Stores")

    hers = db.read(take_along, "http://kirana.test", by=shop.owner)
    his = db.read(take_along, "http://kirana.test", by=ravi.actor)

    (taken,) = hers.export.shops
    assert [it.contact.name for it in taken.orders] == ["Ravi Kumar", "Ravi Kumar"]
    assert "Tea" in hers.tables[f"shops/{taken.handle}/products.csv"]
    assert his.export.shops == []
    assert [it.name for it in his.export.identity.contacts] == ["Ravi's aunt"]
    assert len(his.export.orders.orders) == 2
    assert his.photo is None or len(his.photo) == 64


async def test_the_export_is_one_archive_with_all_files(app: RunningApp) -> None:
    ravi, meera = await app.person("Ravi"), await app.person("Meera")
    client, other = await app.client(ravi), await app.client(meera)
    mine = {"id": str(uuid7()), "kind": "document", "name": "Will.pdf"}
    sent = await client.post("/v1/media", params=mine, content=b"%PDF-1.4 my will")
    assert sent.is_success, sent.text
    # What was sealed for others is of no use without their keys, and half of it less.
    sealed = {"id": str(uuid7()), "kind": "sealed", "size_bytes": 20, "parts": 1}
    begun = await client.post("/v1/media-uploads", json=sealed)
    assert begun.is_success, begun.text

    answer = await client.get("/v1/me/export")

    assert answer.headers["content-type"] == "application/zip"
    assert "attachment" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        told = msgspec.json.decode(archive.read("kirana.json"))
        (file,) = [name for name in archive.namelist() if name.startswith("files/")]
        assert archive.read(file) == b"%PDF-1.4 my will"
    assert told["identity"]["me"]["name"] == "Ravi"
    theirs = (await other.get("/v1/me/export")).content
    assert b"Will.pdf" not in theirs


async def test_somebody_deletes_their_account_with_the_pin(app: RunningApp) -> None:
    ravi = await app.person("Ravi")
    client, tablet = await app.client(ravi), await app.client(ravi)
    assert (await client.put("/v1/me/pin", json={"pin": "2719"})).is_success
    assert (await client.get("/v1/me/deletion")).json() == {"unsettled": [], "closes": []}

    asked = (await client.post("/v1/me/deletion", json={})).json()
    assert (asked["type"], asked["by_code"]) == ("/problems/confirmation-required", False)
    proof = str(uuid7())
    body = {"id": proof, "challenge": asked["challenge"], "pin": "2719"}
    assert (await client.post("/v1/confirmations", json=body)).is_success
    gone = await client.post("/v1/me/deletion", json={}, headers={"Kirana-Confirmation": proof})

    assert gone.status_code == 204
    assert 'kirana_session=""' in gone.headers["set-cookie"]
    for device in (client, tablet):
        assert (await device.get("/v1/me")).status_code == 401


async def test_what_is_in_the_way_is_told_before_anything_is_asked(app: RunningApp) -> None:
    ravi = await app.person("Ravi")
    await app.db.write(money.top_up, uuid7(), ravi, inr(500), source=money.Source.CREDIT, by=SYSTEM)
    client = await app.client(ravi)

    refused = await client.post("/v1/me/deletion", json={})

    assert refused.status_code == 409
    told = refused.json()
    assert told["type"] == "/problems/account-not-settled"
    (left,) = told["unsettled"]
    assert (left["kind"], left["amount"]) == ("wallet", {"amount_minor": 500, "currency": "INR"})


def run_outside_jobs(db: RehearsedDatabase) -> None:
    """What calls the world is done: the codes are sent, the files are gone."""
    for job in db.read(jobs.list_due):
        db.write(jobs.end_job, job.id)
