"""Opening, voting, voiding and closing. The vote path itself is `box.py`; how a board is made, `closing.py`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from server.ballots.model import Ballot, Proof, Receipt
from server.citizens.model import Citizen, Tier
from server.kit.mongo import Tx
from server.people.model import Person

OnClosed = Callable[[Tx, Ballot], Awaitable[None]]
"""Told, in the transaction that closes a ballot, what came out; only the database may be touched."""


class Ballots:
    """The verbs of a ballot."""

    on_closed: list[OnClosed]

    async def open(
        self,
        tx: Tx,
        *,
        episode: str,
        options: Sequence[str],
        choose: int,
        opens_at: datetime,
        closes_at: datetime,
        tier: Tier,
        counted_tier: Tier,
        show_tally: bool,
        by: str,
    ) -> Ballot:
        """Opens a ballot, in the caller's transaction. Nothing of it ever changes: there is no verb for it."""
        raise NotImplementedError

    async def void(self, actor: Person | None, ballot_id: str, reason: str) -> Ballot:
        """Ends a ballot that does not count, with a public reason."""
        raise NotImplementedError

    async def get(self, ballot_id: str, tx: Tx | None = None) -> Ballot:
        """The ballot with this id."""
        raise NotImplementedError

    async def of_episode(self, episode: str, tx: Tx | None = None) -> Ballot | None:
        """The episode's newest ballot: an earlier one was voided."""
        raise NotImplementedError

    async def cast(
        self,
        citizen: Citizen | None,
        address: str,
        ballot_id: str,
        choices: Sequence[str],
        key: str,
        proof: str,
    ) -> tuple[Receipt, bool]:
        """One vote; the receipt, and whether it is new (False: the same request once more)."""
        raise NotImplementedError

    async def running(self, ballot_id: str) -> Mapping[str, Any]:
        """What the event `tally` says: `{"ballot": id, "counts": {option: n}, "votes": n}`; counted votes only."""
        raise NotImplementedError

    async def close_due(self) -> list[Ballot]:
        """Closes every ballot whose closing moment has come."""
        raise NotImplementedError

    def board_path(self, ballot: Ballot) -> Path:
        """The published board's file."""
        raise NotImplementedError

    async def proof(self, ballot_id: str, code: str) -> Proof:
        """Why the line of a receipt is on the board."""
        raise NotImplementedError
