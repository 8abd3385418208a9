"""The fictional city of 澄明市 (Chengming): registry, people, a finished episode, and one live now.

Everything goes through the same actions, doors and sockets as in production; only the story is made up.
"""

import asyncio
import contextlib
import io
import logging
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from server import serving
from server.app import HOUSE
from server.config import Settings
from server.demo_choosing import announce_ceremony, open_ballot, open_nominations, witness
from server.demo_city import CHECKLIST, FINISHED, LIVE, PEOPLE, register
from server.draws.model import Draw
from server.draws.plan import Asked
from server.draws.shuffle import commitment
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode
from server.house import House
from server.inspections.findings import Draft
from server.inspections.model import Inspection, Result, Severity
from server.kit.clock import now
from server.kit.errors import ChangedMeanwhile, TooLate, Unavailable
from server.kit.mongod import CannotStart
from server.people.model import SYSTEM, Person, Role
from server.rectifications.model import State
from streaming.camera import Picture
from streaming.camera_scene import Scene

log = logging.getLogger(__name__)

CITY = "澄明市"
MARK = "this-is-a-demo"
"""A file that says that a data directory may be thrown away."""
FINDING_SECONDS = 20.0
FIRST_FINDING_SECONDS = 8.0
CAMERA_PAUSE_SECONDS = 1.0


class Calendar:
    """The demo's clock: the past is told as if it happened then, the present is now."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        """The moment in the story."""
        return now() + self.offset


@dataclass(frozen=True)
class Cast:
    """Who plays; passwords are made for this run."""

    people: dict[str, Person]
    logins: list[tuple[str, str, str]]

    def one(self, role: Role, which: int = 0) -> Person:
        """A person of this role."""
        return [p for p in self.people.values() if p.role is role][which]


async def run_demo(settings: Settings) -> int:
    """Seeds the city, goes live, serves until a signal; returns the exit code."""
    settings = demo_settings(settings)
    start_afresh(settings.data_dir)
    calendar, stop = Calendar(), serving.stopping()
    async with serving.database(settings) as database, serving.listening(settings, database, calendar) as app:
        house = app[HOUSE]
        print(f"Seethrough demo: {settings.base_url}  (telling the city's story…)", flush=True)
        cast = await tell_past(house, calendar)
        live = await go_live(house, cast, calendar)
        draw = await announce_ceremony(house, cast.one(Role.OPERATOR))
        _print_cast(settings, cast, live, await house.rectifications.make_link(SYSTEM, live.id), draw)
        async with on_air(house, cast, live, draw):
            await stop.wait()
    return 0


def demo_settings(settings: Settings) -> Settings:
    """Settings of the demo where none were given: its own directory, its own city, a picture without much delay."""
    fresh = Settings()
    return replace(
        settings,
        data_dir=Path(".seethrough/demo") if settings.data_dir == fresh.data_dir else settings.data_dir,
        city=settings.city or CITY,
        sms_url=settings.sms_url or "log:",
        ledger_origin="chengming.example/ledger",
        safety_delay_seconds=(
            0.0 if settings.safety_delay_seconds == fresh.safety_delay_seconds else settings.safety_delay_seconds
        ),
    )


def start_afresh(folder: Path) -> None:
    """Throws the last demo away. A directory that is no demo's, or in which one runs, is left alone."""
    if serving.in_use(folder):
        raise CannotStart(
            f"A server already runs in {folder}. Stop it, or set SEETHROUGH_DATA_DIR to another directory."
        )
    if (folder / MARK).exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise CannotStart(
            f"{folder} holds something that is not a demo. Set SEETHROUGH_DATA_DIR to an empty directory."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / MARK).touch()


async def tell_past(house: House, calendar: Calendar) -> Cast:
    """A registry, people, a checklist, an episode of three weeks ago with rectifications in every state."""
    calendar.offset = timedelta(days=-40)
    cast = await hire(house)
    await house.targets.import_register(SYSTEM, register(), "own")
    await house.targets.publish_checklist(SYSTEM, CHECKLIST.read_bytes())
    calendar.offset = timedelta(days=-30)
    inspection = await begin(house, cast, "城东片区餐饮后厨", calendar, calendar() + timedelta(hours=1))
    for line in FINISHED:
        calendar.offset += timedelta(minutes=4)
        await say(house, cast, inspection, line.item, line.result, line.severity, line.words)
    await house.inspections.conclude(cast.one(Role.OPERATOR), inspection.episode)
    await follow(house, cast, inspection, calendar)
    calendar.offset = timedelta(hours=-2)
    await open_nominations(house, cast.one(Role.OPERATOR))
    await open_ballot(house, cast.one(Role.OPERATOR))
    calendar.offset = timedelta()
    return cast


