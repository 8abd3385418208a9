"""A full story behind the whole application, told once for all tests of a file, and the addresses of its pages."""

from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio

from server.episodes.lifecycle import Method, Phase
from server.inspections.findings import Draft
from server.inspections.model import Result, Severity
from server.people.model import SYSTEM, Person, Role
from server.rectifications.model import State
from tests.fakes import FakeClock
from tests.makers import Cast, failing, fill_registry, live, photo
from tests.server.conftest import Site, open_site
from tests.server.viewing.draw_stage import stage  # noqa: F401  a fixture

PASSWORD = "a long enough password"
BACKGROUND = {"ledger_head", "ledger_pending", "system.profile"}
"""Collections that are asked all the time, whoever looks at a page."""


@dataclass
class Story:
    """A finished inspection with rectifications, one that is live, one to come; and who played."""

    site: Site
    cast: Cast
    past: Any = None
    now: Any = None
    coming: Any = None
    link: str = ""
    findings: dict[str, Any] = field(default_factory=dict)
    orders: dict[str, Any] = field(default_factory=dict)

    @property
    def house(self):
        return self.site.house

    @property
    def pages(self) -> list[tuple[str, Person | None]]:
        """Every page, and somebody who may see it."""
        operator, inspector = self.cast.operator, self.member
        past, now = f"/episodes/{self.past.episode}", f"/episodes/{self.now.episode}"
        return [
            *((path, None) for path in ("/", "/episodes", "/episodes?phase=live", past, now, "/ledger")),
            *((f"/episodes/{self.coming.id}", who) for who in (None, operator)),
            *((f"/findings/{finding.id}", None) for finding in self.findings.values()),
            *(
                (path, None)
                for path in ("/rectifications", "/rectifications?overdue=1", "/rectifications?state=closed")
            ),
            *((f"/rectifications/{order.id}", who) for order in self.orders.values() for who in (None, inspector)),
            *((f"/draws/{draw}", None) for draw in self.draws),
            *((path, None) for path in ("/targets", "/targets?q=面馆", f"/targets/{self.past.target}")),
            ("/checklists/catering/1", None),
            ("/ledger/entries/0", None),
            ("/console", inspector),
            (f"/console/{self.now.id}", inspector),
            (f"/console/{self.past.id}", inspector),
            ("/operator", operator),
            (f"/operator/episodes/{self.now.episode}", operator),
            (f"/operator/episodes/{self.coming.id}", operator),
            (f"/business/{self.link}", None),
        ]

    @property
    def member(self) -> Person:
        """An inspector on the team; both are."""
        return self.cast.inspectors[0]

    async def twin(self, path, who=None, **options):
        """The JSON twin of a page."""
        bare, _, query = path.partition("?")
        twin = "/index.json" if bare == "/" else f"{bare}.json"
        return await self.site.json(f"{twin}?{query}", who, **options)


async def hire(house, role: Role, login: str, name: str, certificate: str = "") -> Person:
    """Somebody whose login appears nowhere else."""
    _, secret = await house.people.invite(SYSTEM, role, name, department="测试局", certificate=certificate)
    return await house.people.accept(secret, login, PASSWORD)


async def hire_all(house) -> Cast:
    return Cast(
        await hire(house, Role.OPERATOR, "login-one", "王管理"),
        (
            await hire(house, Role.INSPECTOR, "login-two", "李检查", "T-001"),
            await hire(house, Role.INSPECTOR, "login-three", "张检查", "T-002"),
        ),
        await hire(house, Role.DEPUTY, "login-four", "赵代表"),
    )


async def find(story: Story, inspection, item: str, result: Result, words: str, *photos: bytes):
    draft = Draft(item, result, Severity.HIGH, words, key=f"{inspection.id} {item}", photos=photos)
    return await story.house.findings.publish(story.member, inspection.id, draft)


async def tell_past(story: Story) -> None:
    """Fails, one of them withdrawn; passes; one closed, one handed in by the business, one overdue."""
    house, clock = story.house, story.house.clock
    story.past = await live(house, story.cast)
    for item in ("C01", "C02", "C03", "C04"):
        clock.advance(minutes=1)
        story.findings[item] = await find(story, story.past, item, Result.FAIL, f"问题 {item}", photo())
    clock.advance(minutes=1)
    story.findings["C05"] = await find(story, story.past, "C05", Result.PASS, "")
    await house.findings.withdraw(story.member, story.findings["C04"].id, "记录有误")
    await house.inspections.conclude(story.cast.operator, story.past.episode)
    for item in ("C01", "C02", "C03", "C04"):
        story.orders[item] = await house.rectifications.store.of_finding(story.findings[item].id)
    for to in (State.SUBMITTED, State.REINSPECTED, State.VERIFIED, State.OBJECTION, State.CLOSED):
        who = story.cast.inspectors[1] if to is State.OBJECTION else story.member
        await house.rectifications.move(who, story.orders["C01"].id, to, f"第 {to} 步")
        clock.advance(days=7)
    story.link = await house.rectifications.make_link(story.cast.operator, story.past.id)
    await house.rectifications.hand_in(story.link, story.orders["C02"].id, "已经换新")


async def tell(site: Site) -> Story:
    """From the registry to today."""
    house = site.house
    await fill_registry(house)
    story = Story(site, await hire_all(house))
    await tell_past(story)
    story.now = await live(house, story.cast)
    story.findings["now"] = await failing(house, story.cast, story.now)
    story.coming = await house.episodes.create(
        story.cast.operator, title="下一期", method=Method.VOTE, plan={Phase.LIVE.value: house.clock()}
    )
    await house.findings.settle(story.findings["now"])
    story.draws = [
        draw.id for i in (story.past, story.now) for draw in await house.draws.store.all_of_episode(i.episode)
    ]
    return story


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(lasting_database, tmp_path_factory):
    """The story; tests only look at it."""
    async with open_site(lasting_database, tmp_path_factory.mktemp("story"), FakeClock()) as site:
        yield await tell(site)


@pytest_asyncio.fixture(loop_scope="module")
async def asked(lasting_database):
    """Counts what the database is asked while something is done, by its own profiler."""
    profile = lasting_database.collection("system.profile")

    async def count(doing) -> int:
        before = await profile.count({})
        await lasting_database.command({"profile": 2}, on=lasting_database.name)
        try:
            await doing
        finally:
            await lasting_database.command({"profile": 0}, on=lasting_database.name)
        found = (await profile.find({}, sort=[("ts", 1)]))[before:]
        names = [d["ns"].split(".", 1)[1] for d in found if d["op"] in ("query", "command", "getmore")]
        return sum(name not in BACKGROUND and name != "$cmd" for name in names)

    return count
