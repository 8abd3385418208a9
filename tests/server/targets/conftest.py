import csv
import io
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.ledger.actions import Ledger
from server.targets.actions import Targets
from server.targets.import_own import COLUMNS
from tests.fakes import FakeClock

REAL_REGISTER = Path(__file__).parents[4] / "shared/data/lives-sf/businesses.csv"


@pytest.fixture
def real_register() -> bytes:
    if not REAL_REGISTER.exists():
        pytest.skip("the real register is not on this machine (../shared/data/lives-sf)")
    return REAL_REGISTER.read_bytes()


class Town:
    """A registry over a real database, whose clock the test holds."""

    def __init__(self, database) -> None:
        self.database = database
        self.clock = FakeClock()
        self.ledger = Ledger(database, Ed25519PrivateKey.generate(), "inspect.example/ledger")
        self.targets = self.server()

    def server(self) -> Targets:
        """One more server on the same database."""
        return Targets(self.database, self.ledger, self.clock)

    async def facts(self) -> list[str]:
        """What waits for its place in the ledger."""
        return [
            d["raw"].decode() for d in await self.database.collection("ledger_pending").find({}, sort=[("order", 1)])
        ]


@pytest.fixture
async def town(database) -> Town:
    town = Town(database)
    await town.ledger.open()
    await town.targets.prepare()
    return town


def own(*rows: tuple[str, ...]) -> bytes:
    """A file in the house's own format."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([COLUMNS, *rows])
    return out.getvalue().encode()


def many(count: int, street: str = "测试路") -> bytes:
    """A file of so many different targets."""
    return own(*((f"面馆{n}", f"{street}{n}号", "东区", "catering", "", "B", f"T{n:05d}") for n in range(count)))
