"""What the bank says: each line once, and each payment once, whoever says it first."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from kirana import money
from kirana.money.rails import bankfiles
from kirana.money.tables import accounts
from kirana.platform.db import Q, Tx
from kirana.platform.events import Event
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.values import (
    Actor,
    BankImportId,
    BankLineId,
    Mandate,
    Money,
    OwnerId,
    PaymentAddressId,
    TransferId,
    uuid7,
)
from tests.database import RehearsedDatabase

from . import make
from .rails.bankfiles.make import camt, detail, entry, mt940
from .test_audit import tamper
from .test_offers import EPC, ask, paid_at

ASKED = Money(12_50, "EUR")
NAMES: dict[OwnerId, str] = {}


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def names_of(_: Tx, ids: Iterable[OwnerId]) -> Mapping[OwnerId, str]:
    return {id: NAMES[id] for id in ids if id in NAMES}


class Shop:
    """Asha, who is paid by SEPA, and her bank."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self.db = db
        db.clock.now = at("2026-11-24")
        self.asha, self.ravi = make.owner(db), make.owner(db)
        NAMES[self.ravi.user_id] = "Ravi Menon"
        paid_at(db, self.asha, "epc", EPC)

    @property
    def today(self) -> str:
        return datetime.fromtimestamp(self.db.clock.now / 1000, UTC).date().isoformat()

    def day(self, ago: int) -> str:
        return (date.fromisoformat(self.today) - timedelta(days=ago)).isoformat()

    def asks(self, amount: Money = ASKED, payer: Actor | None = None) -> money.Request:
        return ask(self.db, self.asha, payer or self.ravi, amount)

    def request(self, request: money.Request) -> money.Request:
        return self.db.read(money.get_request, request.id, by=self.asha)

    def claim(self, request: money.Request, bank_ref: str | None = None) -> money.Claim:
        address = self.db.read(money.list_addresses, by=self.asha)[0]
        return self.db.write(
            money.make_claim, make.transfer_id(), request.id, address.id, bank_ref, by=self.ravi
        )

    def confirm(self, claim: money.Claim, received: Money | None = None) -> money.Claim:
        return self.db.write(
            money.confirm_claim, make.transfer_id(), claim.id, received, by=self.asha
        )

    def imports(
        self, content: bytes, *, id: BankImportId | None = None, by: Actor | None = None
    ) -> money.BankImport:
        by, id = by or self.asha, id or BankImportId(uuid7())
        columns = self.db.read(money.kept_columns, by=by)
        file = money.read_statement(content, columns)
        self.db.write(money.begin_import, id, "bank.xml", file, bytes(content[:900]), by=by)
        self.db.write(money.take_over, id, file.format, file.lines, by=by)
        return self.db.read(money.get_import, id, by=by)

    def lines(self, *states: money.LineState) -> list[money.ImportedLine]:
        return self.db.read(money.list_lines, names_of, states=states, by=self.asha).items

    def all_lines(self) -> list[money.ImportedLine]:
        return self.db.read(money.export_user, self.asha.user_id).bank_lines

    def match(
        self,
        line: money.ImportedLine,
        request: money.Request,
        amount: Money | None = None,
        *,
        id: TransferId | None = None,
    ) -> money.ImportedLine:
        id = id or make.transfer_id()
        self.db.write(money.match_line, id, line.id, request.id, amount, by=self.asha)
        return self.db.read(money.get_line, line.id, names_of, by=self.asha)

    @property
    def came(self) -> int:
        """All that came to Asha from bank to bank, by the books."""
        self.db.write(money.expire_holds)
        moved = self.db.read(lambda tx: tx.all(_DIRECT, owner_id=self.asha.user_id))
        return sum(row.credits_posted for row in moved)


_DIRECT = Q(
    select(accounts.c.credits_posted).where(
        accounts.c.owner_id == bindparam("owner_id"), accounts.c.code == 900
    )
)


@pytest.fixture
def shop(db: RehearsedDatabase) -> Shop:
    return Shop(db)


def paying(request: money.Request, amount: str = "12.50", **more: str) -> str:
    """The bank's entry of a payment that names a request."""
    bank_ref = more.pop("reference", "BANK1")
    return entry(amount, details=detail(end_to_end=request.reference), reference=bank_ref, **more)


