from datetime import UTC, datetime

from server.draws.model import Draw, Of, context_of
from server.ledger.model import Entry, Fact, Kind


def test_the_context_is_the_commitments_index_and_the_root_there() -> None:
    fact = Fact(
        Kind.DRAW_DRAWN, datetime(2026, 3, 6, tzinfo=UTC), "dr_1", "by", {"secret": "", "seed": "", "winners": []}
    )
    assert context_of(Entry(7, fact, b""), bytes.fromhex("ab" * 32)) == b"7:" + b"ab" * 32


def test_a_draw_that_is_logged_keeps_its_secret() -> None:
    at = datetime(2026, 3, 6, tzinfo=UTC)
    assert "5ec2e7" not in repr(Draw("dr_1", Of.TARGET, "ep_1", 1, ("a",), "00", {}, "5ec2e7", "22", at, "fact_1"))
