"""What payers say they paid from their own bank, and what becomes of it."""

from dataclasses import replace

import pytest

from kirana import money
from kirana.platform.events import Event
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, Mandate, Money, RequestId, TransferId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .test_audit import tamper
from .test_offers import UPI, ask, offered, paid_at

ASKED = inr(25000)
THREE_DAYS_MS = 72 * 3600 * 1000


class Bill:
    """Asha, who is paid by UPI, has asked Ravi for ₹250."""

    def __init__(
        self, db: RehearsedDatabase, purse: Money | None = None, timeout_s: int | None = None
    ) -> None:
        self.db = db
        self.asha, self.ravi = make.owner(db), make.owner(db, purse=purse)
        paid_at(db, self.asha, "upi", UPI)
        self.request_id = ask(db, self.asha, self.ravi, ASKED, timeout_s=timeout_s).id

    @property
    def request(self) -> money.Request:
        return self.db.read(money.get_request, self.request_id, by=self.ravi)

    def claim(
        self, *, id: TransferId | None = None, bank_ref: str | None = None, by: Actor | None = None
    ) -> money.Claim:
        [address] = self.db.read(money.list_addresses, by=self.asha)
        return self.db.write(
            money.make_claim, id or make.transfer_id(), self.request_id, address.id, bank_ref,
            by=by or self.ravi,
        )  # fmt: skip

    def confirm(
        self, claim: money.Claim, received: Money | None = None, *, id: TransferId | None = None
    ) -> money.Claim:
        id = id or make.transfer_id()
        return self.db.write(money.confirm_claim, id, claim.id, received, by=self.asha)

    def reject(self, claim: money.Claim) -> money.Claim:
        return self.db.write(money.reject_claim, make.transfer_id(), claim.id, by=self.asha)

    def pay(self) -> money.Transfer:
        return self.db.write(money.pay_request, make.transfer_id(), self.request_id, by=self.ravi)


@pytest.fixture
def bill(db: RehearsedDatabase) -> Bill:
    return Bill(db)


def test_a_claim_marks_nothing_as_paid(bill: Bill, heard: list[Event]) -> None:
    claim = bill.claim(bank_ref=" 4123 4567 abcd ")

    assert (claim.state, claim.amount, claim.received) == ("open", ASKED, inr(0))
    assert (claim.rail, claim.paid_at, claim.bank_ref) == ("upi", UPI, "41234567ABCD")
    assert bill.request.state == "open"
    assert bill.request.claim is not None
    assert bill.request.claim.id == claim.id
    bill.db.deliver()
    [made] = heard
    assert isinstance(made, money.ClaimMade)
    assert (made.payer_id, made.payee_id, made.amount) == (
        bill.ravi.user_id, bill.asha.user_id, ASKED,
    )  # fmt: skip
    assert bill.db.read(money.audit) == []


def test_the_request_ends_when_the_payee_confirms(bill: Bill) -> None:
    claim, id = bill.claim(), make.transfer_id()

    confirmed = bill.confirm(claim, id=id)

    assert (confirmed.state, confirmed.received) == ("confirmed", ASKED)
    request = bill.request
    assert (request.state, request.transfer_id, request.claim) == ("paid", id, None)
    paid = bill.db.read(money.get_transfer, id, by=bill.ravi)
    assert (paid.way, paid.kind, paid.amount) == (money.Way.DIRECT, money.Kind.POST, ASKED)
    assert bill.db.read(money.get_wallet, bill.asha.user_id, "INR").balance == inr(0)
    assert bill.db.read(money.audit) == []


def test_what_did_not_come_is_said_and_can_be_claimed_again(bill: Bill, heard: list[Event]) -> None:
    first = bill.claim()

    rejected = bill.reject(first)

    assert (rejected.state, rejected.received) == ("rejected", inr(0))
    assert (bill.request.state, bill.request.claim) == ("open", None)
    bill.db.deliver()
    assert [type(event) for event in heard] == [money.ClaimMade, money.ClaimRejected]
    bill.confirm(bill.claim())
    assert bill.request.state == "paid"
    assert bill.db.read(money.audit) == []


