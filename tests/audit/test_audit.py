"""The ledger says what the counter sees; and code that copies more is found, with its place.

`scripts/audit` does the first with more cases.
"""

from pathlib import Path

import pytest

from audit.cases import cases
from audit.doubles import DOUBLES, with_double
from audit.service import audited, ways_in, wrong_totals

CASES = {f"{one.route} {one.name}": one for one in cases() if one.fast}


@pytest.mark.parametrize("ingest", ways_in())
async def test_the_ledger_is_right(ingest: str | None) -> None:
    async with audited(ingest) as service:
        outcomes = [await service.run(case) for case in CASES.values()]
        totals = await service.totals()
    assert not [(one.case.name, fault) for one in outcomes for fault in one.faults]
    assert not wrong_totals(outcomes, totals)
    assert sum(one.counted["stack"] for one in outcomes) > 0


# Of each double: a case, and what one of its faults must say.
FOUND: dict[str, list[tuple[str, str]]] = {
    "request.read()": [
        (
            "/rotate 200 KB by 13",
            "unaccounted copy of 204803 bytes in aiohttp/web_request.py:BaseRequest.read",
        ),
    ],
    "join in a file that may copy": [
        ("/convert icon", "ingest: 3065 bytes in the ledger, 6130 counted"),
        ("/convert picture of 200 KB", "in http/body.py:Upload.read ("),
    ],
    "join of what came": [
        ("/rotate 3 KB by 13", "unaccounted copy of 3077 bytes in http/body_stream.py:"),
    ],
    "bytes(view)": [
        ("/convert icon", "ingest: 3065 bytes in the ledger, 6130 counted"),
        ("/convert picture of 200 KB", "in http/body.py:Upload.read ("),
    ],
    "a bytearray that grows": [
        ("/rotate 3 KB in odd pieces", "in http/body_stream.py:BodyStream.receive ("),
    ],
    "web.Response(body=...)": [
        ("/convert icon", "egress: 0 bytes in the ledger, 1590 counted"),
        ("/convert picture of 200 KB", "in http/bitmap_response.py:send_buffer ("),
        ("/rotate 200 KB by 0", "in http/bitmap_response.py:send_buffer ("),
        ("/rotate 200 KB by 13", "the way out copies"),
    ],
    "an answer at once, from bytes": [
        ("/convert icons, same connection", "unaccounted copy of 3180 bytes in http/at_once.py:"),
    ],
    "a copy in the core": [
        ("/convert icon", "convert: 0 bytes in the ledger, 1590 counted"),
        ("/rotate 200 KB split", "in (without the interpreter's lock) (_native"),
    ],
    "never direct": [
        ("/convert picture of 200 KB", "the way in copies 3.00 times the payload"),
    ],
}


@pytest.mark.parametrize("name", DOUBLES)
async def test_a_copy_more_is_found(name: str, tmp_path: Path) -> None:
    async with audited(ways_in()[-1], with_double(tmp_path, name)) as service:
        for case, expected in FOUND[name]:
            outcome = await service.run(CASES[case])
            assert any(expected in fault for fault in outcome.faults), (case, outcome.faults)


async def test_sums_that_are_wrong_are_found() -> None:
    async with audited() as service:
        outcome = await service.run(CASES["/convert icon"])
        totals = await service.totals()
    assert not wrong_totals([outcome], totals)
    (fault, *_) = wrong_totals([outcome, outcome], totals)
    assert fault.startswith("/metrics, /convert, stack: ")