def test_a_line_that_names_a_request_pays_it(shop: Shop) -> None:
    request = shop.asks()

    brought = shop.imports(camt(paying(request), entry("3.10", direction="DBIT", reference="B2")))

    assert (brought.line_count, brought.payment_count) == (2, 1)
    assert (brought.known_count, brought.matched_count, brought.open_count) == (0, 1, 0)
    paid = shop.request(request)
    assert (paid.state, paid.received, paid.claim) == ("paid", ASKED, None)
    [line] = shop.lines("matched")
    [match] = line.matches
    assert (match.request_id, match.payer_id, match.amount) == (
        request.id, shop.ravi.user_id, ASKED,
    )  # fmt: skip
    assert (match.how, match.transfer_id) == ("reference", paid.transfer_id)
    [claim] = shop.db.read(money.list_claims, request.id, by=shop.ravi)
    assert (claim.state, claim.rail, claim.received) == ("confirmed", "epc", ASKED)
    assert shop.db.read(money.audit) == []


@pytest.mark.parametrize(
    "written",
    [
        "{0}", "{0}01", "RF18{0}", "{1}", "UPI/CR/{0}02/RAVI/YESB", "order 17, ref. {0}!",
        "RF18 {2}", "{3}",
    ],
)  # fmt: skip
def test_a_reference_is_found_however_a_bank_writes_it(shop: Shop, written: str) -> None:
    request = shop.asks()
    it = request.reference
    said = written.format(it, it.lower(), f"{it[:4]} {it[4:8]} {it[8:]}", f"{it[:5]} {it[5:]}")

    shop.imports(camt(entry(details=detail(text=said))))

    assert shop.request(request).state == "paid"


def test_a_line_confirms_the_claim_that_waits(shop: Shop) -> None:
    request = shop.asks()
    claim = shop.claim(request)

    shop.imports(camt(paying(request)))

    confirmed = shop.db.read(money.get_claim, claim.id, by=shop.ravi)
    assert (confirmed.state, confirmed.received) == ("confirmed", ASKED)
    assert shop.request(request).state == "paid"
    assert shop.came == 12_50
    assert shop.db.read(money.audit) == []


def test_the_bank_reference_of_a_claim_is_found(shop: Shop) -> None:
    request = shop.asks()
    claim = shop.claim(request, "4123 4567 8901")

    shop.imports(camt(entry(details=detail(text="UPI/412345678901/RAVI"))))

    [line] = shop.lines("matched")
    assert [it.how for it in line.matches] == ["bank_reference"]
    assert shop.db.read(money.get_claim, claim.id, by=shop.ravi).state == "confirmed"
    assert shop.db.read(money.audit) == []


@pytest.mark.parametrize(
    ("bank_ref", "amount"),
    [("412345678901", "12.49"), ("UPI", "12.50"), ("DE89370400440532013000", "12.50"),
     ("BE72000000001616", "12.50")],
    ids=["another amount", "a word of every line", "the account", "the payment address"],
)  # fmt: skip
def test_words_that_a_payer_chose_are_not_enough(shop: Shop, bank_ref: str, amount: str) -> None:
    request = shop.asks()
    shop.claim(request, bank_ref)

    shop.imports(camt(entry(amount, details=detail(text=f"UPI/{bank_ref}/DE89370400440532013000"))))

    assert shop.request(request).state == "open"
    assert shop.lines("matched") == []


def test_a_bank_line_after_manual_confirmation_is_one_transfer_and_one_match(shop: Shop) -> None:
    request = shop.asks()
    shop.confirm(shop.claim(request))

    shop.imports(camt(paying(request)))

    [line] = shop.lines("matched")
    assert [it.transfer_id for it in line.matches] == [shop.request(request).transfer_id]
    assert shop.came == 12_50
    assert shop.db.read(money.audit) == []


def test_a_claim_confirmed_by_the_bank_is_not_confirmed_again(shop: Shop) -> None:
    request = shop.asks()
    claim = shop.claim(request)
    shop.imports(camt(paying(request)))

    with pytest.raises(money.HoldResolved):
        shop.confirm(claim)

    assert shop.came == 12_50


