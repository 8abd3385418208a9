import asyncio
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler.deadlines import Calendar
from server.episodes.lifecycle import Phase
from server.inspections.model import NoSuchInspection, words_digest
from server.kit.errors import Invalid, NotAllowed, TooLate
from server.people.model import VIEWER
from server.rectifications.actions import Rectifications
from server.rectifications.model import (
    BadLink,
    ExtendedBefore,
    NoSuchRectification,
    ObjectionsOpen,
    SameVerifier,
    State,
)
from tests.makers import failing, live

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Interrupted(Exception):
    """What a test throws into a transaction."""


async def test_a_failing_finding_orders_a_rectification(case):
    order = await case.order()
    assert (order.state, order.inspection, order.episode) == (
        State.ORDERED,
        case.inspection.id,
        case.inspection.episode,
    )
    assert (order.district, order.ordered_at) == ("测试区", case.clock())
    [step] = order.steps
    assert (step.before, step.to, step.words) == (None, State.ORDERED, "过期酱油一瓶")


async def test_noun_and_fact_of_an_order_are_written_together_or_not_at_all(case, lasting_database):
    finding = await failing(case.house, case.cast, case.inspection)
    ordered = [f for f in map(json.loads, await case.facts()) if f["kind"] == "rectification.ordered"]
    assert ordered[-1]["body"]["finding"] == finding.id
    before = len(await case.facts())

    async def work(tx):
        await lasting_database.collection("rectifications").delete({"finding": finding.id}, tx=tx)
        await case.rectifications.order(tx, finding, "过期食品", "mark")
        raise Interrupted

    with pytest.raises(Interrupted):
        await lasting_database.transact(work)
    assert len(await case.facts()) == before
    assert (await case.store.of_finding(finding.id)).version == 0


async def test_noun_and_fact_of_a_step_are_written_together_or_not_at_all(case):
    order, before = await case.order(), len(await case.facts())

    async def interrupt(_tx, _episode):
        raise Interrupted

    case.rectifications.on_settled = interrupt
    with pytest.raises(Interrupted):
        await case.move(order, State.TRANSFERRED)
    assert len(await case.facts()) == before
    assert (await case.store.get(order.id)).state is State.ORDERED


async def test_the_fact_of_a_step_holds_digests_and_no_words(case):
    order = await case.order()
    moved = await case.move(order, State.SUBMITTED, "我们已经全部换新")
    facts = await case.facts()
    fact = json.loads(facts[-1])
    assert fact["kind"] == "rectification.moved"
    assert fact["subject"] == order.id
    assert fact["by"] == case.cast.inspectors[0].mark
    assert fact["body"] == {
        "from": "ordered",
        "to": "submitted",
        "words_digest": words_digest(moved.steps[-1].salt, "我们已经全部换新"),
        "due_on": "2026-03-20",
    }
    assert not [f for f in facts if "换新" in f or "过期酱油" in f]


async def test_it_is_due_after_ten_working_days_of_the_city(case):
    assert (await case.order("C01")).due_on == date(2026, 3, 20)
    case.clock.at = datetime(2026, 3, 8, 17, 0, tzinfo=UTC)  # Monday already, in Shanghai.
    assert (await case.order("C02")).due_on == date(2026, 3, 23)


async def test_holidays_and_make_up_days_count(case, lasting_database):
    calendar = Calendar(holidays=frozenset({date(2026, 3, 9)}), make_up_days=frozenset({date(2026, 3, 14)}))
    house = case.house
    rectifications = Rectifications(
        lasting_database, house.ledger, house.targets, case.clock, zone=UTC, days=5, objection_days=7, calendar=calendar
    )
    finding = await failing(house, case.cast, case.inspection)

    async def work(tx):
        await lasting_database.collection("rectifications").delete({"finding": finding.id}, tx=tx)
        await rectifications.order(tx, finding, "过期食品", "mark")

    await lasting_database.transact(work)
    assert (await case.store.of_finding(finding.id)).due_on == date(2026, 3, 14)


