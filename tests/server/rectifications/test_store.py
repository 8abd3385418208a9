import asyncio
from dataclasses import replace
from datetime import date

import pytest

from server.kit.errors import ChangedMeanwhile, Duplicate
from server.rectifications.model import State

LATE = date(2026, 3, 21)
pytestmark = pytest.mark.asyncio(loop_scope="module")
alone = pytest.mark.asyncio(loop_scope="function")


async def test_a_rectification_is_kept_whole(case):
    moved = await case.bring(await case.order(), State.OBJECTION)
    kept = await case.store.get(moved.id)
    assert kept == replace(moved, version=kept.version)
    assert [step.to for step in kept.steps][-1] is State.OBJECTION
    assert kept.objections_until is not None


async def test_what_is_not_there_is_none(case):
    assert await case.store.get("re_nobody") is None
    assert await case.store.of_finding("fi_nobody") is None
    assert await case.store.link("no digest") is None


async def test_a_finding_sets_one_rectification_going(case, lasting_database):
    order = await case.order()
    with pytest.raises(Duplicate):
        await lasting_database.transact(lambda tx: case.store.insert(replace(order, id="re_2"), tx))


async def test_only_one_of_two_that_read_the_same_version_is_saved(case, lasting_database):
    order = await case.order()
    await lasting_database.transact(lambda tx: case.store.save(order, tx))
    with pytest.raises(ChangedMeanwhile):
        await lasting_database.transact(lambda tx: case.store.save(order, tx))


@alone
async def test_the_most_urgent_comes_first(first_case):
    first = await first_case.order("C01")
    first_case.clock.advance(days=3)
    second = await first_case.order("C02")
    assert [r.id for r in await first_case.store.find(episode=first.episode)] == [first.id, second.id]
    assert [r.id for r in await first_case.store.find(limit=1)] == [first.id]
    assert await first_case.store.find(target="ta_nobody") == []


@alone
async def test_late_ones_are_found_and_counted_as_the_model_says(first_case):
    orders = [await first_case.order(f"C0{n}") for n in range(1, 6)]
    for order, state in zip(orders[1:], (State.SUBMITTED, State.RETURNED, State.EXTENDED, State.CLOSED), strict=True):
        await first_case.bring(order, state)
    for today in (date(2026, 3, 20), LATE, date(2027, 1, 1)):
        late = {r.id for r in await first_case.store.find() if r.is_overdue(today)}
        assert {r.id for r in await first_case.store.find(overdue_on=today)} == late
        assert await first_case.store.count_overdue(today) == len(late)
    assert orders[0].id in late


@alone
async def test_late_ones_of_one_state_are_found_too(first_case):
    ordered, closed = await first_case.order("C01"), await first_case.bring(await first_case.order("C02"), State.CLOSED)
    assert [r.id for r in await first_case.store.find(overdue_on=LATE, state=State.ORDERED.value)] == [ordered.id]
    assert await first_case.store.find(overdue_on=LATE, state=closed.state.value) == []


@alone
async def test_counts_per_state_and_per_episode(first_case):
    await first_case.order("C01")
    await first_case.bring(await first_case.order("C02"), State.TRANSFERRED)
    await first_case.bring(await first_case.order("C03"), State.RETURNED)
    assert await first_case.store.count_states() == {State.ORDERED: 1, State.TRANSFERRED: 1, State.RETURNED: 1}
    assert await first_case.store.count_open([first_case.inspection.episode, "ep_nobody"]) == {
        first_case.inspection.episode: 2
    }


async def test_rectifications_are_found_by_many_findings_at_once(case):
    one, two = await case.order("C01"), await case.order("C02")
    found = await case.store.of_findings([one.finding, two.finding, "fi_nobody"])
    assert found == {one.finding: one.id, two.finding: two.id}


async def test_of_links_made_at_once_one_opens(case):
    digests = [f"digest {n}" for n in range(5)]
    await case.store.keep_link("older", "in_1", case.clock())
    await asyncio.gather(*(case.store.keep_link(d, "in_1", case.clock()) for d in digests))
    assert [await case.store.link(d) for d in ["older", *digests]].count("in_1") == 1