def test_two_claims_with_one_bank_reference_are_one_payment(shop: Shop) -> None:
    shop.db.clock.now = at("2026-11-30")
    first, second = shop.asks(), shop.asks()
    shop.claim(first, "412345678901")
    shop.claim(second, "412345678901")

    shop.imports(camt(entry(details=detail(text="412345678901"))))

    # Which of them it is, the owner knows.
    [line] = shop.lines()
    assert line.state == "proposed"
    assert {it.request_id for it in line.proposals} == {first.id, second.id}
    shop.match(line, first)
    assert [shop.request(it).state for it in (first, second)] == ["paid", "open"]
    # When the second is really paid too, its reference tells.
    shop.imports(camt(paying(second, reference="B2")))
    assert shop.request(second).state == "paid"
    assert shop.came == 25_00
    assert shop.db.read(money.audit) == []


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_smaller_amount_pays_in_part(shop: Shop, is_claimed: bool) -> None:
    request = shop.asks()
    if is_claimed:
        shop.claim(request)

    shop.imports(camt(paying(request, "10.00")))

    part = shop.request(request)
    assert (part.state, part.received, part.left) == ("open", eur(10_00), eur(2_50))
    shop.imports(camt(paying(request, "2.50", reference="B2")))
    assert shop.request(request).state == "paid"
    assert len(shop.lines("matched")) == 2
    assert shop.db.read(money.audit) == []


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_larger_amount_is_kept_to_the_last_cent(shop: Shop, is_claimed: bool) -> None:
    request = shop.asks()
    if is_claimed:
        shop.claim(request)

    shop.imports(camt(paying(request, "13.01")))

    assert shop.request(request).state == "paid"
    [line] = shop.lines("matched")
    assert [it.amount for it in line.matches] == [ASKED, eur(51)]
    assert shop.came == 13_01
    assert shop.db.read(money.audit) == []


def test_money_for_a_canceled_request_is_written_down(shop: Shop) -> None:
    request = shop.asks()
    shop.db.write(money.take_back_request, request.id, by=shop.asha)

    shop.imports(camt(paying(request)))

    ended = shop.request(request)
    assert (ended.state, ended.received) == ("canceled", ASKED)
    assert len(shop.lines("matched")) == 1
    assert shop.db.read(money.audit) == []


@pytest.mark.parametrize("ended", ["rejected", "taken back", "never confirmed"])
def test_money_that_comes_after_its_claim_ended_is_late_and_not_lost(
    shop: Shop, ended: str
) -> None:
    request = shop.asks()
    claim = shop.claim(request, "412345678901")
    if ended == "rejected":
        shop.db.write(money.reject_claim, make.transfer_id(), claim.id, by=shop.asha)
    elif ended == "taken back":
        shop.db.write(money.take_back_claim, make.transfer_id(), claim.id, by=shop.ravi)
    else:
        shop.db.clock.advance(73 * 3600 * 1000)

    shop.imports(camt(entry(details=detail(text="412345678901"))))

    assert shop.request(request).state == "paid"
    assert shop.came == 12_50
    assert shop.db.read(money.audit) == []


def test_what_was_paid_from_the_wallet_and_from_the_bank_came_twice(shop: Shop) -> None:
    make.top_up(shop.db, shop.ravi, ASKED)
    request = shop.asks()
    shop.db.write(money.pay_request, make.transfer_id(), request.id, by=shop.ravi)

    shop.imports(camt(paying(request)))

    [line] = shop.lines("matched")
    assert line.matched == ASKED
    assert shop.request(request).received == eur(0)
    assert shop.db.read(money.audit) == []


def test_an_address_that_changed_in_between_changes_nothing(shop: Shop) -> None:
    request = shop.asks()
    shop.claim(request)
    system = Actor(shop.asha.user_id, shop.asha.user_id, "system")
    shop.db.write(
        money.set_address,
        PaymentAddressId(uuid7()),
        "epc",
        {**EPC, "name": "Asha New"},
        by=system,
    )

    shop.imports(camt(paying(request)))

    assert shop.request(request).state == "paid"


def test_a_request_for_anybody_is_paid_by_whoever_it_was(shop: Shop) -> None:
    request = ask(shop.db, shop.asha, None, ASKED)

    shop.imports(camt(paying(request)))

    paid = shop.request(request)
    assert paid.state == "paid"
    [line] = shop.lines("matched")
    assert line.matches[0].payer_id is None
    assert shop.db.read(money.audit) == []


def test_nobody_s_line_pays_what_somebody_else_asked(shop: Shop) -> None:
    meera = make.owner(shop.db)
    hers = ask(shop.db, meera, shop.ravi, ASKED)

    shop.imports(camt(paying(hers)))

    assert shop.db.read(money.get_request, hers.id, by=meera).state == "open"
    [line] = shop.lines("unknown")
    with pytest.raises(NotFound):
        shop.match(line, hers)