async def hire(house: House) -> Cast:
    """Accounts by invitation, as in life."""
    people, logins = {}, []
    for given in PEOPLE:
        _, secret = await house.people.invite(
            SYSTEM, given.role, given.name, department=given.department, certificate=given.certificate
        )
        password = f"{given.login}-{secrets.token_hex(4)}"
        people[given.login] = await house.people.accept(secret, given.login, password)
        logins.append((given.role.value, given.login, password))
    return Cast(people, logins)


async def begin(house: House, cast: Cast, title: str, calendar: Calendar, live_at: datetime) -> Inspection:
    """Plan, then start."""
    planned = await plan(house, cast, title, calendar, live_at)
    return await house.inspections.start(cast.one(Role.OPERATOR), planned.episode)


async def plan(house: House, cast: Cast, title: str, calendar: Calendar, live_at: datetime) -> Inspection:
    """Create, draw target and inspectors before witnesses, assign."""
    operator = cast.one(Role.OPERATOR)
    moments = {Phase.DRAWING.value: live_at - timedelta(days=1), Phase.LIVE.value: live_at}
    episode = await house.episodes.create(operator, title=title, method=Method.DRAW, plan=moments, category="catering")
    await draw_by_ceremony(house, cast, episode, calendar)
    return await house.teams.assign(operator, episode.id)


async def draw_by_ceremony(house: House, cast: Cast, episode: Episode, calendar: Calendar) -> None:
    """Two witnesses seal a secret each, then open them; no beacon is needed, so it works without a network."""
    asked = Asked(beacon=False, commit_minutes=5, reveal_minutes=5)
    draw = await house.choosing.announce(cast.one(Role.OPERATOR), episode.id, asked)
    sealed = {}
    for deputy in (cast.one(Role.DEPUTY), cast.one(Role.DEPUTY, 1)):
        calendar.offset += timedelta(minutes=1)
        sealed[deputy] = secrets.token_bytes(32)
        await house.sources.witness(deputy, draw.id, commitment(draw.id, deputy.mark, sealed[deputy]))
    calendar.offset += timedelta(minutes=4)
    for deputy, secret in sealed.items():
        calendar.offset += timedelta(seconds=20)
        await house.sources.reveal(deputy, draw.id, secret.hex())
    while (await house.draws.get(draw.id)).is_open:
        with contextlib.suppress(ChangedMeanwhile):  # The server's own look at open draws was faster.
            await house.sources.advance(draw.id)


def snapshot(at: datetime) -> bytes:
    """A photo of the drawn kitchen, as a phone would take it."""
    out = io.BytesIO()
    Scene(Picture()).at(secrets.randbelow(60), at).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def say(
    house: House,
    cast: Cast,
    inspection: Inspection,
    item: str,
    result: Result,
    severity: Severity,
    words: str,
) -> None:
    """An inspector of the team publishes a finding, with a photo where something is wrong."""
    inspector = next(p for p in cast.people.values() if p.id in inspection.team)
    photos = [await asyncio.to_thread(snapshot, house.clock())] if result is Result.FAIL else []
    draft = Draft(item, result, severity, words, key=secrets.token_hex(8), photos=photos, media_at=house.clock())
    await house.findings.publish(inspector, inspection.id, draft)


PATHS: Sequence[tuple[State, ...]] = (
    (),
    (State.SUBMITTED,),
    (State.SUBMITTED, State.REINSPECTED),
    (State.SUBMITTED, State.REINSPECTED, State.VERIFIED),
    (State.SUBMITTED, State.REINSPECTED, State.VERIFIED, State.OBJECTION),
    (State.SUBMITTED, State.REINSPECTED, State.VERIFIED, State.OBJECTION, State.CLOSED),
    (State.SUBMITTED, State.RETURNED),
    (State.EXTENDED,),
    (State.TRANSFERRED,),
    (State.SUBMITTED, State.REINSPECTED, State.VERIFIED, State.OBJECTION, State.CLOSED, State.REOPENED),
)
"""One rectification for each state, as far as it went. The one that was withdrawn follows from its finding."""
STEP_WORDS = {
    State.SUBMITTED: "已按要求整改，照片附后。",
    State.REINSPECTED: "现场复查，情况属实。",
    State.VERIFIED: "第一核查人确认整改到位。",
    State.RETURNED: "照片看不清日期标签，请重新提交。",
    State.EXTENDED: "设备订购需要时间，延长一次。",
    State.TRANSFERRED: "涉及行政处罚，移送立案。",
    State.REOPENED: "市民反映问题再次出现，重新办理。",
}


