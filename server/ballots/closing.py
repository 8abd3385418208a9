"""Closing a ballot: nobody is let in, the votes become a published board, and then the database forgets them.

Nothing that was acknowledged is missing from the board, whatever is killed when:

1. The booth of this server is shut and its batches are waited for. Whoever they acknowledged is durable.
2. `counting_at` is made durable. Another server's batch looks for it after its votes are durable, and acknowledges only
   if it is not there: so those votes were durable before this moment.
3. The votes are read with majority concern, after 2: all that were acknowledged are among them. A batch without an
   acknowledgement (a server that was killed, a command that the database ran late) may be among them or not; its voters
   were told nothing. Who asks again meets `BeingCounted` until 5, and then the board itself, whichever it is.
4. The board's file is durable before anything names it.
5. One transaction, on condition that the ballot is still not closed: result, ledger fact, and what other rooms do with
   it. Stopped before it, everything is done anew, over the same votes; two servers at once: one of them wins.
6. The votes are deleted, once the file was read again and is what the ledger says. Stopped before, it is done later.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from server.ballots.board import Board
from server.ballots.boards import Boards
from server.ballots.model import Ballot, Tally, tally
from server.ballots.receipts import Kept
from server.ballots.store import BallotStore, closed
from server.kit.clock import Clock
from server.kit.errors import ChangedMeanwhile
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import SYSTEM

log = logging.getLogger(__name__)

OnClosed = Callable[[Tx, Ballot], Awaitable[None]]
"""Told, in the transaction that closes a ballot, what came out; only the database may be touched."""


class Closing:
    """Steps 2 to 6; the first is `Ballots.close_due`'s."""

    def __init__(self, database: Database, ledger: Ledger, store: BallotStore, boards: Boards, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._store = store
        self._boards = boards
        self._clock = clock

    async def close(self, ballot: Ballot, told: Sequence[OnClosed]) -> Ballot | None:
        """Counts and publishes a ballot; None when it was voided or closed meanwhile."""
        if not ballot.counting_at:
            with contextlib.suppress(ChangedMeanwhile):  # Another server said so, or it was voided: see below.
                await self._store.save(replace(ballot, counting_at=self._clock()))
        current = await self._store.get(ballot.id)
        if current is None or not current.counting_at or current.voided_at or current.closed_at:
            return None
        votes = [vote async for vote in self._store.all_votes(ballot.id)]
        board, counted = await asyncio.to_thread(self._publish, current, votes)
        done = closed(current, counted, board_sha256=board.sha256, root=board.root, at=self._clock())
        try:
            return await self._database.transact(lambda tx: self._record(tx, done, told))
        except ChangedMeanwhile:
            return None

    def _publish(self, ballot: Ballot, votes: Sequence[Kept]) -> tuple[Board, Tally]:
        board = Board.of(votes)
        counted = tally(ballot, board.groups())
        _ = board.root
        self._boards.write(board)
        return board, counted

    async def _record(self, tx: Tx, ballot: Ballot, told: Sequence[OnClosed]) -> Ballot:
        kept = await self._store.save(ballot, tx)
        body = {
            "votes": ballot.votes,
            "root": ballot.root,
            "board_sha256": ballot.board_sha256,
            "raw": {tier.value: many for tier, many in ballot.raw.items()},
            "by_tier": {tier.value: dict(counts) for tier, counts in ballot.by_tier.items()},
            "counted": dict(ballot.counted),
            "result": list(ballot.result),
        }
        at = ballot.closed_at or self._clock()
        await self._ledger.record(tx, Fact(Kind.BALLOT_CLOSED, at, ballot.id, SYSTEM.mark, body, ballot.episode))
        for tell in told:
            await tell(tx, kept)
        return kept

    async def sweep(self, ballot: Ballot) -> None:
        """Forgets who voted what. Of a closed ballot the board must be there, whole."""
        if ballot.closed_at:
            await asyncio.to_thread(self._boards.check, ballot)
        await self._store.sweep(ballot.id)
        with contextlib.suppress(ChangedMeanwhile):
            await self._store.save(replace(ballot, swept_at=self._clock()))