def test_a_line_of_another_currency_pays_nothing(shop: Shop) -> None:
    request = shop.asks(Money(12_50, "INR"))

    shop.imports(camt(paying(request)))

    [line] = shop.lines("unknown")
    with pytest.raises(money.AmountOutOfRange):
        shop.match(line, request)


# Files


def test_a_file_imported_twice_adds_nothing(shop: Shop) -> None:
    request, id = shop.asks(), BankImportId(uuid7())
    file = camt(paying(request), entry("5.00", reference="B2"))
    first = shop.imports(file, id=id)

    assert shop.imports(file, id=id) == first
    again = shop.imports(file)

    assert (again.payment_count, again.known_count, again.matched_count) == (2, 2, 0)
    assert len(shop.lines()) == 2
    assert shop.came == 12_50
    with pytest.raises(IdReused):
        shop.imports(camt(entry("1.00")), id=id)
    assert [it.id for it in shop.db.read(money.list_imports, by=shop.asha).items] == [again.id, id]


def test_overlapping_files_add_nothing_twice(shop: Shop) -> None:
    one, two, three = shop.asks(), shop.asks(), shop.asks()
    lines = [paying(it, reference=f"B{n}") for n, it in enumerate((one, two, three))]

    shop.imports(camt(*lines[:2]))
    overlapping = shop.imports(camt(*lines[1:]))

    assert (overlapping.known_count, overlapping.matched_count) == (1, 1)
    assert [shop.request(it).state for it in (one, two, three)] == ["paid"] * 3
    assert shop.came == 37_50


def test_equal_lines_on_one_day_are_two_payments(shop: Shop) -> None:
    request = shop.asks(eur(25_00))
    coffee = entry(reference="", details=detail(end_to_end=request.reference))

    shop.imports(camt(coffee, coffee))

    assert shop.request(request).state == "paid"
    assert shop.came == 25_00


def test_the_same_payment_in_another_format_is_a_duplicate(shop: Shop) -> None:
    request = shop.asks()
    shop.imports(camt(paying(request)))

    shop.imports(mt940(f":61:2611301130C12,50NTRFNONREF\n:86:/EREF/{request.reference}/"))

    [duplicate] = shop.lines("duplicate")
    assert duplicate.amount == ASKED
    assert shop.came == 12_50
    # Should it have come twice after all, the owner says so.
    shop.match(duplicate, request)
    assert shop.came == 25_00
    assert shop.lines("duplicate") == []
    assert shop.db.read(money.audit) == []


def test_what_went_and_what_the_bank_takes_back_are_no_payments(shop: Shop) -> None:
    request = shop.asks()
    reversal = "<RvslInd>true</RvslInd>"

    shop.imports(
        camt(
            paying(request, direction="DBIT"),
            paying(request, reference="B2", more=reversal),
            paying(request, reference="B3", direction="DBIT", more=reversal),
        )
    )

    assert shop.request(request).state == "open"
    assert [it.state for it in shop.lines()] == ["other"] * 3
    for line in shop.lines():
        with pytest.raises(NotFound):
            shop.match(line, request)


@pytest.mark.parametrize("comes_first", [False, True])
def test_the_reversal_of_a_payment_is_shown_as_a_difference(shop: Shop, comes_first: bool) -> None:
    request = shop.asks()
    taken = paying(
        request, reference="B2", direction="DBIT", more="<RvslInd>true</RvslInd>", on="2026-12-02"
    )
    files = [camt(paying(request)), camt(taken)]
    for file in reversed(files) if comes_first else files:
        shop.imports(file)

    [paid], [difference] = shop.lines("matched"), shop.lines("amount_differs")

    assert (difference.amount, difference.takes_back) == (eur(-12_50), paid.id)
    assert shop.request(request).state == "paid"
    shop.db.write(money.set_line_aside, difference.id, by=shop.asha)
    assert shop.lines("amount_differs") == []


