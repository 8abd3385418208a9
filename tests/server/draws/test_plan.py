from datetime import UTC, datetime, timedelta

import pytest

from server.draws.beacon import Chain
from server.draws.model import BadSource, SourceKind
from server.draws.plan import Asked, sources_of

NOW = datetime(2026, 3, 6, 2, tzinfo=UTC)
LEAD = timedelta(seconds=30)
CHAIN = Chain("ab" * 32, "cd", 1_700_000_000, 3)


def test_the_beacon_alone_waits_for_the_lead() -> None:
    (source,) = sources_of(Asked(), CHAIN, NOW, LEAD)
    assert (source.kind, source.chain) == (SourceKind.BEACON, CHAIN.hash)
    assert NOW + LEAD < source.out_at <= NOW + LEAD + timedelta(seconds=4)
    assert CHAIN.at(source.round) == source.out_at


def test_a_beacon_comes_after_the_last_secret_was_opened() -> None:
    ceremony, beacon = sources_of(Asked(commit_minutes=5, reveal_minutes=2), CHAIN, NOW, LEAD)
    assert ceremony.commit_until == NOW + timedelta(minutes=5)
    assert ceremony.reveal_until == NOW + timedelta(minutes=7)
    assert beacon.out_at > ceremony.out_at


def test_public_numbers_are_named_and_dated() -> None:
    due = NOW + timedelta(days=1)
    (numbers,) = sources_of(Asked(beacon=False, numbers_name="测试彩 001 期", numbers_due=due), CHAIN, NOW, LEAD)
    assert (numbers.kind, numbers.name, numbers.out_at) == (SourceKind.NUMBERS, "测试彩 001 期", due)


@pytest.mark.parametrize(
    "asked",
    [
        Asked(numbers_name="测试彩"),
        Asked(numbers_name="测试彩", numbers_due=NOW + timedelta(days=61)),
        Asked(commit_minutes=60 * 24 * 61),
    ],
)
def test_sources_without_an_end_are_refused(asked) -> None:
    with pytest.raises(BadSource):
        sources_of(asked, CHAIN, NOW, LEAD)