async def test_an_extension_goes_on_from_the_deadline_and_is_given_once(case):
    extended = await case.move(await case.order(), State.EXTENDED)
    assert extended.due_on == date(2026, 4, 3)
    await case.move(extended, State.SUBMITTED)
    await case.move(extended, State.RETURNED)
    with pytest.raises(ExtendedBefore):
        await case.move(extended, State.EXTENDED)


async def test_whoever_is_late_already_is_extended_from_today(case):
    order = await case.order()
    case.clock.advance(days=30)
    assert (await case.move(order, State.EXTENDED)).due_on == date(2026, 4, 20)  # Qingming, 6 April, is no working day


@pytest.mark.parametrize("state", [State.RETURNED, State.REOPENED])
async def test_who_must_do_it_again_has_time_for_it(case, state):
    again = await case.bring(await case.order(), state)
    assert again.due_on == date(2026, 3, 20)
    submitted = await case.move(again, State.SUBMITTED)
    case.clock.advance(days=30)
    assert (await case.move(submitted, State.RETURNED)).due_on == date(
        2026, 4, 20
    )  # Qingming, 6 April, is no working day


async def test_two_people_turn_the_two_keys(case):
    verified = await case.bring(await case.order(), State.VERIFIED)
    with pytest.raises(SameVerifier):
        await case.move(verified, State.OBJECTION, "", by=case.cast.inspectors[0])
    assert (await case.store.get(verified.id)).state is State.VERIFIED
    await case.move(verified, State.OBJECTION, "", by=case.cast.inspectors[1])


async def test_it_is_closed_when_the_clock_says_that_nobody_may_object_any_more(case):
    open_ = await case.bring(await case.order(), State.OBJECTION)
    assert open_.objections_until == case.clock() + timedelta(days=7)
    case.clock.advance(days=7, milliseconds=-1)
    with pytest.raises(ObjectionsOpen):
        await case.move(open_, State.CLOSED)
    case.clock.advance(milliseconds=1)
    assert (await case.move(open_, State.CLOSED, "")).state is State.CLOSED


async def test_a_reopened_one_gets_a_new_objection_window(case):
    again = await case.bring(await case.order(), State.REOPENED)
    assert again.objections_until is None
    case.clock.advance(days=20)
    again = await case.bring(again, State.OBJECTION)
    assert again.objections_until == case.clock() + timedelta(days=7)


async def test_only_officers_move_a_rectification(case):
    order = await case.order()
    for nobody in (None, VIEWER, case.cast.deputy):
        with pytest.raises(NotAllowed, match="Only inspectors and operators may move a rectification"):
            await case.move(order, State.SUBMITTED, by=nobody or VIEWER)
        with pytest.raises(NotAllowed):
            await case.rectifications.make_link(nobody, case.inspection.id)
    with pytest.raises(NotAllowed):
        await case.rectifications.move(None, order.id, State.SUBMITTED, "words")
    with pytest.raises(NotAllowed, match="This step is not yours to take"):
        await case.move(order, State.EXTENDED, by=case.cast.inspectors[0])


async def test_an_unexplained_step_and_one_of_nothing_are_refused(case):
    with pytest.raises(Invalid):
        await case.move(await case.order(), State.SUBMITTED, "")
    with pytest.raises(NoSuchRectification, match=r"^There is no such rectification\.$"):
        await case.rectifications.move(case.cast.operator, "re_nobody", State.SUBMITTED, "words")


async def test_of_two_officers_who_move_it_at_once_one_is_too_late(case):
    order = await case.order()
    steps = [case.move(order, State.SUBMITTED, by=who) for who in (*case.cast.inspectors, case.cast.operator)]
    results = await asyncio.gather(*steps, return_exceptions=True)
    assert sum(isinstance(r, TooLate) for r in results) == 2
    assert len((await case.store.get(order.id)).steps) == 2


async def test_a_withdrawn_finding_ends_what_it_had_set_going(case):
    order = await case.bring(await case.order(), State.SUBMITTED)
    await case.house.findings.withdraw(case.cast.inspectors[0], order.finding, "记录有误")
    ended = await case.store.get(order.id)
    assert (ended.state, ended.steps[-1].words) == (State.WITHDRAWN, "记录有误")
    assert not ended.open