def test_a_file_that_cannot_be_read_changes_nothing(shop: Shop) -> None:
    bomb = b"<!DOCTYPE a [<!ENTITY b 'c'>]><Document><BkToCstmrStmt>&b;</BkToCstmrStmt></Document>"
    for content, reason in (
        (bomb, "doctype"),
        (b"x" * (20 << 20) + b"x", "too-large"),
        (camt(entry())[:-20], "broken"),
        (b"Date,Amount\n", "unknown"),
        (camt(entry()).replace(b"UTF-8", b"ASCII").replace(b"Ravi", b"") + b"\xff", "charset"),
    ):
        with pytest.raises(bankfiles.StatementRefused) as refused:
            shop.imports(content)
        assert refused.value.facts["reason"] in (reason, "broken")
        assert refused.value.facts["sentence"]
    assert shop.db.read(money.list_imports, by=shop.asha).items == []


def test_a_formula_in_a_name_stays_a_text(shop: Shop) -> None:
    shop.imports(camt(entry(details=detail(name="=HYPERLINK(1)", text="@SUM(A1)"))))

    [line] = shop.lines()
    assert (line.counterparty, line.text) == ("=HYPERLINK(1)", "@SUM(A1)")


def test_the_columns_of_a_csv_file_are_kept_for_the_next(shop: Shop) -> None:
    first, second = shop.asks(), shop.asks()
    columns = bankfiles.ColumnMap(
        account="1", currency="EUR", booked_on="Day", amount="Sum", text="Text",
        date_format="%d.%m.%Y", decimal=",", delimiter=";",
    )  # fmt: skip
    assert shop.db.write(money.keep_columns, columns, by=shop.asha) == columns
    csv = "Day;Sum;Text\n30.11.2026;12,50;{}\n"

    for request in (first, second):
        brought = shop.imports(csv.format(f"Thanks {request.reference}").encode())
        assert (brought.format, brought.matched_count) == ("csv", 1)

    assert [shop.request(it).state for it in (first, second)] == ["paid", "paid"]
    assert shop.db.read(money.kept_columns, by=shop.ravi) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "XXQ"}, {"encoding": "punycode"}, {"date_format": "%Y%Y"},
        {"lines_before_header": 10**12}, {"text": "x" * 20_000},
    ],
)  # fmt: skip
def test_columns_that_read_no_file_are_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    named = {"account": "1", "currency": "EUR", "booked_on": "Day", "amount": "Sum", **wrong}
    with pytest.raises(InvalidInput):
        shop.db.write(money.keep_columns, bankfiles.ColumnMap(**named), by=shop.asha)


# Looking at what is in doubt


def test_amount_day_and_name_only_propose(shop: Shop) -> None:
    shop.db.clock.now = at("2026-11-28")
    request = shop.asks()

    shop.imports(camt(entry(details=detail(name="MENON R."))))

    [line] = shop.lines()
    assert (line.state, shop.request(request).state) == ("proposed", "open")
    assert line.proposals == [
        money.LineProposal(request.id, shop.ravi.user_id, ASKED, is_noted=False)
    ]
    id = make.transfer_id()
    matched = shop.match(line, request, id=id)
    assert (matched.state, matched.matches[0].how) == ("matched", "owner")
    assert shop.match(line, request, id=id) == matched
    assert (shop.request(request).state, shop.request(request).transfer_id) == ("paid", id)
    with pytest.raises(money.LineExplained):
        shop.match(line, request)
    assert shop.came == 12_50
    assert shop.db.read(money.audit) == []


@pytest.mark.parametrize(
    ("name", "amount", "asked_on"),
    [("Meera", "12.50", "2026-11-30"), ("Ravi", "12.49", "2026-11-30"),
     ("Ravi", "12.50", "2026-11-24")],
    ids=["another name", "another amount", "six days before"],
)  # fmt: skip
def test_what_does_not_look_like_it_is_unknown(
    shop: Shop, name: str, amount: str, asked_on: str
) -> None:
    shop.db.clock.now = at(asked_on)
    shop.asks()

    shop.imports(camt(entry(amount, details=detail(name=name))))

    [line] = shop.lines()
    assert (line.state, line.proposals) == ("unknown", [])


def test_a_claim_tells_more_than_a_name(shop: Shop) -> None:
    shop.db.clock.now = at("2026-11-30")
    request = shop.asks()
    shop.claim(request)

    shop.imports(camt(entry(details=detail(name="Somebody Else"))))

    assert [it.request_id for it in shop.lines("proposed")[0].proposals] == [request.id]


