"""Citizens over a real database, and the protocol's own solver, which knows nothing of our code."""

import altcha
import pytest

from server.citizens.actions import Citizens
from server.citizens.work import proof_of

SECRET = b"s" * 32


def solved(challenge):
    """The proof of a challenge, found by the library that ALTCHA publishes."""
    found = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))
    return proof_of(challenge, found.derived_key)


@pytest.fixture
async def citizens(database, clock):
    citizens = Citizens(database, clock, SECRET, days=30, numbers=200, minutes=20)
    await citizens.prepare()
    return citizens
