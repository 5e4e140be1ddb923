"""Wallets that are paid out by the operator's bank: every step, and what goes wrong on the way."""

import csv
import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from hashlib import sha256

import pytest

from kirana import money
from kirana.money.bank.orders import SCHEMA, BankOrder, BankPayment, write_order
from kirana.platform.db import Tx
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.values import (
    SYSTEM,
    Actor,
    BankImportId,
    Mandate,
    Money,
    PaymentAddressId,
    PayoutFileId,
    TransferId,
    UserId,
    uuid7,
)
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .rails.bankfiles.make import camt, detail, entry, mt940
from .test_offers import EPC, UPI, paid_at

OURS = {"iban": "DE89370400440532013000", "name": "Anglers’ Bazaar GmbH"}
DAY_MS = 24 * 3600 * 1000
REVERSAL = "<RvslInd>true</RvslInd>"
NS = {"p": f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"}


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


class Bank:
    """An operator whose bank account is in euros, and Asha, who has money in her wallet."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self.db = db
        self.omar, self.nora, self.asha = make.owner(db), make.owner(db), make.owner(db)
        for operator in (self.omar, self.nora):
            db.write(money.appoint_operator, operator.user_id, by=SYSTEM)
        db.write(
            money.top_up, make.transfer_id(), self.asha.user_id, eur(100_00),
            source=money.Source.BANK, by=self.omar,
        )  # fmt: skip
        paid_at(db, self.asha, "epc", EPC)
        self.rule()
        db.clock.advance(25 * 3600 * 1000)

    def rule(self, hours: int = 24, second: int | None = None, currency: str = "EUR") -> None:
        self.db.write(
            money.set_payout_rule, uuid7(), currency, cooling_hours=hours,
            second_above_minor=second, account=OURS if currency == "EUR" else None, by=self.omar,
        )  # fmt: skip

    def asks(
        self, amount: Money | None = None, *, id: TransferId | None = None, by: Actor | None = None
    ) -> TransferId:
        """Asha, who has given her PIN, wants money in her bank."""
        by, id, amount = by or self.asha, id or make.transfer_id(), amount or eur(40_00)
        [place] = [
            it
            for it in self.db.read(money.list_my_payouts, by=by).places
            if it.currency == amount.currency
        ]
        trusted = replace(by, kind="system")
        self.db.write(money.ask_payout, id, amount, place.address_id, by=trusted)
        return id

    def file(self, by: Actor | None = None, currency: str = "EUR") -> money.PayoutFile:
        id = PayoutFileId(uuid7())
        return self.db.write(money.make_payout_file, id, currency, by=by or self.omar)

    def sent(self) -> money.PayoutFile:
        return self.db.write(money.mark_file_sent, self.file().id, by=self.omar)

    def content(self, file: money.PayoutFile) -> bytes:
        draft = self.db.read(money.draft_file, file.id, by=self.omar)
        if draft.content is not None:
            return draft.content
        return self.db.write(money.keep_file, file.id, write_order(draft.order), by=self.omar)

    def says(self, *entries: str, by: Actor | None = None, content: bytes | None = None) -> None:
        by, content = by or self.omar, content or camt(*entries)
        file = money.read_statement(content, None)
        id = BankImportId(uuid7())
        self.db.write(money.begin_import, id, "bank.xml", file, content[-900:], by=by)
        self.db.write(money.take_over, id, file.format, file.lines, by=by)

    def went(self, payout: TransferId, amount: str = "40.00", reference: str = "B1") -> str:
        said = detail(end_to_end=self.reference(payout))
        return entry(amount, direction="DBIT", details=said, reference=reference)

    def came_back(self, payout: TransferId, amount: str = "40.00", more: str = REVERSAL) -> str:
        said = detail(end_to_end=self.reference(payout))
        return entry(amount, direction="CRDT", details=said, reference="B9", more=more)

    def payout(self, id: TransferId) -> money.Payout:
        found = self.db.read(money.list_my_payouts, by=self.asha).items
        return next(it for it in found if it.id == id)

    def case(self, id: TransferId) -> money.PayoutCase:
        under_way = self.db.read(money.list_payouts, by=self.omar)
        over = self.db.read(money.list_payouts, over=True, by=self.omar)
        return next(it for it in [*under_way, *over] if it.payout.id == id)

    def state(self, id: TransferId) -> str:
        return self.payout(id).state

    def reference(self, id: TransferId) -> str:
        reference = self.payout(id).reference
        assert reference
        return reference

    @property
    def wallet(self) -> tuple[int, int]:
        """What Asha has, and what she can spend."""
        wallet = self.db.read(money.get_wallet, self.asha.user_id, "EUR")
        return wallet.balance.amount_minor, wallet.available.amount_minor

    @property
    def in_bank(self) -> int:
        """What the operator has in the bank, by the books."""
        accounts = self.db.read(money.explain_clearing, by=self.omar)
        return -sum(it.balance.amount_minor for it in accounts if it.code == 300)

    def is_clean(self) -> bool:
        return self.db.read(money.audit) == []


@pytest.fixture
def bank(db: RehearsedDatabase) -> Bank:
    return Bank(db)


def test_a_payout_is_set_aside_goes_in_a_file_and_arrives_when_the_bank_says_so(
    bank: Bank,
) -> None:
    payout = bank.asks()
    assert (bank.state(payout), bank.wallet) == ("asked", (100_00, 60_00))

    file = bank.file()
    assert (file.payout_count, file.open_count, file.total) == (1, 1, eur(40_00))
    assert bank.state(payout) == "asked"
    bank.db.write(money.mark_file_sent, file.id, by=bank.omar)
    assert (bank.state(payout), bank.in_bank) == ("sent", 100_00)
    bank.says(bank.went(payout))

    assert (bank.state(payout), bank.wallet, bank.in_bank) == ("arrived", (60_00, 60_00), 60_00)
    [told] = bank.db.read(money.list_payout_files, by=bank.omar)
    assert told.open_count == 0
    assert bank.db.read(money.list_payouts, by=bank.omar) == []
    assert bank.is_clean()


def test_the_file_is_a_credit_transfer_with_our_reference_and_the_same_when_asked_again(
    bank: Bank,
) -> None:
    one, other = bank.asks(eur(12_05)), bank.asks(eur(5))

    file = bank.file()
    content = bank.content(file)

    root = ET.fromstring(content)
    told = {
        it.findtext("p:PmtId/p:EndToEndId", namespaces=NS): (
            it.findtext("p:Amt/p:InstdAmt", namespaces=NS),
            it.findtext("p:CdtrAcct/p:Id/p:IBAN", namespaces=NS),
            it.findtext("p:Cdtr/p:Nm", namespaces=NS),
        )
        for it in root.iter(f"{{{NS['p']}}}CdtTrfTxInf")
    }
    assert told == {
        bank.reference(one): ("12.05", EPC["iban"], "Asha Rao"),
        bank.reference(other): ("0.05", EPC["iban"], "Asha Rao"),
    }
    head = root.find("p:CstmrCdtTrfInitn/p:GrpHdr", NS)
    assert head is not None
    assert head.findtext("p:CtrlSum", namespaces=NS) == "12.10"
    assert {it.text for it in root.iter(f"{{{NS['p']}}}BtchBookg")} == {"false"}
    assert file.name == f"payouts-EUR-{file.day}.xml"
    assert bank.content(file) == content


def test_what_two_wrote_at_once_is_what_was_kept_first(bank: Bank) -> None:
    bank.asks()
    file = bank.file()
    kept = bank.content(file)

    late = bank.db.write(money.keep_file, file.id, b"written by another", by=bank.nora)

    assert late == kept


def test_a_file_that_was_made_and_never_written_is_written_when_it_is_asked_for(
    bank: Bank,
) -> None:
    """Crash between: the payouts are in the file from its first commit on."""
    payout = bank.asks()
    file = bank.file()
    bank.db.clock.advance(3 * DAY_MS)

    assert bank.reference(payout).encode() in bank.content(file)
    assert bank.case(payout).file_id == file.id


def test_a_file_made_twice_is_one_file_and_a_payout_is_in_one_file_only(bank: Bank) -> None:
    first = bank.asks(eur(10_00))
    file = bank.file()
    later = bank.asks(eur(20_00))

    again = bank.file(by=bank.nora)
    bank.db.clock.advance(DAY_MS)
    next_day = bank.file()

    assert (again.id, again.payout_count) == (file.id, 1)
    assert next_day.id != file.id
    assert (bank.case(first).file_id, bank.case(later).file_id) == (file.id, next_day.id)
    bank.db.clock.advance(DAY_MS)
    with pytest.raises(money.NothingToPayOut):
        bank.file()


def test_asked_twice_with_one_id_is_one_payout(bank: Bank) -> None:
    id = make.transfer_id()

    bank.asks(id=id)
    bank.asks(id=id)

    assert bank.wallet == (100_00, 60_00)
    with pytest.raises(IdReused):
        bank.asks(eur(41_00), id=id)
    [place] = bank.db.read(money.list_my_payouts, by=bank.asha).places
    trusted = replace(bank.asha, kind="system")
    with pytest.raises(IdReused):
        bank.db.write(money.ask_payout, id, eur(40_00), None, by=trusted)
    assert place.details == EPC


def test_it_is_confirmed_for_this_amount_and_this_address(bank: Bank) -> None:
    id = make.transfer_id()
    [place] = bank.db.read(money.list_my_payouts, by=bank.asha).places

    with pytest.raises(money.ConfirmationRequired) as to_bank:
        bank.db.write(money.ask_payout, id, eur(1), place.address_id, by=bank.asha)
    with pytest.raises(money.ConfirmationRequired) as by_hand:
        bank.db.write(money.ask_payout, id, eur(1), None, by=bank.asha)

    assert to_bank.value.facts["challenge"] != by_hand.value.facts["challenge"]


def test_a_new_address_cools_before_money_goes_there(bank: Bank) -> None:
    paid_at(bank.db, bank.asha, "epc", {"iban": OURS["iban"], "name": "Somebody else"})
    id = make.transfer_id()

    with pytest.raises(money.AddressTooNew) as too_new:
        bank.asks(id=id)
    [place] = bank.db.read(money.list_my_payouts, by=bank.asha).places
    assert too_new.value.facts["until"] == place.usable_from
    bank.db.clock.advance(place.usable_from - bank.db.clock())

    with pytest.raises(money.AddressTooNew):
        bank.asks(id=id)  # what was refused stays refused
    assert bank.state(bank.asks()) == "asked"


def test_how_long_an_address_cools_is_the_operators_to_say(bank: Bank) -> None:
    paid_at(bank.db, bank.asha, "epc", {"iban": OURS["iban"], "name": "Asha Rao"})
    bank.rule(hours=0)

    assert bank.state(bank.asks()) == "asked"


def test_what_was_asked_before_goes_to_the_address_that_was_confirmed(bank: Bank) -> None:
    payout = bank.asks()
    paid_at(bank.db, bank.asha, "epc", {"iban": OURS["iban"], "name": "Somebody else"})

    content = bank.content(bank.file()).decode()

    assert EPC["iban"] in content
    assert "Somebody" not in content
    assert bank.payout(payout).details == EPC


def test_an_address_that_ended_or_is_of_somebody_else_is_not_paid_out_to(bank: Bank) -> None:
    [place] = bank.db.read(money.list_my_payouts, by=bank.asha).places
    trusted = replace(bank.omar, kind="system")
    with pytest.raises(NotFound):
        bank.db.write(money.ask_payout, make.transfer_id(), eur(1), place.address_id, by=trusted)
    bank.db.write(money.end_address, place.address_id, by=bank.asha)
    for address_id in (place.address_id, PaymentAddressId(uuid7())):
        with pytest.raises(NotFound):
            bank.db.write(
                money.ask_payout, make.transfer_id(), eur(1), address_id,
                by=replace(bank.asha, kind="system"),
            )  # fmt: skip
    assert bank.db.read(money.list_my_payouts, by=bank.asha).places == []


def test_a_biller_is_no_place_to_be_paid_out_to(bank: Bank) -> None:
    paid_at(bank.db, bank.nora, "promptpay", {"biller_id": "010556309056400"})

    assert bank.db.read(money.list_my_payouts, by=bank.nora).places == []


def test_too_little_and_stopped_payments_set_nothing_aside(bank: Bank) -> None:
    with pytest.raises(money.InsufficientFunds):
        bank.asks(eur(100_01))
    bank.db.write(
        money.freeze_owner, uuid7(), bank.asha.user_id, stops_out=True, stops_in=False,
        reason="A check", by=bank.omar,
    )  # fmt: skip
    with pytest.raises(money.AccountFrozen):
        bank.asks()

    assert bank.db.read(money.list_my_payouts, by=bank.asha).items == []
    assert bank.wallet[0] == 100_00


def test_payments_that_are_stopped_meanwhile_still_come_back(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()
    bank.db.write(
        money.freeze_owner, uuid7(), bank.asha.user_id, stops_out=True, stops_in=True,
        reason="A check", by=bank.omar,
    )  # fmt: skip

    bank.db.write(money.refuse_payout, make.transfer_id(), payout, "wrong_account", by=bank.omar)

    assert (bank.state(payout), bank.payout(payout).reason) == ("came_back", "wrong_account")
    assert bank.wallet[0] == 100_00


def test_a_line_of_the_bank_may_come_before_anybody_said_that_it_was_sent(bank: Bank) -> None:
    payout = bank.asks()
    file = bank.file()

    bank.says(bank.went(payout))
    bank.db.write(money.mark_file_sent, file.id, by=bank.omar)

    assert (bank.state(payout), bank.in_bank) == ("arrived", 60_00)
    assert bank.is_clean()


def test_what_arrived_by_the_operators_word_is_not_posted_again_by_the_bank(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()
    bank.db.write(
        money.settle_payout, make.transfer_id(), payout, source=money.Source.BANK, by=bank.omar
    )

    bank.says(bank.went(payout))

    assert (bank.state(payout), bank.in_bank) == ("arrived", 60_00)
    assert bank.case(payout).attention is None


def test_the_same_booking_in_two_files_and_formats_moves_once(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()

    bank.says(bank.went(payout))
    bank.says(bank.went(payout), entry(reference="B2"))
    told = f":61:2611301130DR40,00NTRF{bank.reference(payout)}//B1\r\n:86:{bank.reference(payout)}"
    bank.says(content=mt940(told))

    assert (bank.in_bank, bank.case(payout).attention) == (60_00, None)


def test_a_second_booking_of_one_payout_is_for_a_person(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()

    bank.says(bank.went(payout))
    bank.says(bank.went(payout, reference="B2"))

    assert (bank.case(payout).attention, bank.in_bank) == ("paid_twice", 60_00)


def test_another_amount_than_was_asked_is_for_a_person(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()

    bank.says(bank.went(payout, "39.00"))

    assert (bank.state(payout), bank.case(payout).attention) == ("sent", "amount_differs")
    assert bank.wallet == (100_00, 60_00)


@pytest.mark.parametrize("more", [REVERSAL, ""])
def test_what_the_bank_sends_back_before_it_arrived_is_in_the_wallet_again(
    bank: Bank, more: str
) -> None:
    payout = bank.asks()
    bank.sent()

    bank.says(bank.came_back(payout, more=more), bank.went(payout))

    assert (bank.state(payout), bank.payout(payout).reason) == ("came_back", "returned")
    assert (bank.wallet, bank.in_bank) == ((100_00, 100_00), 100_00)
    assert bank.case(payout).attention is None
    assert bank.is_clean()


def test_a_late_return_pays_back_what_had_arrived(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()
    bank.says(bank.went(payout))
    bank.db.clock.advance(9 * DAY_MS)

    bank.says(bank.came_back(payout))
    bank.says(bank.came_back(payout), entry(reference="B7"))

    assert (bank.state(payout), bank.wallet, bank.in_bank) == ("came_back", (100_00,) * 2, 100_00)
    assert bank.is_clean()


def test_operators_see_of_which_payout_a_line_tells_and_nobody_else(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()
    bank.says(bank.went(payout), bank.came_back(payout), entry(reference="B7"))
    bank.says(bank.went(payout), by=bank.asha)

    def lines(by: Actor) -> list[TransferId | None]:
        seen = bank.db.read(money.list_lines, lambda tx, ids: {}, by=by).items
        return [it.payout_id for it in seen]

    assert sorted(lines(bank.omar), key=str) == [payout, payout, None]
    assert lines(bank.asha) == [None]


def test_a_late_return_that_the_wallet_cannot_take_waits_for_a_person(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()
    bank.says(bank.went(payout))
    frozen = {"stops_out": False, "stops_in": True, "reason": "A check", "by": bank.omar}
    bank.db.write(money.freeze_owner, uuid7(), bank.asha.user_id, **frozen)

    bank.says(bank.came_back(payout))
    assert (bank.state(payout), bank.case(payout).attention) == ("arrived", "cannot_return")
    bank.db.write(money.freeze_owner, uuid7(), bank.asha.user_id, **(frozen | {"stops_in": False}))
    bank.db.write(money.refuse_payout, make.transfer_id(), payout, "returned", by=bank.omar)

    assert (bank.wallet, bank.case(payout).attention) == ((100_00, 100_00), None)
    assert bank.is_clean()


def test_a_return_that_came_first_leaves_nothing_to_look_into_when_the_booking_follows(
    bank: Bank,
) -> None:
    payout = bank.asks()
    bank.sent()

    bank.says(bank.came_back(payout))
    bank.says(bank.went(payout))

    assert (bank.state(payout), bank.case(payout).attention) == ("came_back", None)
    assert bank.in_bank == 100_00


def test_money_that_went_after_somebody_said_that_it_had_come_back_is_for_a_person(
    bank: Bank,
) -> None:
    payout = bank.asks()
    bank.sent()
    bank.db.write(money.refuse_payout, make.transfer_id(), payout, "bank_refused", by=bank.omar)

    bank.says(bank.went(payout))

    assert bank.case(payout).attention == "paid_after_all"
    assert bank.wallet == (100_00, 100_00)


def test_what_nobody_knows_anything_of_for_two_days_stays_set_aside(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()
    bank.db.clock.advance(2 * DAY_MS)
    bank.db.write(money.expire_holds)

    assert (bank.state(payout), bank.wallet) == ("sent", (100_00, 60_00))
    assert bank.case(payout).attention is None


def test_books_that_have_too_little_in_the_bank_do_not_stop_the_import(bank: Bank) -> None:
    bank.db.write(
        money.top_up, make.transfer_id(), bank.asha.user_id, eur(100_00),
        source=money.Source.CASH, by=bank.omar,
    )  # fmt: skip
    payout, small = bank.asks(eur(150_00)), bank.asks(eur(10_00))
    bank.sent()

    bank.says(bank.went(payout, "150.00"), bank.went(small, "10.00", "B2"))

    assert (bank.state(payout), bank.case(payout).attention) == ("sent", "books_short")
    assert bank.state(small) == "arrived"
    bank.db.write(
        money.top_up, make.transfer_id(), bank.nora.user_id, eur(60_00),
        source=money.Source.BANK, by=bank.omar,
    )  # fmt: skip
    bank.db.write(
        money.settle_payout, make.transfer_id(), payout, source=money.Source.BANK, by=bank.omar
    )
    assert (bank.state(payout), bank.in_bank) == ("arrived", 0)
    assert bank.is_clean()


def test_only_lines_that_operators_bring_are_heard(bank: Bank) -> None:
    payout = bank.asks()
    bank.sent()

    bank.says(bank.went(payout), by=bank.asha)

    assert bank.state(payout) == "sent"


def test_a_return_of_what_never_went_is_not_believed(bank: Bank) -> None:
    payout = bank.asks()

    bank.says(bank.came_back(payout))

    assert bank.state(payout) == "asked"


def test_the_owner_takes_it_back_until_it_is_in_a_file(bank: Bank) -> None:
    first, second = bank.asks(eur(10_00)), bank.asks(eur(20_00))
    bank.db.write(money.take_back_payout, make.transfer_id(), first, by=bank.asha)
    assert (bank.state(first), bank.wallet) == ("taken_back", (100_00, 80_00))

    file = bank.file()
    with pytest.raises(money.PayoutUnderWay):
        bank.db.write(money.take_back_payout, make.transfer_id(), second, by=bank.asha)
    with pytest.raises(NotFound):
        bank.db.write(money.take_back_payout, make.transfer_id(), second, by=bank.nora)
    assert (file.payout_count, bank.payout(second).can_take_back) == (1, False)


def test_above_the_line_two_operators_agree_before_it_goes_anywhere(bank: Bank) -> None:
    bank.rule(second=30_00)
    large, small = bank.asks(eur(30_01)), bank.asks(eur(30_00))
    file = bank.file()
    assert (file.payout_count, bank.case(large).file_id) == (1, None)
    with pytest.raises(money.PayoutNotAgreed):
        bank.db.write(
            money.settle_payout, make.transfer_id(), large, source=money.Source.BANK, by=bank.omar
        )

    bank.db.write(money.approve_payout, large, by=bank.omar)
    bank.db.write(money.approve_payout, large, by=bank.omar)
    bank.db.clock.advance(DAY_MS)
    with pytest.raises(money.NothingToPayOut):
        bank.file()
    bank.db.write(money.approve_payout, large, by=bank.nora)

    assert bank.file().payout_count == 1
    told = bank.case(large)
    assert (told.approvals, set(told.approved_by)) == (2, {bank.omar.user_id, bank.nora.user_id})
    assert bank.case(small).approvals == 0


def test_nobody_agrees_to_what_they_asked_for_themselves(bank: Bank) -> None:
    bank.rule(second=0)
    payout = bank.asks()
    shop = make.owner(bank.db, purse=eur(50_00))
    paid_at(bank.db, shop, "epc", EPC)
    bank.rule(hours=0, second=0)
    for_shop = Actor(shop.user_id, bank.omar.user_id, shop_mandate=Mandate.SPEND)
    of_shop = bank.asks(eur(1_00), by=for_shop)

    with pytest.raises(NotAllowed):
        bank.db.write(money.approve_payout, of_shop, by=bank.omar)
    with pytest.raises(NotAllowed):
        bank.db.write(money.approve_payout, payout, by=bank.asha)
    bank.db.write(money.refuse_payout, make.transfer_id(), payout, by=bank.omar)
    with pytest.raises(money.HoldResolved):
        bank.db.write(money.approve_payout, payout, by=bank.nora)


def test_what_is_in_a_file_is_not_handed_over_in_cash(bank: Bank) -> None:
    payout = bank.asks()
    bank.file()

    with pytest.raises(InvalidInput):
        bank.db.write(money.settle_payout, make.transfer_id(), payout, by=bank.omar)


def test_without_an_account_of_the_operators_there_is_no_file(bank: Bank) -> None:
    bank.asks()
    bank.db.write(
        money.set_payout_rule, uuid7(), "EUR", cooling_hours=24, second_above_minor=None,
        account=None, by=bank.omar,
    )  # fmt: skip

    with pytest.raises(money.PayoutAccountMissing):
        bank.file()
    with pytest.raises(InvalidInput):
        bank.db.write(
            money.set_payout_rule, uuid7(), "EUR", cooling_hours=24, second_above_minor=None,
            account=OURS | {"iban": "DE00370400440532013000"}, by=bank.omar,
        )  # fmt: skip


def test_where_sepa_pays_nobody_there_is_a_plain_list(bank: Bank) -> None:
    make.top_up(bank.db, bank.asha, inr(900_00))
    paid_at(bank.db, bank.asha, "upi", UPI | {"name": "=Asha"})
    bank.rule(hours=0, currency="INR")
    payout = bank.asks(inr(250_50))

    file = bank.file(currency="INR")
    content = bank.content(file)

    assert content.startswith(b"\xef\xbb\xbf")
    [row] = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert row == {
        "reference": bank.reference(payout),
        "name": "'=Asha",
        "pay_to": "asha@bank",
        "kind": "vpa",
        "amount": "250.50",
        "currency": "INR",
    }
    assert file.name.endswith(".csv")


def test_only_operators_see_to_payouts(bank: Bank) -> None:
    payout = bank.asks()
    file = bank.file()
    calls = [
        (money.approve_payout, payout),
        (money.settle_payout, make.transfer_id(), payout),
        (money.refuse_payout, make.transfer_id(), payout),
        (money.make_payout_file, PayoutFileId(uuid7()), "EUR"),
        (money.draft_file, file.id),
        (money.keep_file, file.id, b""),
        (money.mark_file_sent, file.id),
        (money.list_payout_files,),
        (money.list_payouts,),
        (money.list_payout_rules,),
    ]
    for command, *given in calls:
        with pytest.raises(NotAllowed):
            bank.db.write(command, *given, by=bank.asha)


def test_a_rule_is_set_once_for_one_id(bank: Bank) -> None:
    id = uuid7()
    given = {"second_above_minor": None, "account": None, "by": bank.omar}
    for _ in range(2):
        bank.db.write(money.set_payout_rule, id, "USD", cooling_hours=1, **given)
    with pytest.raises(IdReused):
        bank.db.write(money.set_payout_rule, id, "USD", cooling_hours=2, **given)

    assert [it.currency for it in bank.db.read(money.list_payout_rules, by=bank.omar)] == [
        "EUR",
        "USD",
    ]


def test_a_person_takes_their_payouts_along_and_their_address_goes_with_them(bank: Bank) -> None:
    payout = bank.asks(eur(100_00))
    nora = bank.nora
    bank.db.write(
        money.top_up, make.transfer_id(), nora.user_id, eur(5_00), source=money.Source.BANK,
        by=bank.omar,
    )  # fmt: skip
    paid_at(bank.db, nora, "epc", EPC | {"name": "Nora"})
    bank.db.clock.advance(DAY_MS)
    other = bank.asks(eur(5_00), by=nora)
    file = bank.sent()
    first = bank.content(file)
    hers, noras = (bank.case(it).payout.reference or "" for it in (payout, other))
    bank.says(bank.went(payout, "100.00"))
    user = UserId(bank.asha.user_id)
    [taken] = bank.db.read(money.export_user, user).payouts
    assert (taken.state, taken.details) == ("arrived", EPC)

    bank.db.write(money.erase_user, user)

    def kept(tx: Tx) -> list[money.PayoutCase]:
        return money.list_payouts(tx, over=True, by=bank.omar)

    assert [it.payout.details for it in bank.db.read(kept)] == [None]
    anew = bank.content(file)
    assert names_in(anew) == {
        hers: ("erased", "XX00ERASED"),
        noras: ("Nora", EPC["iban"]),
    }
    assert bank.content(file) == anew
    [told] = bank.db.read(money.list_payout_files, by=bank.omar)
    assert told.original_hash == sha256(first).hexdigest()
    assert (told.changed_at, told.total) == (bank.db.clock.now, eur(105_00))

    # The hash is of what the bank got, however often it is written anew.
    said = detail(end_to_end=noras)
    bank.says(entry("5.00", direction="DBIT", details=said, reference="B2"))
    bank.db.write(money.erase_user, UserId(nora.user_id))
    assert {it for it, _ in names_in(bank.content(file)).values()} == {"erased"}
    [told] = bank.db.read(money.list_payout_files, by=bank.omar)
    assert told.original_hash == sha256(first).hexdigest()
    assert bank.is_clean()


def test_a_list_is_written_anew_without_whoever_was_erased(bank: Bank) -> None:
    order = BankOrder(
        uuid7(), "csv", "2026-12-01", None,
        [BankPayment("R1", None, inr(100)), BankPayment("R2", UPI, inr(200))],
    )  # fmt: skip
    _, erased, other, _ = write_order(order).decode().split("\r\n")
    assert erased == "R1,,erased,,1.00,INR"
    assert "asha@bank" in other


def names_in(content: bytes) -> dict[str | None, tuple[str | None, str | None]]:
    """By reference: who is paid, and into which account."""
    return {
        it.findtext("p:PmtId/p:EndToEndId", namespaces=NS): (
            it.findtext("p:Cdtr/p:Nm", namespaces=NS),
            it.findtext("p:CdtrAcct/p:Id/p:IBAN", namespaces=NS),
        )
        for it in ET.fromstring(content).iter(f"{{{NS['p']}}}CdtTrfTxInf")
    }
