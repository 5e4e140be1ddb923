"""Codes by chance, as Hypothesis draws them, and references as requests have them."""

from hypothesis import strategies as st

from kirana.money.rails import Details
from kirana.money.rails.epc import EpcCode
from kirana.money.rails.paynow import PayNowCode
from kirana.money.rails.pix import PixCode
from kirana.money.rails.promptpay import PromptPayCode
from kirana.money.rails.upi import UpiCode
from kirana.values import Money

REFERENCE = "7ZK2M9QX04TB"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

ADDRESSES: dict[str, list[Details]] = {
    "upi": [
        {"vpa": "asha@okbank", "name": "Asha's Tea & Spices"},
        {"vpa": "shop.asha-1@upi", "name": "आशा चाय", "mcc": "5499"},
    ],
    "pix": [
        {"key": "529.982.247-25", "name": "José da Conceição", "city": "São Paulo"},
        {"key": "+55 (11) 94321-4321", "name": "Padaria", "city": "Brasília"},
        {"key": "Asha@Example.com", "name": "Asha", "city": "Rio"},
        {"key": "12.ABC.345/01DE-35", "name": "Asha Ltda", "city": "Rio"},
        {"key": "123E4567-E12B-12D1-A456-426655440000", "name": "Asha", "city": "Rio"},
    ],
    "epc": [
        {"iban": "DE89 3704 0044 0532 0130 00", "name": "Bäckerei Müller"},
        {"iban": "be72000000001616", "name": "Test", "bic": "gkccbebb"},
    ],
    "paynow": [
        {"mobile": "9090 1234"},
        {"uen": "196800306e", "name": "Asha's Café"},
        {"uen": "T08GB0025ACT1", "name": "JTC"},
    ],
    "promptpay": [
        {"phone": "081-222-3333"},
        {"id_number": "1 1017 00230 70 8"},
        {"ewallet": "123456789012345"},
        {"biller_id": "010753600010286"},
    ],
}
"""As people type them, the good ones."""

plain = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
visible = st.characters(exclude_categories=["C", "Zl", "Zp"])


def amounts(code: str, most: int = 999_999_999_99) -> st.SearchStrategy[Money | None]:
    return st.none() | st.builds(Money, st.integers(1, most), st.just(code))


def texts(most: int, least: int = 1) -> st.SearchStrategy[str]:
    return st.text(visible, min_size=least, max_size=most)


def plain_texts(most: int) -> st.SearchStrategy[str]:
    return st.text(plain, min_size=1, max_size=most)


references = st.text(CROCKFORD, min_size=12, max_size=12)
phones = st.from_regex(r"\+55[1-9][0-9]9[0-9]{8}", fullmatch=True)

pix_codes = st.builds(
    PixCode,
    key=phones,
    info=st.none() | plain_texts(40),
    name=plain_texts(25),
    city=plain_texts(15),
    amount=amounts("BRL"),
    txid=st.just("***") | st.from_regex("[A-Za-z0-9]{1,25}", fullmatch=True),
    gui=st.sampled_from(["br.gov.bcb.pix", "BR.GOV.BCB.PIX"]),
)
paynow_codes = st.builds(
    PayNowCode,
    proxy_type=st.just("uen"),
    proxy=st.sampled_from(["00192200M", "196800306E", "T08GB0025ACT1"]),
    amount=amounts("SGD"),
    is_editable=st.booleans(),
    expiry=st.none() | st.just("20500415") | st.just("20300228161820"),
    reference=st.none() | texts(30),
    merchant=plain_texts(25),
    initiation=st.sampled_from(["11", "12"]),
)
promptpay_codes = st.builds(
    PromptPayCode,
    biller_id=st.from_regex("[0-9]{13}", fullmatch=True),
    ref1=st.none() | st.from_regex("[A-Z0-9]{1,20}", fullmatch=True),
    ref2=st.none() | st.from_regex("[A-Z0-9]{1,20}", fullmatch=True),
    ref3=st.none() | plain_texts(25),
    amount=amounts("THB"),
    country_first=st.booleans(),
)
upi_codes = st.builds(
    UpiCode,
    pa=st.from_regex(r"[A-Za-z0-9._-]{3,20}@[a-z]{3,10}", fullmatch=True),
    pn=st.none() | texts(40).filter(lambda it: it != "null"),
    mc=st.none() | st.just("0000") | st.just("5499"),
    tr=st.from_regex("[A-Za-z0-9]{4,35}", fullmatch=True).filter(lambda it: it != "null"),
    tn=st.none() | texts(50).filter(lambda it: it != "null"),
    am=amounts("INR"),
    url=st.none() | st.just("https://shop.example/orders?id=1&of=2"),
    others=st.dictionaries(
        st.sampled_from(["purpose", "x y", "ver"]), st.just("1+1=2"), max_size=2
    ),
    sign=st.none() | st.just("MEUCIQ+/=="),
)
epc_codes = st.builds(
    EpcCode,
    name=texts(40).filter(lambda it: it == it.rstrip("\n")),
    iban=st.sampled_from(["DE89370400440532013000", "BE72000000001616"]),
    bic=st.sampled_from(["GKCCBEBB", "BHBLDEHHXXX"]),
    amount=amounts("EUR"),
    purpose=st.sampled_from(["", "GDDS"]),
    reference=st.sampled_from(["", "RF18539007547034", "INV-2026/17"]),
    info=st.just("") | texts(20),
    version=st.sampled_from(["001", "002"]),
)
