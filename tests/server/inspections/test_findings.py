import asyncio

import pytest

from server.episodes.actions import ReasonNeeded
from server.episodes.lifecycle import Phase
from server.inspections.findings import Draft, Findings
from server.inspections.model import NoSuchFinding, NotLive, NotOnTheTeam, OffTheChecklist, Result, Severity
from server.kit.errors import Invalid, NotAllowed
from server.rectifications.model import State
from tests.makers import failing, photo, planned

pytestmark = pytest.mark.asyncio(loop_scope="module")


def draft(**changes) -> Draft:
    return Draft(
        **{"item": "C06", "result": Result.FAIL, "severity": Severity.HIGH, "words": "过期酱油", "key": "k", **changes}
    )


async def test_a_finding_is_kept_with_its_photo_its_fact_and_its_rectification(house, ready, inspection, facts) -> None:
    published = await house.findings.publish(ready.inspectors[0], inspection.id, draft(photos=[photo()]))
    assert await house.findings.get(published.id) == published
    assert house.findings.evidence.path(published.photos[0].sha256).exists()
    order = await house.rectifications.store.of_finding(published.id)
    assert order.state is State.ORDERED
    (fact,) = await facts(house, inspection, "finding.published")
    assert fact.subject == published.id
    assert fact.body["photos"] == [published.photos[0].sha256]
    assert fact.by == ready.inspectors[0].mark


async def test_a_fact_holds_neither_words_nor_names(house, ready, inspection, facts) -> None:
    await house.findings.publish(ready.inspectors[0], inspection.id, draft(words="张三的酱油"))
    (fact,) = await facts(house, inspection, "finding.published")
    raw = fact.raw().decode()
    assert "张三" not in raw
    assert ready.inspectors[0].name not in raw
    assert ready.inspectors[0].id not in raw


async def test_what_passes_orders_nothing(house, ready, inspection) -> None:
    published = await house.findings.publish(ready.inspectors[0], inspection.id, draft(result=Result.PASS, words=""))
    assert await house.rectifications.store.of_finding(published.id) is None


async def test_the_same_key_is_the_same_finding_however_often_and_how_fast_it_comes(
    house, ready, inspection, facts
) -> None:
    send = [house.findings.publish(ready.inspectors[0], inspection.id, draft()) for _ in range(20)]
    published = await asyncio.gather(*send)
    assert len({f.id for f in published}) == 1
    assert len(await house.findings.store.findings(inspection=inspection.id)) == 1
    assert len(await facts(house, inspection, "finding.published")) == 1
    assert len(await facts(house, inspection, "rectification.ordered")) == 1


async def test_a_finding_that_was_acknowledged_late_is_still_acknowledged_after_the_end(
    house, ready, inspection
) -> None:
    first = await house.findings.publish(ready.inspectors[0], inspection.id, draft())
    await house.inspections.conclude(ready.operator, inspection.episode)
    assert await house.findings.publish(ready.inspectors[0], inspection.id, draft()) == first


@pytest.mark.parametrize(
    ("changes", "refusal", "where"),
    [
        ({"words": ""}, Invalid, "words"),
        ({"item": "X99"}, OffTheChecklist, "item"),
        ({"photos": [b"no photo"]}, Invalid, "photo"),
    ],
)
async def test_what_cannot_be_published_names_its_field_and_leaves_nothing(
    house, ready, inspection, changes, refusal, where, facts
) -> None:
    with pytest.raises(refusal) as refused:
        await house.findings.publish(ready.inspectors[0], inspection.id, draft(**changes))
    assert refused.value.where == where
    assert await house.findings.store.findings(inspection=inspection.id) == []
    assert await facts(house, inspection, "finding.published") == []


async def test_only_the_team_publishes(house, ready, inspection, stranger) -> None:
    with pytest.raises(NotOnTheTeam):
        await house.findings.publish(stranger, inspection.id, draft())
    for nobody in (ready.deputy, ready.operator, None):
        with pytest.raises(NotAllowed):
            await house.findings.publish(nobody, inspection.id, draft())


async def test_before_the_start_nothing_is_published(house, ready) -> None:
    inspection = await planned(house, ready)
    with pytest.raises(NotLive):
        await house.findings.publish(ready.inspectors[0], inspection.id, draft())


