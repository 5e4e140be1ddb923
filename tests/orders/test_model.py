"""The laws of pricing, of refunds and of the moves of an order."""

from hypothesis import given
from hypothesis import strategies as st

from kirana.orders.model import (
    OPEN,
    DeliveryFee,
    Discount,
    Item,
    Method,
    PaymentState,
    PricedLine,
    Quote,
    Side,
    State,
    TaxPart,
    TaxRate,
    allowed_moves,
    payment_state,
    price,
    returned,
)
from kirana.values import Money, total


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


VAT_20 = TaxRate((TaxPart("VAT", 2000),), is_included=True)
GST_18 = TaxRate((TaxPart("CGST", 900), TaxPart("SGST", 900)), is_included=False)
GST_5 = TaxRate((TaxPart("CGST", 250), TaxPart("SGST", 250)), is_included=True)

amounts = st.integers(0, 1_000_000).map(eur)
items = st.builds(
    Item,
    unit_price=amounts,
    quantity=st.integers(1, 50),
    tax=st.sampled_from([None, VAT_20, GST_18, GST_5]),
    is_discountable=st.booleans(),
)
deliveries = st.none() | st.builds(DeliveryFee, fee=amounts, free_from=st.none() | amounts)
discounts = st.none() | st.builds(
    Discount,
    percent_bp=st.integers(0, 10_000),
    amount=st.none() | amounts,
    is_free_delivery=st.booleans(),
)
quotes = st.builds(
    price,
    st.lists(items, max_size=12),
    st.just("EUR"),
    delivery=deliveries,
    discount=discounts,
    cash_step_minor=st.sampled_from([1, 5, 50]),
)


@given(quotes)
def test_everything_on_a_receipt_adds_up(quote: Quote) -> None:
    parts = (*quote.lines, quote.delivery)
    added = total((tax.amount for tax in quote.taxes if not tax.is_included), "EUR")

    assert quote.goods == total((line.amount for line in quote.lines), "EUR")
    assert quote.discount == total((line.discount for line in quote.lines), "EUR")
    assert total((tax.amount for tax in quote.taxes), "EUR") == total((p.tax for p in parts), "EUR")
    assert quote.total == (
        quote.goods - quote.discount + quote.delivery.amount + added + quote.rounding
    )
    assert quote.total == total((part.paid for part in parts), "EUR")


@given(quotes)
def test_no_part_of_a_quote_is_negative(quote: Quote) -> None:
    for part in (*quote.lines, quote.delivery):
        assert min(part.amount, part.tax, part.paid) >= eur(0)
        assert eur(0) <= part.discount <= part.amount


@given(st.lists(items, max_size=12), deliveries, st.sampled_from([1, 5, 50]))
def test_cash_is_rounded_by_half_a_coin_at_most(
    items: list[Item], delivery: DeliveryFee | None, step: int
) -> None:
    exact = price(items, "EUR", delivery=delivery)
    rounded = price(items, "EUR", delivery=delivery, cash_step_minor=step)

    assert exact.rounding == eur(0)
    assert rounded.total.amount_minor % step == 0
    assert rounded.total == exact.total + rounded.rounding
    assert -step < 2 * rounded.rounding.amount_minor <= step


def test_included_and_added_tax_follow_their_formulas() -> None:
    included = price([Item(eur(11_990), 1, VAT_20)], "EUR")
    added = price([Item(eur(11_990), 1, GST_18)], "EUR")

    assert [(tax.name, tax.amount) for tax in included.taxes] == [("VAT", eur(1_998))]
    assert included.total == eur(11_990)
    assert [tax.amount for tax in added.taxes] == [eur(1_079), eur(1_079)]
    assert added.total == eur(11_990 + 2 * 1_079)


def test_a_rate_is_applied_once_to_all_its_lines_and_their_part_of_the_fee() -> None:
    basket = [Item(eur(3), 1, VAT_20), Item(eur(3), 1, VAT_20), Item(eur(6), 1)]

    quote = price(basket, "EUR", delivery=DeliveryFee(eur(10)))

    # Half of the goods, so half of the fee: 20 % within 3 + 3 + 5 = 11 is 1.83.
    assert [tax.amount for tax in quote.taxes] == [eur(2)]


