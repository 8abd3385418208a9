import json

import pytest

from server.kit.errors import ChangedMeanwhile
from server.nominations.model import NoSuchNomination, State


async def test_a_step_is_saved_recorded_and_told_in_one(square):
    citizen = square.citizen()
    made = await square.propose(citizen)
    transact, move = square.house.database.transact, square.nominations.moves.move
    moved = await transact(lambda tx: move(tx, made, State.EXCLUDED, "mark", code="closed"))
    assert moved == await square.get(made)
    assert (moved.state, moved.code, moved.version) == (State.EXCLUDED, "closed", 1)
    fact = json.loads((await square.facts())[-1])
    assert fact["body"] == {"from": "counted", "to": "excluded", "code": "closed", "into": None}
    assert (fact["by"], fact["episode"]) == ("mark", square.episode)
    (told,) = await square.notifications.news(citizen)
    assert (told.code, told.link) == ("nomination.excluded", moved.url)
    assert told.parameters == {"nomination": made.id, "why": "closed"}


async def test_who_decided_about_another_state_is_refused(square):
    made = await square.propose()
    assert await square.nominations.moves.get(made.id, version=0) == made
    with pytest.raises(ChangedMeanwhile):
        await square.nominations.moves.get(made.id, version=1)
    with pytest.raises(NoSuchNomination):
        await square.nominations.moves.get("no_nobody")
