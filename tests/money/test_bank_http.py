"""What the bank says, over HTTP."""

from typing import Any

import httpx
import pytest

from kirana import money
from kirana.values import SYSTEM, Money, RequestId, UserId, uuid7
from tests.apps import RunningApp

from .rails.bankfiles.make import camt, detail, entry

COLUMNS = {
    "account": "1", "currency": "EUR", "booked_on": "Day", "amount": "Sum", "text": "Text",
}  # fmt: skip


async def person(app: RunningApp) -> tuple[UserId, httpx.AsyncClient]:
    user_id = await app.person()
    await app.db.write(money.set_owner, user_id, by=SYSTEM)
    return user_id, await app.client(user_id)


async def asked(app: RunningApp, asker: UserId, payer: UserId) -> money.Request:
    return await app.db.write(
        money.ask, RequestId(uuid7()), asker=asker, payer=payer,
        amount=Money(12_50, "EUR"), by=SYSTEM,
    )  # fmt: skip


async def upload(client: httpx.AsyncClient, content: bytes, **query: Any) -> httpx.Response:
    query = {"id": str(uuid7()), "name": "november.xml", **query}
    headers = {"content-type": "application/octet-stream"}
    return await client.post("/v1/bank-statements", params=query, content=content, headers=headers)


async def test_a_statement_is_imported_and_its_lines_are_answered(app_on_each: RunningApp) -> None:
    app = app_on_each
    asha_id, asha = await person(app)
    ravi_id, _ = await person(app)
    paid, doubtful = [await asked(app, asha_id, ravi_id) for _ in range(2)]
    file = camt(
        entry(details=detail(end_to_end=paid.reference)),
        entry(reference="B2", details=detail(text="Thanks")),
        entry("3.00", reference="B3"),
    )

    brought = await upload(asha, file)

    assert brought.status_code == 201, brought.text
    told = brought.json()
    counts = ("payment_count", "known_count", "matched_count", "open_count")
    assert [told[it] for it in counts] == [3, 0, 1, 2]
    assert (await asha.get("/v1/bank-statements")).json()["items"] == [told]
    again = (await upload(asha, file)).json()
    assert [again[it] for it in counts] == [3, 3, 0, 0]

    lines = (await asha.get("/v1/bank-lines?is_open=true")).json()["items"]
    assert {it["state"] for it in lines} <= {"proposed", "unknown"}
    line = next(it for it in lines if it["text"] == "Thanks")
    body = {"id": str(uuid7()), "request_id": str(doubtful.id)}
    matched = await asha.post(f"/v1/bank-lines/{line['id']}/match", json=body)
    assert (matched.status_code, matched.json()["state"]) == (201, "matched")
    body["id"] = str(uuid7())
    again_matched = await asha.post(f"/v1/bank-lines/{line['id']}/match", json=body)
    assert again_matched.json()["type"] == "/problems/line-explained"
    [other] = (await asha.get("/v1/bank-lines?is_open=true")).json()["items"]
    aside = f"/v1/bank-lines/{other['id']}/set-aside"
    assert (await asha.put(aside)).json()["state"] == "set_aside"
    assert (await asha.delete(aside)).status_code == 204
    unknown = (await asha.get("/v1/bank-lines?state=unknown")).json()["items"]
    assert [it["id"] for it in unknown] == [other["id"]]
    [day] = (await asha.get("/v1/bank-days")).json()["items"] or [None]
    assert day is None or day["unexplained_count"] == 1


async def test_a_csv_file_is_read_by_the_columns_that_were_kept(app: RunningApp) -> None:
    _, asha = await person(app)
    csv = b"Day,Sum,Text\n2026-11-30,12.50,Hello\n"
    refused = await upload(asha, csv)
    assert (refused.status_code, refused.json()["reason"]) == (422, "unknown")
    assert "needs its columns" in refused.json()["sentence"]
    assert (await asha.get("/v1/bank-statements/columns")).json() == {"columns": None}

    kept = await asha.put("/v1/bank-statements/columns", json={"columns": COLUMNS})

    assert kept.status_code == 200, kept.text
    assert kept.json()["columns"]["text"] == "Text"
    assert (await upload(asha, csv)).json()["payment_count"] == 1
    assert (await asha.get("/v1/bank-statements/columns")).json() == kept.json()


@pytest.mark.parametrize(
    "wrong",
    [{"currency": "XXQ"}, {"encoding": "hex"}, {"date_format": "%"}, {"decimal": "x"}, {"went": 5}],
)
async def test_wrong_columns_are_refused(app: RunningApp, wrong: dict[str, Any]) -> None:
    _, asha = await person(app)

    refused = await asha.put("/v1/bank-statements/columns", json={"columns": {**COLUMNS, **wrong}})

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-input")


async def test_a_file_of_21_megabytes_is_refused(app: RunningApp) -> None:
    _, asha = await person(app)

    refused = await upload(asha, b"x" * (21 << 20))

    assert (refused.status_code, refused.json().get("reason")) == (422, "too-large")


async def test_nobody_else_sees_a_bank_account(app: RunningApp) -> None:
    _, asha = await person(app)
    _, ravi = await person(app)
    await upload(asha, camt(entry()))
    [line] = (await asha.get("/v1/bank-lines")).json()["items"]

    assert (await ravi.get("/v1/bank-lines")).json()["items"] == []
    assert (await ravi.put(f"/v1/bank-lines/{line['id']}/set-aside")).status_code == 404
    nobody = await app.client()
    for path in ("bank-lines", "bank-statements", "bank-days", "clearing-accounts"):
        assert (await nobody.get(f"/v1/{path}")).status_code == 401
    assert (await asha.get("/v1/clearing-accounts")).status_code == 403
