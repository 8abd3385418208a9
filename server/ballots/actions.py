"""Opening, voting, voiding and closing. The vote path itself is `box.py`; how a board comes about, `closing.py`."""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from server.ballots.boards import BoardLost, Boards
from server.ballots.booth import Booth, Keys, Vote
from server.ballots.box import Answer, Box, being_counted
from server.ballots.closing import Closing, OnClosed
from server.ballots.model import (
    RULE,
    Ballot,
    NoSuchBallot,
    NoSuchReceipt,
    Proof,
    Receipt,
    check_ballot,
    check_tiers,
    tie_break,
)
from server.ballots.receipts import Kept, is_code, promised
from server.ballots.store import BallotStore
from server.citizens.actions import Citizens
from server.citizens.model import Citizen, Tier, Unidentified
from server.kit.clock import Clock, iso
from server.kit.errors import Refusal, Unavailable
from server.kit.ids import new_id
from server.kit.mongo import Database, Tx
from server.kit.tasks import Tasks
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import Deed, Person, require

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked whether a ballot is due, or was opened or voided by another server."""


class Ballots:
    """The verbs of a ballot. `on_closed` is filled by the house once every room stands."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        citizens: Citizens,
        clock: Clock,
        *,
        boards_dir: Path,
        tasks: Tasks,
        gather_milliseconds: float,
        waiting_votes: int,
        per_network: int,
        least_open: timedelta = timedelta(),
        zone: tzinfo = UTC,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._citizens = citizens
        self._clock = clock
        self._zone = zone
        self._per_network = per_network
        self._least_open = least_open
        self._boards = Boards(boards_dir)
        self._booths: dict[str, Booth] = {}
        self._told: dict[str, int] = {}
        self.store = BallotStore(database)
        self._box = Box(
            self.store,
            ledger.sign,
            clock,
            tasks,
            gather_seconds=gather_milliseconds / 1000,
            waiting_votes=waiting_votes,
        )
        self._closing = Closing(database, ledger, self.store, self._boards, clock)
        self.on_closed: list[OnClosed] = []

    async def prepare(self) -> None:
        """Indexes, and what open ballots have counted so far."""
        await self.store.prepare()
        await self.look()

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
        now = self._clock()
        check_ballot(options, choose, opens_at, closes_at, now, self._least_open)
        check_tiers(tier, counted_tier)
        ballot_id = new_id("ba")
        ballot = Ballot(
            id=ballot_id,
            episode=episode,
            options=tuple(options),
            choose=choose,
            opens_at=opens_at,
            closes_at=closes_at,
            tier=tier,
            counted_tier=counted_tier,
            show_tally=show_tally,
            tie_break=tie_break(ballot_id, options),
            opened_at=now,
        )
        await self.store.insert(ballot, tx)
        await self._ledger.record(tx, Fact(Kind.BALLOT_OPENED, now, ballot.id, by, _terms(ballot), episode))
        return ballot

    async def void(self, actor: Person | None, ballot_id: str, reason: str) -> Ballot:
        """Ends a ballot that does not count, with a public reason. A result that is out stands."""
        person = require(actor, Deed.HOLD_BALLOT)

        async def work(tx: Tx) -> Ballot:
            ballot = await self.get(ballot_id, tx)
            ballot.check_voidable(self._zone)
            now, salt = self._clock(), secrets.token_hex(16)
            voided = replace(ballot, voided_at=now, void_reason=reason, void_salt=salt)
            kept = await self.store.save(voided, tx)
            body = {"reason_digest": hashlib.sha256(f"{salt}\0{reason}".encode()).hexdigest()}
            fact = Fact(Kind.BALLOT_VOIDED, now, ballot.id, person.mark, body, ballot.episode)
            await self._ledger.record(tx, fact)
            return kept

        ballot = await self._database.transact(work)
        if booth := self._booths.get(ballot_id):
            booth.ballot = ballot
        return ballot

    async def get(self, ballot_id: str, tx: Tx | None = None) -> Ballot:
        """The ballot with this id."""
        ballot = await self.store.get(ballot_id, tx)
        if ballot is None:
            raise NoSuchBallot("There is no such ballot.")
        return ballot

    async def of_episode(self, episode: str, tx: Tx | None = None) -> Ballot | None:
        """The episode's newest ballot: an earlier one was voided."""
        return await self.store.of_episode(episode, tx)

    # Voting

    async def cast(
        self, citizen: Citizen | None, address: str, ballot_id: str, choices: Sequence[str], key: str, proof: str
    ) -> tuple[Receipt, bool]:
        """One vote; the receipt, and whether it is new (False: the same request once more)."""
        if citizen is None:
            raise Unidentified("This browser is not known here yet. Load the ballot’s page, then vote again.")
        booth = self._booths.get(ballot_id) or await self._take_up(await self.get(ballot_id))
        if not booth.takes(self._clock()) and (known := await self._late(booth, citizen, key)):
            return known, False
        answered: asyncio.Future[tuple[Receipt | Refusal, bool]] = asyncio.get_running_loop().create_future()

        def answer(said: Receipt | Refusal, new: bool) -> None:
            if not answered.done():  # Whoever waited may have gone.
                answered.set_result((said, new))

        self.put(self.checked(citizen, address, ballot_id, choices, key, proof), answer)
        said, new = await answered
        if isinstance(said, Refusal):
            raise said
        return said, new

    def checked(
        self, citizen: Citizen, address: str, ballot_id: str, choices: Sequence[str], key: str, proof: str
    ) -> Vote:
        """A vote that may be put into the box; no I/O. KeyError where this server has not taken up the ballot yet."""
        booth, now = self._booths[ballot_id], self._clock()
        booth.check_open(now)
        vote = booth.vote(citizen, choices, key, proof, self._citizens.check_work)
        vote.network = booth.admit(address, now)
        return vote

    def put(self, vote: Vote, answer: Answer) -> None:
        """Puts a vote into the box; `answer` is called once, when it is durable or refused."""
        self._box.put(vote, answer)

    async def _late(self, booth: Booth, citizen: Citizen, key: str) -> Receipt | None:
        """The receipt of somebody who asks again after the closing moment: only if their vote is on the board."""
        ballot = await self.get(booth.ballot.id)
        booth.ballot = ballot
        if ballot.voided_at or self._clock() < ballot.opens_at:
            return None
        vote = booth.named(citizen, key)
        if ballot.closed_at is None:
            found = (await self.store.found([vote.name])).get(vote.name)
            if found and found.get("code") == vote.code:
                raise being_counted()
            return None
        board = await self._boards.get(ballot)
        try:
            line = board.lines[board.index(vote.code)].decode()
        except NoSuchReceipt:
            return None
        code, tier, chosen = line.split(" ")
        return promised([Kept(ballot.id, code, tier, chosen, ballot.closed_at)], self._ledger.sign)[0]

    # Counting

    async def running(self, ballot_id: str) -> Mapping[str, Any]:
        """What the event `tally` says: `{"ballot": id, "counts": {option: n}, "votes": n}`; counted votes only."""
        booth = self._booths.get(ballot_id) or await self._take_up(await self.get(ballot_id))
        return booth.running()

    def changed_tallies(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(episode, what the event says) of shown tallies that changed since this was asked last."""
        for booth in self._booths.values():
            ballot = booth.ballot
            if ballot.show_tally and self._told.get(ballot.id) != booth.version:
                self._told[ballot.id] = booth.version
                yield ballot.episode, booth.running()

    async def look_forever(self) -> None:
        """Closes what is due, soon after its moment; a background task of every server."""
        await self._again_and_again(self.look, self.close_due)

    async def sweep_forever(self) -> None:
        """Forgets votes that are on a board; apart from the closing, because it takes its time."""
        await self._again_and_again(self.sweep)

    async def _again_and_again(self, *works: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                for work in works:
                    await work()
            except Unavailable as problem:
                log.warning("Ballots are not looked after for now: %s", problem)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Takes up ballots that were opened, and hears of those that were voided or closed elsewhere."""
        unfinished = {ballot.id: ballot for ballot in await self.store.unfinished()}
        for ballot in unfinished.values():
            if ballot.id not in self._booths:
                await self._take_up(ballot)
        for ballot_id, booth in self._booths.items():
            if not booth.ballot.swept_at:
                booth.ballot = unfinished.get(ballot_id) or await self.get(ballot_id)

    async def close_due(self) -> list[Ballot]:
        """Closes every ballot whose closing moment has come."""
        due = [ballot for ballot in await self.store.unfinished() if ballot.is_due(self._clock())]
        return [closed for ballot in due if (closed := await self._finished(ballot, self._close(ballot)))]

    async def sweep(self) -> None:
        """Deletes the votes of ballots that are over."""
        for ballot in await self.store.unfinished():
            if ballot.closed_at or ballot.voided_at:
                await self._finished(ballot, self._sweep(ballot))

    async def _finished(self, ballot: Ballot, work: Awaitable[Ballot | None]) -> Ballot | None:
        """One ballot that cannot be finished keeps no other from it; it is tried again."""
        try:
            return await work
        except (Refusal, BoardLost, OSError):
            log.exception("Ballot %s could not be finished; it is tried again.", ballot.id)
            return None

    async def _close(self, ballot: Ballot) -> Ballot | None:
        booth = self._booths.get(ballot.id) or await self._take_up(ballot)
        booth.shut = True
        await self._box.settled()
        closed = await self._closing.close(ballot, self.on_closed)
        if closed:
            booth.ballot = closed
        return closed

    async def _sweep(self, ballot: Ballot) -> Ballot | None:
        await self._box.settled()  # A batch that was under way when its ballot was voided is deleted, too.
        await self._closing.sweep(ballot)
        self._told.pop(ballot.id, None)
        return None

    async def _take_up(self, ballot: Ballot) -> Booth:
        """Makes the booth of a ballot, with what was counted so far."""
        keys = Keys(
            voter=self._citizens.subkey(f"ballot:{ballot.id}"), code=self._citizens.subkey(f"receipt:{ballot.id}")
        )
        booth = Booth(ballot, keys, zone=self._zone, per_network=self._per_network)
        booth.restore(await self.store.counts(ballot.id))
        return self._booths.setdefault(ballot.id, booth)

    # Proving

    def board_path(self, ballot: Ballot) -> Path:
        """The published board's file."""
        return self._boards.path(ballot)

    async def proof(self, ballot_id: str, code: str) -> Proof:
        """Why the line of a receipt is on the board."""
        ballot = await self.get(ballot_id)
        self._boards.path(ballot)
        if not is_code(code):
            raise NoSuchReceipt("No line of the board has this receipt. Look whether the code is complete.")
        return (await self._boards.get(ballot)).proof(ballot.id, code)


def _terms(ballot: Ballot) -> dict[str, Any]:
    """What is fixed, as the ledger says it."""
    return {
        "options": list(ballot.options),
        "choose": ballot.choose,
        "opens_at": iso(ballot.opens_at),
        "closes_at": iso(ballot.closes_at),
        "tier": ballot.tier.value,
        "counted_tier": ballot.counted_tier.value,
        "show_tally": ballot.show_tally,
        "tie_break": list(ballot.tie_break),
        "rule": RULE,
    }
