"""Small files of banks, made up."""

ACCOUNT = "DE89370400440532013000"


def camt(
    *entries: str, balances: tuple[str, str] | None = None, version: str = "053.001.08"
) -> bytes:
    kind, part = ("Stmt", "Stmt") if version.startswith("053") else ("DbtCdtNtfctn", "Ntfctn")
    bal = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount.strip('-')}"
        f"</Amt><CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd></Bal>"
        for code, amount in zip(("OPBD", "CLBD"), balances or (), strict=False)
    )
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>"
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.{version}'><BkToCstmr{kind}><{part}>"
        f"<Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>{bal}{''.join(entries)}"
        f"</{part}></BkToCstmr{kind}></Document>"
    ).encode()


def entry(
    amount: str = "12.50",
    *,
    direction: str = "CRDT",
    details: str = "",
    reference: str = "BANK1",
    more: str = "",
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
    on: str = "2026-11-30",
) -> str:
    return (
        f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{more}{status}"
        f"<BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>2026-12-01</Dt></ValDt>"
        + (f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else "")
        + (f"<NtryDtls>{details}</NtryDtls>" if details else "")
        + "</Ntry>"
    )


def detail(
    amount: str = "", *, end_to_end: str = "NOTPROVIDED", name: str = "Ravi", text: str = ""
) -> str:
    said = f"<Amt Ccy='EUR'>{amount}</Amt>" if amount else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>{said}"
        f"<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>BE72000000001616"
        f"</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    )


def mt940(
    *bookings: str, opening: str = "C261129EUR100,00", closing: str = "C261130EUR112,50"
) -> bytes:
    lines = [":20:STARTUMSE", f":25:{ACCOUNT}", ":28C:00001/001", f":60F:{opening}"]
    return "\r\n".join([*lines, *bookings, f":62F:{closing}", "-"]).encode()


OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
ENCODING:USASCII
CHARSET:1252

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>
<CURDEF>USD
<BANKACCTFROM><BANKID>1<ACCTID>12345<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261130120000[-5:EST]<TRNAMT>12.50<FITID>F1
<NAME>Ravi &amp; Sons<MEMO>Café
</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261130<TRNAMT>-3.1<FITID>F2<CHECKNUM>77
</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