def test_what_was_confirmed_by_hand_is_proposed_for_its_line(shop: Shop) -> None:
    shop.db.clock.now = at("2026-11-30")
    request = shop.asks()
    shop.confirm(shop.claim(request))
    shop.imports(camt(entry(details=detail(name="Somebody Else"))))
    [line] = shop.lines("proposed")
    assert line.proposals[0].is_noted

    shop.match(line, request)

    assert len(shop.lines("matched")) == 1
    assert shop.came == 12_50
    assert shop.db.read(money.audit) == []


def test_one_line_may_pay_several_requests(shop: Shop) -> None:
    first, second = shop.asks(eur(5_00)), shop.asks(eur(7_50))
    shop.imports(camt(entry(details=detail(text=f"{first.reference} {second.reference}"))))
    [line] = shop.lines("unknown")

    half = shop.match(line, first, eur(5_00))
    assert (half.state, half.matched) == ("amount_differs", eur(5_00))
    with pytest.raises(money.AmountOutOfRange):
        shop.match(line, second, eur(7_51))
    whole = shop.match(line, second)

    assert (whole.state, len(whole.matches)) == ("matched", 2)
    assert [shop.request(it).state for it in (first, second)] == ["paid", "paid"]
    assert shop.db.read(money.audit) == []


def test_less_on_the_line_than_was_confirmed_is_a_difference(shop: Shop) -> None:
    request = shop.asks()
    shop.confirm(shop.claim(request))

    shop.imports(camt(paying(request, "12.00")))

    [line] = shop.lines("amount_differs")
    assert line.matched == eur(12_00)
    assert shop.came == 12_50
    shop.imports(camt(paying(request, "0.50", reference="B2")))
    assert len(shop.lines("matched")) == 2
    assert shop.came == 12_50
    assert shop.db.read(money.audit) == []


def test_a_line_is_set_aside_and_looked_at_again(shop: Shop) -> None:
    shop.imports(camt(entry()))
    [line] = shop.lines("unknown")

    for _ in range(2):
        shop.db.write(money.set_line_aside, line.id, by=shop.asha)
    assert [it.id for it in shop.lines("set_aside")] == [line.id]
    for _ in range(2):
        shop.db.write(money.bring_line_back, line.id, by=shop.asha)

    assert [it.id for it in shop.lines("unknown")] == [line.id]


def test_a_bank_account_is_its_owner_s_alone(shop: Shop) -> None:
    shop.imports(camt(entry()))
    [line] = shop.lines()
    stranger = make.actor().person_id
    manager = replace(shop.asha, person_id=stranger, shop_mandate=Mandate.GIVE_BACK)

    with pytest.raises(NotFound):
        shop.db.read(money.get_line, line.id, names_of, by=shop.ravi)
    for refused in (
        lambda: shop.db.read(money.list_lines, names_of, by=manager),
        lambda: shop.db.read(money.list_imports, by=manager),
        lambda: shop.db.read(money.list_days, by=manager),
        lambda: shop.imports(camt(entry("1.00")), by=manager),
        lambda: shop.db.write(money.set_line_aside, line.id, by=manager),
    ):
        with pytest.raises(NotAllowed):
            refused()
    assert shop.db.read(money.list_lines, names_of, by=shop.ravi).items == []


def test_lines_are_listed_page_by_page(shop: Shop) -> None:
    shop.imports(
        camt(*(entry(f"{n}.00", reference=f"B{n}", on=f"2026-11-{n:02}") for n in range(1, 8)))
    )

    seen: list[BankLineId] = []
    before = None
    while True:
        page = shop.db.read(money.list_lines, names_of, before=before, limit=3, by=shop.asha)
        seen += [it.id for it in page.items]
        if page.next is None:
            break
        before = page.items[-1].id

    assert len(seen) == len(set(seen)) == 7
    assert [it.booked_on for it in shop.lines()] == [f"2026-11-{n:02}" for n in range(7, 0, -1)]


def test_lines_are_taken_along_and_go_with_their_owner(shop: Shop) -> None:
    request = shop.asks()
    shop.imports(camt(paying(request), entry("5.00", reference="B2")))
    assert len(shop.db.read(money.export_user, shop.asha.user_id).bank_lines) == 2
    assert shop.db.read(money.export_user, shop.ravi.user_id).bank_lines == []

    shop.db.write(money.erase_user, shop.asha.user_id)

    assert shop.db.read(money.export_user, shop.asha.user_id).bank_lines == []
    assert shop.db.read(money.get_request, request.id, by=shop.ravi).state == "paid"
    assert shop.db.read(money.audit) == []