def test_free_delivery_looks_at_the_goods_after_the_discount() -> None:
    free_from_20 = DeliveryFee(eur(300), free_from=eur(2_000))
    basket = [Item(eur(2_000), 1)]

    assert price(basket, "EUR", delivery=free_from_20).total == eur(2_000)
    assert price(
        basket, "EUR", delivery=free_from_20, discount=Discount(amount=eur(1))
    ).total == eur(1_999 + 300)
    assert price(
        basket, "EUR", delivery=DeliveryFee(eur(300)), discount=Discount(is_free_delivery=True)
    ).total == eur(2_000)


def test_a_discount_takes_nothing_off_what_it_is_not_for() -> None:
    basket = [Item(eur(1_000), 1), Item(eur(1_000), 1, is_discountable=False)]

    quote = price(basket, "EUR", discount=Discount(amount=eur(5_000)))

    assert [line.discount for line in quote.lines] == [eur(1_000), eur(0)]
    assert quote.total == eur(1_000)


def test_ten_single_returns_of_a_discounted_line_refund_what_was_paid() -> None:
    quote = price([Item(eur(2_390), 10, VAT_20)], "EUR", discount=Discount(percent_bp=2_500))

    refunds = [returned(quote.lines[0], 10, before=k, now=1) for k in range(10)]

    assert quote.total == eur(17_925)
    assert total((refund.paid for refund in refunds), "EUR") == eur(17_925)
    assert total((refund.discount for refund in refunds), "EUR") == quote.discount
    assert total((refund.tax for refund in refunds), "EUR") == quote.taxes[0].amount


def test_ten_single_lines_refund_what_was_paid() -> None:
    basket = [Item(eur(2_390), 1, VAT_20)] * 10

    quote = price(basket, "EUR", discount=Discount(percent_bp=2_500))

    refunds = [returned(line, 1, before=0, now=1) for line in quote.lines]
    assert quote.total == eur(17_925)
    assert total((refund.paid for refund in refunds), "EUR") == eur(17_925)


@given(amounts, amounts, amounts, st.lists(st.integers(0, 7), min_size=1, max_size=10))
def test_however_a_line_is_returned_it_is_refunded_exactly(
    paid: Money, discount: Money, tax: Money, steps: list[int]
) -> None:
    quantity = max(1, sum(steps))
    line = PricedLine(amount=paid + discount, discount=discount, tax=tax, paid=paid)

    before, parts = 0, []
    for now in (*steps, quantity - sum(steps)):
        parts.append(returned(line, quantity, before=before, now=now))
        before += now

    assert total((part.paid for part in parts), "EUR") == paid
    assert total((part.discount for part in parts), "EUR") == discount
    assert total((part.tax for part in parts), "EUR") == tax
    assert all(part.paid >= eur(0) for part in parts)


def test_an_order_only_moves_forward_until_it_ends() -> None:
    rank = {state: i for i, state in enumerate(State)}
    for state in State:
        for method in Method:
            moves = allowed_moves(state, method, Side.SHOP)
            assert all(rank[to] > rank[state] for to in moves)
            assert bool(moves) == (state in OPEN)
            assert State.EXPIRED not in moves


def test_a_buyer_may_only_cancel_and_only_before_the_shop_accepts() -> None:
    moves = {s: allowed_moves(s, Method.PICKUP, Side.BUYER) for s in State}

    assert {state for state, to in moves.items() if to} == {State.PLACED}
    assert moves[State.PLACED] == (State.CANCELED,)


def test_what_is_picked_up_is_never_on_its_way() -> None:
    for state in State:
        assert State.ON_ITS_WAY not in allowed_moves(state, Method.PICKUP, Side.SHOP)


def test_the_payment_state_follows_the_money() -> None:
    none, some, whole = eur(0), eur(40), eur(100)

    assert payment_state(none, none, none, none) is PaymentState.PAID
    assert payment_state(whole, none, none, none) is PaymentState.UNPAID
    assert payment_state(whole, whole, none, none) is PaymentState.HELD
    assert payment_state(whole, none, some, none) is PaymentState.UNPAID
    assert payment_state(whole, none, some, some) is PaymentState.REFUNDED
    assert payment_state(whole, none, whole, none) is PaymentState.PAID
    assert payment_state(whole, none, whole, some) is PaymentState.PART_REFUNDED
    assert payment_state(whole, none, whole, whole) is PaymentState.REFUNDED
