"""Makers of what tests stand on: a house with its rooms, people who play, a registry, an episode that is live."""

import asyncio
import csv
import hashlib
import io
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from server.app import prepare_house
from server.ballots.model import Ballot, Receipt
from server.citizens.model import Citizen, Tier
from server.config import Settings
from server.demo_choosing import solved
from server.draws.model import Draw
from server.draws.plan import Asked
from server.episodes.lifecycle import Method, Phase
from server.house import House
from server.inspections.findings import Draft
from server.inspections.model import Finding, Inspection, Result, Severity
from server.kit.clock import Clock
from server.kit.mongo import Database
from server.people.model import SYSTEM, Person, Role
from tests.fakes import FakeClock

CHECKLIST = Path(__file__).parent.parent / "server/targets/checklists/catering.json"
PASSWORD = "a long enough password"


@dataclass(frozen=True)
class Cast:
    """One operator, two inspectors, a deputy."""

    operator: Person
    inspectors: tuple[Person, Person]
    deputy: Person


def settings_for_tests(folder: Path, **knobs: Any) -> Settings:
    """Settings under which a draw waits for a second and asks no beacon, and few targets last for many episodes."""
    usual = {
        "draw_lead_seconds": 1.0,
        "beacon_url": "",
        "target_cap": 366,
        "target_interval_days": 0,
        "challenge_numbers": 10,
        "ballot_least_minutes": 0.0,
    }
    return Settings(**{"data_dir": folder, **usual, **knobs})


@asynccontextmanager
async def open_house(database: Database, folder: Path, clock: Clock, **knobs: Any) -> AsyncIterator[House]:
    """Every room, prepared, with the sequencer running."""
    house = House(settings_for_tests(folder, **knobs), clock=clock, database=database)
    await prepare_house(house)
    house.tasks.keep("ledger sequencer", house.ledger.sequence_forever)
    try:
        yield house
    finally:
        await house.tasks.close()


async def hire(house: House, role: Role, login: str, certificate: str = "") -> Person:
    """A person with an account; everybody's password is PASSWORD."""
    _, secret = await house.people.invite(SYSTEM, role, f"Test {login}", certificate=certificate)
    return await house.people.accept(secret, login, PASSWORD)


async def hire_cast(house: House) -> Cast:
    """Everybody an episode needs."""
    return Cast(
        await hire(house, Role.OPERATOR, "operator"),
        (
            await hire(house, Role.INSPECTOR, "inspector", "T-001"),
            await hire(house, Role.INSPECTOR, "partner", "T-002"),
        ),
        await hire(house, Role.DEPUTY, "deputy"),
    )


def register(count: int = 5) -> bytes:
    """A register in our own format."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("name", "address", "district", "category", "code", "grade", "key"))
    for n in range(count):
        writer.writerow((f"测试面馆{n}", f"测试路{n + 1}号", "测试区", "catering", "", "B", f"T{n:04d}"))
    return out.getvalue().encode()


async def fill_registry(house: House, count: int = 5) -> None:
    """Targets, and the checklist they are inspected by."""
    await house.targets.import_register(SYSTEM, register(count), "own")
    await house.targets.publish_checklist(SYSTEM, CHECKLIST.read_bytes())


async def planned(house: House, cast: Cast) -> Inspection:
    """An episode that is ready, and its inspection."""
    plan = {Phase.LIVE.value: house.clock()}
    episode = await house.episodes.create(
        cast.operator, title="测试一期", method=Method.DRAW, plan=plan, category="catering"
    )
    await drawn(house, cast.operator, episode.id)
    return await house.teams.assign(cast.operator, episode.id)


async def drawn(house: House, operator: Person, episode_id: str, numbers: str = "5 3 8") -> Draw:
    """A draw by public numbers, announced and decided a second later."""
    due = house.clock() + timedelta(seconds=house.settings.draw_lead_seconds + 1)
    asked = Asked(beacon=False, numbers_name="Test numbers", numbers_due=due)
    draw = await house.choosing.announce(operator, episode_id, asked)
    await reach(house.clock, due)
    return await house.sources.give(operator, draw.id, 0, numbers)


async def reach(clock: Clock, moment: datetime) -> None:
    """Has a clock show this moment: a fake one is moved, a real one waited for."""
    if isinstance(clock, FakeClock):
        clock.at = max(clock.at, moment)
    elif clock() < moment:
        await asyncio.sleep((moment - clock()).total_seconds() + 0.01)


async def live(house: House, cast: Cast) -> Inspection:
    """An inspection that is live."""
    inspection = await planned(house, cast)
    return await house.inspections.start(cast.operator, inspection.episode)


async def failing(house: House, cast: Cast, inspection: Inspection, item: str = "C06") -> Finding:
    """A failing finding of a live inspection."""
    draft = Draft(item, Result.FAIL, Severity.HIGH, "过期酱油一瓶", key=secrets.token_hex(8))
    return await house.findings.publish(cast.inspectors[0], inspection.id, draft)


def photo(width: int = 64, height: int = 48, **save: Any) -> bytes:
    """A JPEG."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG", **save)
    return out.getvalue()


def citizen(number: int, tier: Tier = Tier.DEVICE) -> Citizen:
    """Somebody, always the same for a number."""
    device = hashlib.sha256(f"device {number}".encode()).hexdigest()[:32]
    identity = device if tier is Tier.DEVICE else hashlib.sha256(f"{tier} {number}".encode()).hexdigest()
    return Citizen(device, tier, identity)


def proof(house: House, who: Citizen, scope: str) -> str:
    """Work done, as a browser does it."""
    return solved(house.citizens.challenge(who, scope))


async def shortlisted(house: House, operator: Person, episode: str, targets: Sequence[str]) -> None:
    """Each of these targets proposed by somebody and put on the shortlist."""
    for target in targets:
        who = citizen(secrets.randbelow(2**60))
        work = proof(house, who, f"nominate:{episode}")
        address = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"
        made = await house.nominations.propose(who, address, episode, target=target, reason="想看看后厨", proof=work)
        await house.curation.shortlist(operator, made.id)


async def vote(house: House, ballot: Ballot, choices: Sequence[str], who: Citizen | int) -> Receipt:
    """A vote with its receipt."""
    voter = citizen(who) if isinstance(who, int) else who
    work = proof(house, voter, f"ballot:{ballot.id}")
    receipt, _ = await house.ballots.cast(voter, "198.51.100.7", ballot.id, choices, secrets.token_hex(16), work)
    return receipt
