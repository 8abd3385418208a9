from datetime import UTC, datetime

from server.draws.model import context_of
from server.ledger.model import Entry, Fact, Kind


def test_the_context_is_the_commitments_index_and_the_root_there() -> None:
    fact = Fact(
        Kind.DRAW_DRAWN, datetime(2026, 3, 6, tzinfo=UTC), "dr_1", "by", {"secret": "", "seed": "", "winners": []}
    )
    assert context_of(Entry(7, fact, b""), bytes.fromhex("ab" * 32)) == b"7:" + b"ab" * 32