@pytest.mark.parametrize("state", [State.CLOSED, State.TRANSFERRED])
async def test_what_was_settled_stays_so_when_its_finding_is_withdrawn(case, state):
    order = await case.bring(await case.order(), state)
    await case.house.findings.withdraw(case.cast.inspectors[0], order.finding, "记录有误")
    assert (await case.store.get(order.id)).state is state


async def test_the_episode_closes_with_its_last_rectification(case):
    orders = [await case.order(f"C0{n}") for n in (1, 2, 3)]
    await case.conclude()
    assert await case.phase() is Phase.FOLLOWING
    await case.bring(orders[0], State.CLOSED)
    await case.move(orders[1], State.TRANSFERRED)
    assert await case.phase() is Phase.FOLLOWING
    await case.house.findings.withdraw(case.cast.inspectors[0], orders[2].finding, "记录有误")
    assert await case.phase() is Phase.CLOSED
    facts = map(json.loads, await case.facts())
    moved = [f for f in facts if f["kind"] == "episode.moved" and f["subject"] == case.inspection.episode]
    assert (moved[-1]["body"]["to"], moved[-1]["by"]) == ("closed", "system")


async def test_a_live_episode_stays_live_when_nothing_is_open(case):
    await case.move(await case.order(), State.TRANSFERRED)
    assert await case.phase() is Phase.LIVE
    await case.conclude()
    assert await case.phase() is Phase.CLOSED


async def test_the_episode_closes_even_when_the_last_ones_are_settled_at_once(case):
    orders = [await case.order(f"C0{n}") for n in range(1, 7)]
    await case.conclude()
    await asyncio.gather(*(case.move(order, State.TRANSFERRED) for order in orders))
    assert await case.phase() is Phase.CLOSED


async def test_the_episode_closes_even_when_the_last_one_is_settled_while_the_visit_ends(case):
    order = await case.order()
    await asyncio.gather(case.conclude(), case.move(order, State.TRANSFERRED))
    assert await case.phase() is Phase.CLOSED


async def test_a_business_hands_in_by_its_link(case):
    order = await case.order()
    link = await case.rectifications.make_link(case.cast.operator, case.inspection.id)
    moved = await case.rectifications.hand_in(link, order.id, "已经换新")
    assert (moved.state, moved.steps[-1].by_role, moved.steps[-1].words) == (State.SUBMITTED, "business", "已经换新")
    with pytest.raises(TooLate):
        await case.rectifications.hand_in(link, order.id, "再说一次")


async def test_a_new_link_ends_the_old_one(case):
    order = await case.order()
    old, new = [await case.rectifications.make_link(case.cast.operator, case.inspection.id) for _ in range(2)]
    sentence = r"^This link opens nothing \(any more\)\. Ask the authority for a new one\.$"
    with pytest.raises(BadLink, match=sentence):
        await case.rectifications.open_link(old)
    with pytest.raises(BadLink):
        await case.rectifications.hand_in(old, order.id, "已经换新")
    assert await case.rectifications.open_link(new) == case.inspection.id


async def test_a_link_is_made_for_an_inspection_that_exists(case):
    with pytest.raises(NoSuchInspection):
        await case.rectifications.make_link(case.cast.operator, "in_nobody")


async def test_a_link_is_kept_as_a_digest_alone(case, lasting_database):
    link = await case.rectifications.make_link(case.cast.operator, case.inspection.id)
    assert link not in str(await lasting_database.collection("business_links").find({}))


async def test_a_link_moves_nothing_of_other_inspections(case):
    order = await case.order()
    other = await live(case.house, case.cast)
    link = await case.rectifications.make_link(case.cast.operator, other.id)
    with pytest.raises(NoSuchRectification, match=r"^There is no such rectification\.$"):
        await case.rectifications.hand_in(link, order.id, "已经换新")
    assert (await case.store.get(order.id)).state is State.ORDERED
    assert await case.rectifications.open_link(link) == other.id