def test_a_claim_that_is_never_confirmed_goes_back_after_three_days(bill: Bill) -> None:
    claim = bill.claim()
    bill.db.clock.advance(THREE_DAYS_MS)

    assert bill.request.claim is None
    with pytest.raises(money.HoldExpired):
        bill.confirm(claim)
    bill.db.write(money.expire_holds)

    assert bill.db.read(money.get_claim, claim.id, by=bill.ravi).state == "expired"
    assert bill.request.state == "open"
    with pytest.raises(money.HoldExpired):
        bill.reject(claim)
    bill.confirm(bill.claim())
    assert bill.request.state == "paid"
    assert bill.db.read(money.audit) == []


def test_a_request_does_not_run_out_while_a_claim_waits(db: RehearsedDatabase) -> None:
    bill = Bill(db, timeout_s=60)
    claim = bill.claim()
    db.clock.advance(THREE_DAYS_MS - 1)
    db.write(money.expire_requests)
    assert bill.request.state == "open"
    bill.confirm(claim, inr(100))
    assert bill.request.state == "open"

    db.clock.advance(1)
    db.write(money.expire_requests)
    assert bill.request.state == "expired"


def test_nobody_is_reminded_of_what_they_say_they_have_paid(bill: Bill) -> None:
    claim = bill.claim()
    with pytest.raises(money.ClaimOpen):
        bill.db.write(money.remind, bill.request_id, by=bill.asha)

    bill.reject(claim)
    assert bill.db.write(money.remind, bill.request_id, by=bill.asha).reminded_at


def test_a_claim_is_confirmed_once(bill: Bill) -> None:
    claim, id = bill.claim(), make.transfer_id()
    first = bill.confirm(claim, id=id)

    assert bill.confirm(claim, id=id) == first
    assert bill.confirm(claim, ASKED, id=id) == first
    with pytest.raises(money.HoldResolved):
        bill.confirm(claim)
    with pytest.raises(IdReused):
        bill.confirm(claim, inr(1), id=id)
    with pytest.raises(money.HoldResolved):
        bill.reject(claim)

    assert bill.request.received == ASKED
    assert bill.db.read(money.audit) == []


def test_two_claims_with_one_bank_reference_are_one_payment(db: RehearsedDatabase) -> None:
    first, second = Bill(db), Bill(db)
    one, other = first.claim(bank_ref="utr 1"), second.claim(bank_ref="UTR1")
    first.confirm(one)

    with pytest.raises(money.BankReferenceUsed):
        second.confirm(other)

    assert second.request.state == "open"
    second.reject(other)
    second.confirm(second.claim(bank_ref="UTR2"))
    assert second.request.state == "paid"
    assert db.read(money.audit) == []


def test_a_reference_that_was_not_confirmed_can_be_named_again(bill: Bill) -> None:
    bill.reject(bill.claim(bank_ref="UTR1"))

    assert bill.confirm(bill.claim(bank_ref="UTR1")).state == "confirmed"


def test_of_a_smaller_amount_both_see_what_is_left(bill: Bill) -> None:
    part = bill.confirm(bill.claim(), inr(20000))

    assert (part.amount, part.received) == (ASKED, inr(20000))
    request = bill.request
    assert (request.state, request.received, request.left) == ("open", inr(20000), inr(5000))
    [offer] = offered(bill.db, request, bill.ravi)
    assert "am=50.00" in offer.text
    rest = bill.claim()
    assert rest.amount == inr(5000)
    bill.confirm(rest)
    assert (bill.request.state, bill.request.received) == ("paid", ASKED)
    assert bill.db.read(money.audit) == []


def test_the_rest_of_a_smaller_amount_can_come_from_the_wallet(db: RehearsedDatabase) -> None:
    bill = Bill(db, purse=inr(6000))
    bill.confirm(bill.claim(), inr(20000))

    assert bill.pay().amount == inr(5000)

    assert bill.request.state == "paid"
    assert db.read(money.get_wallet, bill.ravi.user_id, "INR").balance == inr(1000)
    assert db.read(money.audit) == []


def test_what_is_more_than_asked_is_a_transfer_of_its_own(bill: Bill) -> None:
    id, claim = make.transfer_id(), bill.claim()

    confirmed = bill.confirm(claim, inr(26000), id=id)

    assert confirmed.received == inr(26000)
    request = bill.request
    assert (request.state, request.received, request.transfer_id) == ("paid", ASKED, id)
    assert bill.db.read(money.get_transfer, id, by=bill.asha).amount == ASKED
    assert bill.confirm(claim, inr(26000), id=id) == confirmed
    assert bill.db.read(money.audit) == []