@pytest.mark.parametrize(
    ("table", "column", "change", "where"),
    [
        ("money_matches", "amount_minor", "amount_minor - 1", "1 = 1"),
        ("money_bank_lines", "matched_minor", "matched_minor - 1", "matched_minor > 0"),
        ("money_bank_lines", "amount_minor", "amount_minor - 1", "matched_minor > 0"),
        ("money_bank_lines", "currency", "'USD'", "matched_minor > 0"),
    ],
)
def test_an_audit_finds_what_is_matched_to_more_than_came(
    shop: Shop, table: str, column: str, change: str, where: str
) -> None:
    shop.imports(camt(paying(shop.asks())))
    assert shop.db.read(money.audit) == []

    tamper(shop.db, table, column, change, where)

    assert {finding.rule for finding in shop.db.read(money.audit)} == {"I9"}


# The daily close


def test_a_day_shows_bank_and_hand_side_by_side(shop: Shop) -> None:
    shop.db.clock.now = at("2026-11-30")
    by_bank, by_hand = shop.asks(), shop.asks(eur(7_00))
    shop.confirm(shop.claim(by_hand))
    shop.imports(camt(paying(by_bank), entry("3.00", reference="B2")))

    [day] = shop.db.read(money.list_days, by=shop.asha)

    assert (day.day, day.currency) == ("2026-11-30", "EUR")
    assert day.rails == [money.RailOfDay("epc", ASKED, eur(7_00))]
    assert (day.unexplained, day.unexplained_count) == (eur(3_00), 1)


def test_a_day_that_closes_with_a_difference_is_announced_once(
    shop: Shop, heard: list[Event]
) -> None:
    shop.db.clock.now = at("2026-11-30")
    shop.imports(camt(entry("3.00"), paying(shop.asks(), reference="B2")))
    assert shop.db.write(money.close_bank_days) == 0  # it is not over yet
    shop.db.clock.now = at("2026-12-01")

    assert [shop.db.write(money.close_bank_days) for _ in range(2)] == [1, 0]

    shop.db.deliver()
    [told] = [it for it in heard if isinstance(it, money.DifferenceFound)]
    assert (told.owner_id, told.day, told.amount, told.lines) == (
        shop.asha.user_id, "2026-11-30", eur(3_00), 1,
    )  # fmt: skip
    # A later file brings more of that day.
    heard.clear()
    shop.imports(camt(entry("1.00", reference="B9")))
    assert shop.db.write(money.close_bank_days) == 1
    shop.db.deliver()
    assert [it.lines for it in heard if isinstance(it, money.DifferenceFound)] == [2]


def test_a_day_that_is_explained_closes_in_silence(shop: Shop, heard: list[Event]) -> None:
    shop.db.clock.now = at("2026-12-01")
    shop.imports(camt(paying(shop.asks()), entry("3.00", reference="B2")))
    shop.db.write(money.set_line_aside, shop.lines("unknown")[0].id, by=shop.asha)

    assert shop.db.write(money.close_bank_days) == 1

    shop.db.deliver()
    assert not [it for it in heard if isinstance(it, money.DifferenceFound)]


def at(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp() * 1000)


def test_what_waits_is_found_among_all_that_is_explained(shop: Shop) -> None:
    """Each list asks the database for as few lines as it can: none may be missed by that."""
    by_hand, by_bank = shop.asks(), shop.asks()
    shop.confirm(shop.claim(by_hand))
    shop.imports(
        camt(
            paying(by_hand, "12.00"),
            paying(by_bank, reference="B2"),
            paying(by_bank, reference="B3", direction="DBIT", more="<RvslInd>true</RvslInd>"),
            entry("1.00", reference="B4"),
            entry("2.00", reference="B5"),
            entry("3.00", reference="B6", direction="DBIT"),
        )
    )
    shop.db.write(money.set_line_aside, shop.lines("unknown")[0].id, by=shop.asha)

    states: list[money.LineState] = [it.state for it in shop.lines()]

    assert sorted(states) == sorted(
        ["amount_differs", "amount_differs", "matched", "other", "set_aside", "unknown"]
    )
    for state in set(states):
        assert len(shop.lines(state)) == states.count(state)
    assert len(shop.lines("proposed", "unknown", "amount_differs", "duplicate")) == 3