async def follow(house: House, cast: Cast, inspection: Inspection, calendar: Calendar) -> None:
    """Moves each rectification as far as its path goes, days passing in between; the next one's finding was wrong."""
    orders = await house.rectifications.store.find(inspection=inspection.id)
    withdrawn = await house.findings.get(orders[len(PATHS)].finding)
    began = calendar.offset
    for order, path in zip(orders, PATHS, strict=False):
        calendar.offset = began
        for to in path:
            calendar.offset += timedelta(days=house.settings.objection_days + 1 if to is State.CLOSED else 2)
            await house.rectifications.move(_mover(cast, to), order.id, to, STEP_WORDS.get(to, ""))
    calendar.offset = began + timedelta(days=1)
    inspector = next(p for p in cast.people.values() if p.id == withdrawn.by)
    await house.findings.withdraw(inspector, withdrawn.id, "复核照片后确认记录有误，予以撤回。")


def _mover(cast: Cast, to: State) -> Person:
    """Who takes a step; the second key is another person's than the first."""
    by_operator = {State.EXTENDED, State.TRANSFERRED, State.REOPENED, State.OBJECTION, State.CLOSED}
    return cast.one(Role.OPERATOR if to in by_operator else Role.INSPECTOR)


async def go_live(house: House, cast: Cast, calendar: Calendar) -> Inspection:
    """Today's episode, live; its lots were drawn an hour ago."""
    calendar.offset = timedelta(hours=-1)
    planned = await plan(house, cast, "走进后厨：今晚吃得放心吗", calendar, calendar() + timedelta(hours=1))
    calendar.offset = timedelta()
    return await house.inspections.start(cast.one(Role.OPERATOR), planned.episode)


@contextlib.asynccontextmanager
async def on_air(house: House, cast: Cast, inspection: Inspection, draw: Draw) -> AsyncIterator[None]:
    """A camera over real WHIP, findings that arrive while it runs, a draw before its witnesses."""
    deputies = [p for p in cast.people.values() if p.role is Role.DEPUTY]
    ceremony = house.tasks.start("demo ceremony", witness(house, draw, deputies))
    camera = house.tasks.start("demo camera", _film(house, cast, inspection))
    findings = house.tasks.start("demo findings", _find(house, cast, inspection))
    try:
        yield
    finally:
        for task in (camera, findings, ceremony):
            task.cancel()
        await asyncio.gather(camera, findings, ceremony, return_exceptions=True)


async def _film(house: House, cast: Cast, inspection: Inspection) -> None:
    """The synthetic camera, again and again, until an operator has concluded the visit or cut its picture."""
    inspector = next(p for p in cast.people.values() if p.id in inspection.team)
    with contextlib.suppress(TooLate):
        while True:
            with contextlib.suppress(Unavailable, ConnectionError):  # The database or the camera broke off: again.
                token, _ = await house.inspections.issue_token(inspector, inspection.id)
                await _run_camera(f"http://{house.settings.host}:{house.settings.port}/whip/{inspection.id}", token)
            await asyncio.sleep(CAMERA_PAUSE_SECONDS)


async def _run_camera(url: str, token: str) -> None:
    """The camera in a process of its own; it ends when it is refused or its connection is lost."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streaming.camera", url, "--token", "-", stdin=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdin is not None
        process.stdin.write(f"{token}\n".encode())  # Not as an argument: other users see those.
        await process.stdin.drain()
        await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _find(house: House, cast: Cast, inspection: Inspection) -> None:
    """What the inspectors find, line by line, until the visit is over."""
    await asyncio.sleep(FIRST_FINDING_SECONDS)
    with contextlib.suppress(TooLate):
        for line in LIVE:
            await say(house, cast, inspection, line.item, line.result, line.severity, line.words)
            await asyncio.sleep(FINDING_SECONDS)


def _print_cast(settings: Settings, cast: Cast, inspection: Inspection, link: str, draw: Draw) -> None:
    out = io.StringIO()
    print(f"\n  Live now:  {settings.base_url}/episodes/{inspection.episode}", file=out)
    print(f"  Draw:      {settings.base_url}/draws/{draw.id} (its lots fall in about two minutes)", file=out)
    print(f"  Sign in:   {settings.base_url}/sign-in", file=out)
    for role, login, password in cast.logins:
        print(f"    {role:<10} {login:<10} {password}", file=out)
    print(f"  Business:  {settings.base_url}/business/{link}", file=out)
    print("  Stop with Ctrl-C.\n", file=out)
    print(out.getvalue(), end="", flush=True)
