"""Counts what a running service copies and compares its ledger; exit code 1 if they differ."""

import argparse
import asyncio
import sys

from audit.cases import cases
from audit.service import audited, ways_in, wrong_totals
from audit.table import table


async def audit(ingest: str | None) -> list[str]:
    """Run all cases, show them, and return what is wrong."""
    async with audited(ingest) as service:
        outcomes = [await service.run(case) for case in cases()]
        totals = await service.totals()
    print(f"\n== ingest: {ingest}" if ingest else "")
    print(table(outcomes))
    faults = [
        f"{one.case.route} {one.case.name}: {fault}" for one in outcomes for fault in one.faults
    ]
    return faults + wrong_totals(outcomes, totals)


def main() -> int:
    """Audit every way in."""
    argparse.ArgumentParser(prog="scripts/audit", description=__doc__).parse_args()
    faults = [fault for ingest in ways_in() for fault in asyncio.run(audit(ingest))]
    print()
    for fault in faults:
        print(f"FAULT: {fault}")
    if not faults:
        print("The ledger is right: every copy that was counted is in it.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
