"""Citizens over a real database, and the protocol's own solver, which knows nothing of our code."""

import altcha
import pytest

from server.citizens.actions import Citizens
from server.citizens.work import proof_of
from tests.oidc_provider import running_provider

SECRET = b"s" * 32
HERE = "http://127.0.0.1:8080"
"""Where the provider of the tests sends people back to."""


def solved(challenge):
    """The proof of a challenge, found by the library that ALTCHA publishes."""
    found = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))
    return proof_of(challenge, found.derived_key)


@pytest.fixture
async def citizens(database, clock):
    citizens = Citizens(database, clock, SECRET, days=30, numbers=200, minutes=20)
    await citizens.prepare()
    return citizens


@pytest.fixture(scope="module")
def oidc():
    """A real provider, for all tests of a file."""
    with running_provider(HERE) as oidc:
        yield oidc