def test_the_address_may_change_between_offer_and_payment(bill: Bill) -> None:
    [offer] = offered(bill.db, bill.request, bill.ravi)
    paid_at(bill.db, bill.asha, "upi", {"vpa": "asha@other", "name": "Asha Rao"})

    claim = bill.db.write(
        money.make_claim, make.transfer_id(), bill.request_id, offer.address_id, by=bill.ravi
    )

    assert (claim.paid_at, claim.is_former_address) == (UPI, True)
    assert bill.confirm(claim).state == "confirmed"
    assert bill.request.state == "paid"


def test_money_for_a_request_that_was_taken_back_is_still_confirmed(bill: Bill) -> None:
    claim = bill.claim()
    bill.db.write(money.take_back_request, bill.request_id, by=bill.asha)

    confirmed = bill.confirm(claim)

    assert (confirmed.state, bill.request.state) == ("confirmed", "canceled")
    assert bill.request.received == ASKED
    assert bill.db.read(money.audit) == []
    with pytest.raises(money.RequestEnded):
        bill.claim()


def test_while_a_claim_waits_the_request_is_paid_in_no_other_way(db: RehearsedDatabase) -> None:
    bill = Bill(db, purse=ASKED)
    claim, attempt = bill.claim(), make.transfer_id()

    with pytest.raises(money.ClaimOpen):
        bill.claim()
    with pytest.raises(money.ClaimOpen):
        db.write(money.pay_request, attempt, bill.request_id, by=bill.ravi)
    with pytest.raises(money.ClaimOpen):
        db.write(money.collect_cash, bill.request_id, by=SYSTEM)

    db.write(money.take_back_claim, make.transfer_id(), claim.id, by=bill.ravi)
    assert db.read(money.get_claim, claim.id, by=bill.asha).state == "taken_back"
    with pytest.raises(money.ClaimOpen):  # what somebody was told stays so
        db.write(money.pay_request, attempt, bill.request_id, by=bill.ravi)
    assert bill.pay().way is money.Way.WALLET
    assert db.read(money.audit) == []


def test_each_act_on_a_claim_is_safe_to_repeat(bill: Bill) -> None:
    for act, by in ((money.take_back_claim, bill.ravi), (money.reject_claim, bill.asha)):
        id, end = make.transfer_id(), make.transfer_id()
        claim = bill.claim(id=id)
        assert bill.claim(id=id) == claim
        with pytest.raises(IdReused):
            bill.claim(id=id, bank_ref="other")
        ended = bill.db.write(act, end, claim.id, by=by)
        assert bill.db.write(act, end, claim.id, by=by) == ended
        with pytest.raises(money.HoldResolved):
            bill.db.write(act, make.transfer_id(), claim.id, by=by)


def test_each_side_does_only_its_own(bill: Bill) -> None:
    meera = make.owner(bill.db)
    with pytest.raises(NotFound):
        bill.claim(by=meera)
    for_anybody = ask(bill.db, bill.asha, None, ASKED)
    [address] = bill.db.read(money.list_addresses, by=bill.asha)
    with pytest.raises(money.SameAccount):
        bill.db.write(
            money.make_claim, make.transfer_id(), for_anybody.id, address.id, by=bill.asha
        )
    claim = bill.claim()

    for act, wrong in (
        (money.confirm_claim, bill.ravi),
        (money.reject_claim, bill.ravi),
        (money.take_back_claim, bill.asha),
        (money.confirm_claim, meera),
        (money.take_back_claim, meera),
    ):
        with pytest.raises(NotFound):
            bill.db.write(act, make.transfer_id(), claim.id, by=wrong)
    with pytest.raises(NotFound):
        bill.db.read(money.get_claim, claim.id, by=meera)
    with pytest.raises(NotFound):
        bill.db.read(money.list_claims, bill.request_id, by=meera)
    assert bill.db.read(money.list_claims, bill.request_id, by=bill.asha) == [claim]


def test_an_address_of_somebody_else_or_of_another_currency_is_not_found(bill: Bill) -> None:
    meera = make.owner(bill.db)
    paid_at(bill.db, meera, "upi", UPI)
    paid_at(bill.db, bill.asha, "pix", {"key": "asha@bank.example", "name": "A", "city": "Rio"})
    [hers] = bill.db.read(money.list_addresses, by=meera)
    [pix, _] = bill.db.read(money.list_addresses, by=bill.asha)
    assert pix.rail == "pix"

    for address in (hers, pix):
        with pytest.raises(NotFound):
            bill.db.write(
                money.make_claim, make.transfer_id(), bill.request_id, address.id, by=bill.ravi
            )


