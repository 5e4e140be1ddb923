"""The three digits that payment codes write for a currency: of the countries where such codes are
in use. Source: ISO 4217 list one.
"""

NUMBERS = {
    "AED": "784", "ARS": "032", "AUD": "036", "BDT": "050", "BHD": "048", "BND": "096",
    "BOB": "068", "BRL": "986", "BTN": "064", "CHF": "756", "CLP": "152", "CNY": "156",
    "COP": "170", "CRC": "188", "DOP": "214", "EGP": "818", "EUR": "978", "GBP": "826",
    "GHS": "936", "GTQ": "320", "HKD": "344", "HNL": "340", "IDR": "360", "ILS": "376",
    "INR": "356", "JOD": "400", "JPY": "392", "KES": "404", "KHR": "116", "KRW": "410",
    "KWD": "414", "KZT": "398", "LAK": "418", "LKR": "144", "MAD": "504", "MMK": "104",
    "MNT": "496", "MOP": "446", "MUR": "480", "MVR": "462", "MXN": "484", "MYR": "458",
    "NGN": "566", "NPR": "524", "NZD": "554", "OMR": "512", "PEN": "604", "PHP": "608",
    "PKR": "586", "PYG": "600", "QAR": "634", "RWF": "646", "SAR": "682", "SGD": "702",
    "THB": "764", "TRY": "949", "TWD": "901", "TZS": "834", "UGX": "800", "USD": "840",
    "UYU": "858", "UZS": "860", "VND": "704", "XAF": "950", "XOF": "952", "ZAR": "710",
    "ZMW": "967",
}  # fmt: skip
CODES = {number: code for code, number in NUMBERS.items()}