async def test_a_finding_and_the_conclusion_at_once_agree_on_the_count(house, ready, inspection, facts) -> None:
    """Whatever the order: what was acknowledged is counted, what was not is not there."""
    sends = [house.findings.publish(ready.inspectors[0], inspection.id, draft(key=str(n))) for n in range(5)]
    ends = house.inspections.conclude(ready.operator, inspection.episode)
    *published, _ = await asyncio.gather(*sends, ends, return_exceptions=True)
    kept = await house.findings.store.findings(inspection=inspection.id)
    assert {f.id for f in kept} == {f.id for f in published if not isinstance(f, Exception)}
    (fact,) = await facts(house, inspection, "inspection.concluded")
    assert fact.body["failed"] == (1 if kept else 0)  # all of them are about the same item


async def test_whoever_sends_twice_while_it_ends_hears_one_answer(house, ready, inspection) -> None:
    """A twin that comes as the inspection ends is acknowledged when the first one was kept."""
    sends = [house.findings.publish(ready.inspectors[0], inspection.id, draft()) for _ in range(4)]
    ends = house.inspections.conclude(ready.operator, inspection.episode)
    *answers, _ = await asyncio.gather(*sends, ends, return_exceptions=True)
    kept = await house.findings.store.findings(inspection=inspection.id)
    if kept:
        assert answers == kept * 4
    else:
        assert all(isinstance(answer, NotLive) for answer in answers)


async def test_a_finding_withdrawn_while_it_ends_leaves_nothing_to_follow(house, ready, inspection) -> None:
    published = await failing(house, ready, inspection)
    await asyncio.gather(
        house.findings.withdraw(ready.inspectors[0], published.id, "记录有误"),
        house.inspections.conclude(ready.operator, inspection.episode),
    )
    assert (await house.episodes.get(inspection.episode)).phase is Phase.CLOSED


class BrokenOrders:
    """A room that fails in the middle of a finding's transaction."""

    async def order(self, *_) -> None:
        raise RuntimeError("the rest of the transaction fails")


async def test_an_aborted_finding_leaves_neither_finding_nor_fact_nor_count(house, ready, inspection, facts) -> None:
    before = await facts(house, inspection)
    broken = Findings(
        house.database, house.ledger, house.inspections, BrokenOrders(), house.findings.evidence, house.clock
    )
    with pytest.raises(RuntimeError):
        await broken.publish(ready.inspectors[0], inspection.id, draft())
    assert await house.findings.store.findings(inspection=inspection.id) == []
    assert await facts(house, inspection) == before
    assert (await house.inspections.get(inspection.id)).findings == 0


async def test_a_withdrawn_finding_stays_with_its_reason_and_ends_its_rectification(
    house, ready, inspection, facts
) -> None:
    published = await failing(house, ready, inspection)
    withdrawn = await house.findings.withdraw(ready.inspectors[1], published.id, "记录有误")
    assert withdrawn.withdrawn_reason == "记录有误"
    assert (await house.rectifications.store.of_finding(published.id)).state is State.WITHDRAWN
    (fact,) = await facts(house, inspection, "finding.withdrawn")
    assert "记录有误" not in fact.raw().decode()
    assert await house.findings.withdraw(ready.inspectors[1], published.id, "再次") == await house.findings.get(
        published.id
    )


async def test_withdrawing_needs_a_reason_and_the_team(house, ready, inspection, stranger) -> None:
    published = await failing(house, ready, inspection)
    with pytest.raises(ReasonNeeded):
        await house.findings.withdraw(ready.inspectors[0], published.id, "")
    with pytest.raises(NotOnTheTeam):
        await house.findings.withdraw(stranger, published.id, "记录有误")
    with pytest.raises(NoSuchFinding):
        await house.findings.withdraw(ready.inspectors[0], "fi_nobody", "记录有误")


async def test_a_published_finding_soon_has_its_index(house, ready, inspection) -> None:
    published = await failing(house, ready, inspection)
    await house.findings.settle(published)
    index = await house.ledger.store.index_of(published.ticket)
    assert (await house.ledger.entry(index)).fact.subject == published.id
