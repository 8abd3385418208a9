"""The commands `seethrough targets import` and `seethrough checklists publish`."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from server.kit.errors import Invalid, Refusal
from server.people.model import SYSTEM
from server.targets.actions import Targets
from server.targets.imports import Report

MOST_SHOWN = 100


async def run_import(targets: Targets, path: Path, format: str, dry_run: bool, out: TextIO) -> int:
    """Imports with a progress bar and accounts for every row; 0 all used, 1 some refused, 2 unusable, 130 stopped."""
    data, written = _read(path), 0
    with tqdm(unit=" targets", file=sys.stderr, disable=None, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            nonlocal written
            bar.total, written = total, done
            bar.update(done - bar.n)

        try:
            report = await targets.import_register(SYSTEM, data, format, dry_run=dry_run, progress=progress)
        except (asyncio.CancelledError, Refusal) as problem:
            if written:
                print(f"Stopped. {written:,} targets were written and stay; import again to go on.", file=out)
            if isinstance(problem, Refusal):
                raise
            return 130
    account_for(report, path.name, dry_run, out)
    return 1 if report.refused else 0


def account_for(report: Report, name: str, dry_run: bool, out: TextIO) -> None:
    """Every row in one of six lines that add up, then what was tidied, blank or refused, one by one."""
    reading = report.reading
    print(f"{name}: {reading.total:,} rows" + (" (dry run: nothing was written)" if dry_run else ""), file=out)
    for count, words in (
        (report.added, "added"),
        (report.changed, "changed"),
        (report.unchanged, "unchanged"),
        (len(reading.same), "say what an earlier row says, dropped"),
        (len(reading.conflicts), "share another row's key but say less, dropped (of equals the first was kept)"),
        (report.refused, "refused"),
    ):
        print(f"  {count:>7,} {words}", file=out)
    _counted(reading.tidied, "Tidied, by cells:", out)
    _counted(reading.blanks, "Blank cells, by column:", out)
    _shown([f"line {line} repeats line {first}" for line, first in reading.same], "Repeated:", out)
    conflicts = [f"line {c.dropped}: dropped for line {c.kept} (key {c.key})" for c in reading.conflicts]
    _shown(conflicts, "Conflicting:", out)
    _shown(report.shared_codes, "Credit codes that several targets have (premises of one licence, or a slip):", out)
    _shown(reading.left_out, "Left out, the row was kept without it:", out)
    _shown(reading.refused, "Refused:", out)


def _counted(counts: Counter[str], title: str, out: TextIO) -> None:
    _shown([f"{count:>7,} {words}" for words, count in sorted(counts.items())], title, out)


def _shown(lines: Sequence[object], title: str, out: TextIO) -> None:
    if lines:
        print(title, file=out)
    for line in lines[:MOST_SHOWN]:
        print(f"  {line}", file=out)
    if len(lines) > MOST_SHOWN:
        print(f"  … and {len(lines) - MOST_SHOWN:,} more", file=out)


async def run_publish(targets: Targets, path: Path, out: TextIO) -> int:
    """Publishes a checklist as its next version."""
    checklist = await targets.publish_checklist(SYSTEM, _read(path))
    print(
        f"{checklist.title_zh}: version {checklist.version} of “{checklist.code}”, {len(checklist.items)} items.",
        file=out,
    )
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise Invalid("{path} cannot be read ({problem}).", path=path, problem=problem.strerror) from None
