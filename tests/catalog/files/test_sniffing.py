import pytest

from kirana.catalog.files.refusals import FileRefused
from kirana.catalog.files.sniffing import MAX_BYTES, sniff

TEXT = "handle,name,price\ncafe,Café crème – größer,1.50\nsucre,Sucre,2.00\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
def test_letters_are_read_whatever_the_encoding(encoding: str) -> None:
    sheet = sniff(TEXT.encode(encoding))

    assert sheet.records[0].cells == ("handle", "name", "price")
    assert sheet.records[1].cells[1] == "Café crème – größer"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", "Käse, grüner Spargel, weiße Bohnen, Crème brûlée à 5 €, señor"),
        ("cp1250", "Żółty ser, świeże łososie, gęś, źródło, ćwikła, jabłka"),
        ("cp1250", "Příliš žluťoučký kůň, čerstvé ředkvičky, šťáva, hořčice"),
        ("cp1251", "Чёрный хлеб, свежее молоко, сыр и масло"),
        ("koi8_r", "Черный хлеб, свежее молоко, сыр и масло"),
        ("cp1253", "Ελληνικό τυρί, φρέσκο ψωμί και γάλα"),
        ("cp1255", "לחם שחור, חלב טרי, גבינה"),
        ("cp1256", "خبز طازج وحليب وجبنة بيضاء"),
        ("cp1254", "Taze ekmek, süzme yoğurt, çay, şeker, ızgara köfte, İstanbul"),
    ],
)
def test_an_8_bit_encoding_is_found_by_its_words(encoding: str, words: str) -> None:
    text = f"handle;name;price\na;{words};1\nb;{words};2\n"

    sheet = sniff(text.encode(encoding))

    assert sheet.records[1].cells[1] == words


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_past_quotes(delimiter: str) -> None:
    rows = [["name", "text", "price"], ["Tea", '"one, two; three|four"', "1"], ["Jam", "x", "2"]]
    text = "\n".join(delimiter.join(row) for row in rows)

    sheet = sniff(text.encode())

    assert sheet.delimiter == delimiter
    assert sheet.records[1].cells == ("Tea", "one, two; three|four", "1")


def test_rows_have_the_numbers_that_a_spreadsheet_shows() -> None:
    text = 'name,text\r\n"Tea","two\r\nlines"\r\n,\r\nJam,one\r\n\r\nBun,one\r\n'

    sheet = sniff(text.encode())

    assert [(it.row, it.cells[0]) for it in sheet.records] == [
        (1, "name"), (2, "Tea"), (4, "Jam"), (6, "Bun"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "seems"),
    [
        (b'{"a": 1}', "JSON"),
        (b"  [1, 2]", "JSON"),
        (b'<?xml version="1.0"?><!-- note --><rss xmlns:wp="http://wordpress.org/export/1.2/">',
         "WordPress"),
        (b'<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel>', "Google"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'>", "Atom"),
        (b"<orders><order/></orders>", "<orders>"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"PK\x03\x04\x14\0\0\0\0\0xl/workbook.xml", "Excel"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"\0\1\2\3\4\5\6\7" * 100, "binary"),
        (b"Dear Sir,\nwe do not have a list.\nYours\n", "text"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_with_what_it_seems_to_be(
    content: bytes, seems: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        sniff(content)

    assert refused.value.facts["code"] == "not-a-table"
    assert seems in refused.value.facts["seems"]
    assert refused.value.facts["seems"] in refused.value.facts["sentence"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b" \n\n ", "empty-file"),
        ("name,text\nTea,a\0b\n".encode("utf-16"), "unreadable-text"),
        (b"a,b\n" + b"x" * MAX_BYTES, "too-large"),
        (b"a,b\n" + b"1,2\n" * 50_001, "too-many-rows"),
        (b",".join([b"a"] * 301), "too-many-columns"),
        (b'name,text\nTea,"never closed\nJam,x\nBun,y\n', "unclosed-quote"),
    ],
)
def test_a_file_beyond_the_limits_is_refused_whole(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        sniff(content)

    assert refused.value.facts["code"] == code


def test_fifty_thousand_rows_are_taken() -> None:
    assert len(sniff(b"a,b\n" + b"1,2\n" * 50_000).records) == 50_001
