from datetime import timedelta

import pytest

from server.episodes.lifecycle import Method
from server.episodes.planning import UnknownFilter
from server.episodes.steps import BadMoment
from server.kit.errors import NotAllowed

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def create(house, who, **changes):
    details = {"title": "一期", "method": Method.DRAW, "plan": {"live": house.clock()}, "category": "catering"}
    return await house.planning.create(who, **(details | changes))


async def test_what_the_registry_has_can_be_planned(house, cast) -> None:
    planned = await create(house, cast.operator, district="测试区")
    assert (planned.filter, planned.timed) == ({"district": "测试区", "category": "catering"}, False)
    assert (await create(house, cast.operator, category="")).filter == {}


@pytest.mark.parametrize(("field", "value"), [("district", "无此区"), ("category", "bakery")])
async def test_what_it_lacks_is_refused_by_name(house, cast, field, value) -> None:
    with pytest.raises(UnknownFilter, match=value) as refused:
        await create(house, cast.operator, **{field: value})
    assert refused.value.where == field


async def test_the_past_cannot_be_planned_but_this_minute_can(house, cast) -> None:
    now = house.clock()
    await create(house, cast.operator, plan={"live": now - timedelta(seconds=59)})
    with pytest.raises(BadMoment, match="past") as refused:
        await create(house, cast.operator, plan={"live": now - timedelta(seconds=61)})
    assert refused.value.where == "live_at"


async def test_only_operators_plan_and_learn_what_the_registry_has(house, cast) -> None:
    for who in (*cast.inspectors, cast.deputy, None):
        with pytest.raises(NotAllowed):
            await create(house, who, district="无此区")