def test_a_rail_that_is_switched_off_is_claimed_no_more(bill: Bill) -> None:
    claim = bill.claim()
    bill.db.write(money.switch_way, "INR", ("direct", "upi"), enabled=False, by=SYSTEM)
    bill.confirm(claim, inr(1))

    with pytest.raises(money.WayOff):
        bill.claim()


def test_a_shop_s_agent_confirms_and_a_viewer_does_not(bill: Bill) -> None:
    shop = replace(bill.asha, person_id=make.actor().person_id)
    agent = replace(shop, shop_mandate=Mandate.ASK)
    viewer = replace(shop, shop_mandate=Mandate.NOTHING)
    claim = bill.claim()

    with pytest.raises(NotAllowed):
        bill.db.write(money.confirm_claim, make.transfer_id(), claim.id, by=viewer)
    with pytest.raises(NotAllowed):
        bill.db.write(money.reject_claim, make.transfer_id(), claim.id, by=viewer)
    confirmed = bill.db.write(money.confirm_claim, make.transfer_id(), claim.id, by=agent)

    assert confirmed.state == "confirmed"


def test_only_whoever_may_spend_says_that_a_shop_has_paid(bill: Bill) -> None:
    stranger = make.actor().person_id
    manager = replace(bill.ravi, person_id=stranger, shop_mandate=Mandate.GIVE_BACK)

    with pytest.raises(NotAllowed):
        bill.claim(by=manager)


def test_an_amount_of_another_currency_is_refused(bill: Bill) -> None:
    claim = bill.claim()

    with pytest.raises(money.AmountOutOfRange):
        bill.confirm(claim, Money(100, "EUR"))

    assert bill.confirm(claim).state == "confirmed"


def test_a_share_of_a_bill_is_paid_by_a_claim(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    paid_at(db, asha, "upi", UPI)
    [address] = db.read(money.list_addresses, by=asha)
    drafts = [money.ShareDraft(ravi.user_id, inr(100))]
    split = db.write(money.split_bill, uuid7(), inr(100), drafts, by=asha)
    share = split.asked[0].request_id
    assert share is not None
    id = make.transfer_id()
    db.write(money.make_claim, id, RequestId(share), address.id, by=ravi)
    assert db.read(money.get_split, split.id, by=asha).closed_at is None

    db.write(money.confirm_claim, make.transfer_id(), id, by=asha)
    db.deliver()

    ended = db.read(money.get_split, split.id, by=asha)
    assert (len(ended.paid), ended.closed_at is not None) == (1, True)


def test_claims_are_taken_along_and_their_bank_references_forgotten(bill: Bill) -> None:
    done = bill.confirm(bill.claim(bank_ref="UTR1"), inr(100))
    waiting = bill.claim(bank_ref="UTR2")
    assert bill.db.read(money.export_user, bill.ravi.user_id).claims == [done, waiting]
    assert bill.db.read(money.export_user, bill.asha.user_id).claims == [done, waiting]

    bill.db.write(money.erase_user, bill.ravi.user_id)

    left = bill.db.read(money.export_user, bill.asha.user_id).claims
    assert [(claim.state, claim.bank_ref) for claim in left] == [
        ("confirmed", None), ("rejected", None),
    ]  # fmt: skip
    assert bill.request.state == "declined"
    assert bill.db.read(money.audit) == []


def test_of_a_payee_who_is_gone_the_address_is_forgotten(bill: Bill) -> None:
    claim = bill.claim()

    bill.db.write(money.erase_user, bill.asha.user_id)

    left = bill.db.read(money.get_claim, claim.id, by=bill.ravi)
    assert (left.state, left.paid_at) == ("rejected", None)


def test_an_audit_finds_a_request_that_its_claims_do_not_pay(bill: Bill) -> None:
    bill.confirm(bill.claim())
    assert bill.db.read(money.audit) == []

    tamper(bill.db, "money_requests", "amount_minor", "amount_minor + 1", "1 = 1")

    assert [finding.rule for finding in bill.db.read(money.audit)] == ["I9"]
