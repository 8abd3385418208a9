from datetime import UTC, datetime

import pytest

from server.app import all_in_place
from server.inspections.actions import TOKEN_LIFE, Inspections
from server.kit.errors import Unavailable
from server.kit.ids import digest_of, new_secret
from streaming.channels import ChannelEvent, EventKind
from streaming.whip import Refused
from tests.makers import planned

pytestmark = pytest.mark.asyncio(loop_scope="module")
AT = datetime(2026, 3, 6, 2, tzinfo=UTC)


async def kinds(house, inspection) -> list[str]:
    await all_in_place(house)
    return [e.fact.kind.value async for e in house.ledger.about(inspection.id) if e.fact.kind.startswith("broadcast.")]


def event(kind: EventKind, inspection, reason: str = "") -> ChannelEvent:
    return ChannelEvent(kind, inspection.id, "mark", AT, reason)


async def test_a_token_of_the_team_opens_its_channel_and_no_other(house, ready, inspection) -> None:
    token, _ = await house.inspections.issue_token(ready.inspectors[0], inspection.id)
    publisher = await house.broadcasts.may_publish(token, inspection.id)
    assert (publisher.identity, publisher.refused) == (ready.inspectors[0].mark, None)
    assert (await house.broadcasts.may_publish(token, "in_other")).refused is Refused.WRONG_CHANNEL
    assert await house.broadcasts.may_publish(new_secret(), inspection.id) is None


async def test_a_token_that_outlives_the_inspection_opens_nothing(house, clock, ready, inspection) -> None:
    await house.inspections.conclude(ready.operator, inspection.episode)
    token, who = new_secret(), ready.inspectors[0]  # as if it was asked for while the inspection ended
    later = clock() + TOKEN_LIFE
    await house.inspections.store.keep_token(digest_of(token), inspection.id, who.id, who.mark, later)
    assert (await house.broadcasts.may_publish(token, inspection.id)).refused is Refused.NOT_LIVE


async def test_a_token_that_outlives_the_cut_opens_nothing(house, clock, ready, inspection) -> None:
    await house.inspections.cut(ready.operator, inspection.id, "画面出现未成年人")
    token, who = new_secret(), ready.inspectors[0]
    later = clock() + TOKEN_LIFE
    await house.inspections.store.keep_token(digest_of(token), inspection.id, who.id, who.mark, later)
    assert (await house.broadcasts.may_publish(token, inspection.id)).refused is Refused.NOT_LIVE


async def test_what_happens_to_the_picture_is_on_record_in_order(house, inspection) -> None:
    for kind in (EventKind.STARTED, EventKind.INTERRUPTED, EventKind.RESUMED, EventKind.ENDED):
        await house.broadcasts.happened(event(kind, inspection, "reason"))
    assert await kinds(house, inspection) == [
        "broadcast.started",
        "broadcast.interrupted",
        "broadcast.resumed",
        "broadcast.ended",
    ]


async def test_a_server_that_comes_back_says_that_the_picture_was_interrupted(house, inspection) -> None:
    await house.broadcasts.happened(event(EventKind.STARTED, inspection))
    await all_in_place(house)
    await house.broadcasts.recover()
    await all_in_place(house)
    await house.broadcasts.recover()  # once is enough
    await house.broadcasts.happened(event(EventKind.STARTED, inspection))  # the channel does not know of the first
    assert await kinds(house, inspection) == ["broadcast.started", "broadcast.interrupted", "broadcast.resumed"]


async def test_an_inspection_that_never_was_on_air_is_not_interrupted(house, ready) -> None:
    inspection = await planned(house, ready)
    await house.inspections.start(ready.operator, inspection.episode)
    await house.broadcasts.recover()
    assert await kinds(house, inspection) == []


async def test_the_picture_goes_on_while_the_database_is_away(house, inspection, monkeypatch, caplog) -> None:
    async def away(*_arguments, **_body):
        raise Unavailable("The database does not answer.", retry_after=2)

    monkeypatch.setattr(Inspections, "note_broadcast", away)
    await house.broadcasts.happened(event(EventKind.INTERRUPTED, inspection, "lost"))
    assert "is not recorded" in caplog.text


@pytest.mark.parametrize("kind", list(EventKind))
async def test_every_event_has_its_kind_of_fact(house, inspection, kind) -> None:
    await house.broadcasts.happened(event(kind, inspection, "reason"))
    assert await kinds(house, inspection) == [f"broadcast.{kind.value}"]
