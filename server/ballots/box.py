"""The ballot box: votes are gathered for some milliseconds and kept together, and nobody hears before they are durable.

What holds, whatever is killed when:

* A receipt is given only for a vote that a majority has in its journal (`insert_many` of kit/mongo), so it survives.
* One vote each: the database refuses a second document under the same `_id`, whoever sends it and however often.
* A batch whose end is unknown is answered 503. Whoever asks again with the same key meets what was stored, or nothing.
* No receipt is given for a vote that a board might lack: see `closing.py`, and `_not_counting` below.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from server.ballots.booth import Vote
from server.ballots.model import BeingCounted, Receipt, TooBusy, VotedAlready, clock_time
from server.ballots.receipts import Kept, Sign, promised
from server.ballots.store import BallotStore, kept_vote
from server.kit.clock import Clock
from server.kit.errors import Refusal, Unavailable
from server.kit.mongo import Document
from server.kit.tasks import Tasks

log = logging.getLogger(__name__)

BATCH = 1000
IN_FLIGHT = 2
"""Batches under way at once: while the journal is written for one, the next is sent."""
RETRY_SECONDS = 2.0

Answer = Callable[[Receipt | Refusal, bool], None]
"""Called once for each vote: the receipt and whether it is new, or why there is none."""


class Box:
    """Where votes wait. One in every server; all of it runs on the event loop."""

    def __init__(
        self, store: BallotStore, sign: Sign, clock: Clock, tasks: Tasks, *, gather_seconds: float, waiting_votes: int
    ) -> None:
        self._store = store
        self._sign = sign
        self._clock = clock
        self._tasks = tasks
        self._gather_seconds = gather_seconds
        self._most = waiting_votes
        self._waiting: list[tuple[Vote, Answer]] = []
        self._under_way: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, vote: Vote, answer: Answer) -> None:
        """Takes a vote in; TooBusy at once when more wait than should."""
        if len(self._waiting) >= self._most:
            raise TooBusy(
                "Very many people vote at this moment, and yours was not taken. It will be tried again in a moment.",
                retry_after=RETRY_SECONDS,
            )
        self._waiting.append((vote, answer))
        if self._timer is None:
            self._wake(self._gather_seconds)

    async def settled(self) -> None:
        """Waits until every batch that is under way now has ended."""
        if self._under_way:
            await asyncio.wait(set(self._under_way))

    def _wake(self, seconds: float) -> None:
        if len(self._under_way) < IN_FLIGHT:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._send)

    def _send(self) -> None:
        self._timer = None
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        task = self._tasks.start("votes", self._keep(batch))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        if self._waiting:
            self._wake(0)

    def _ended(self, task: "asyncio.Task[object]") -> None:
        self._under_way.discard(task)
        if self._waiting and self._timer is None:
            self._wake(self._gather_seconds if len(self._waiting) < BATCH else 0)

    async def _keep(self, batch: list[tuple[Vote, Answer]]) -> None:
        """Keeps one batch, and tells everybody in it what became of their vote."""
        outcome: Mapping[int, Refusal | tuple[Kept, bool]] = {}
        otherwise: Refusal = _not_kept()
        try:
            outcome = await Batch(self._store, [vote for vote, _ in batch], self._clock).keep()
        except Refusal as refusal:
            otherwise = refusal
        finally:  # Also when we are cancelled, or when there is a fault of the program: nobody waits for ever.
            self._tell(batch, outcome, otherwise)

    def _tell(
        self,
        batch: list[tuple[Vote, Answer]],
        outcome: Mapping[int, Refusal | tuple[Kept, bool]],
        otherwise: Refusal,
    ) -> None:
        pairs = {n: pair for n, pair in outcome.items() if isinstance(pair, tuple)}
        receipts = dict(zip(pairs, promised([kept for kept, _ in pairs.values()], self._sign), strict=True))
        for number, (vote, answer) in enumerate(batch):
            receipt, refusal = receipts.get(number), outcome.get(number)
            new = number in pairs and pairs[number][1]
            try:
                answer(receipt or (refusal if isinstance(refusal, Refusal) else otherwise), new)
            except Exception:
                log.exception("A voter could not be told what became of their vote.")
            if new:
                vote.booth.count(vote.tier, vote.choices)
                vote.booth.count_from(vote.network)


class Batch:
    """Votes that are kept together; `keep` says what became of each, by its number."""

    def __init__(self, store: BallotStore, votes: Sequence[Vote], clock: Clock) -> None:
        self._store = store
        self._votes = votes
        self._clock = clock
        self._now = clock()
        self._outcome: dict[int, Refusal | tuple[Kept, bool]] = {}

    async def keep(self) -> Mapping[int, Refusal | tuple[Kept, bool]]:
        """All steps. A refusal that is raised is for all of them."""
        numbers = [n for n in range(len(self._votes)) if self._still_taken(n)]
        numbers = await self._with_places(numbers)
        inserted = await self._store.insert_votes([self._document(n) for n in numbers])
        again = [numbers[position] for position in inserted.duplicates]
        for number in set(numbers).difference(again):
            vote = self._votes[number]
            kept = Kept(vote.booth.ballot.id, vote.code, vote.tier, vote.choices, self._now)
            self._outcome[number] = (kept, True)
        if again:
            found = await self._store.found(list({self._votes[n].name for n in again}))
            for number in again:
                self._outcome[number] = self._met(number, found.get(self._votes[number].name))
        await self._not_counting()
        return self._outcome

    def _still_taken(self, number: int) -> bool:
        """Checked again: the closing moment may have come while the vote waited."""
        booth = self._votes[number].booth
        if booth.takes(self._now):
            return True
        try:
            booth.check_open(self._now)
        except Refusal as refusal:
            self._outcome[number] = refusal
        return False

    def _document(self, number: int) -> Document:
        vote = self._votes[number]
        return {
            "_id": vote.name,
            "code": vote.code,
            "tier": vote.tier,
            "choices": vote.choices,
            "at": self._now,
        }

    def _met(self, number: int, found: Document | None) -> Refusal | tuple[Kept, bool]:
        """What a vote means where there is one already: the same once more, or one too many."""
        vote = self._votes[number]
        if found is None:  # Written, but not yet by a majority; the next attempt will see it.
            return _not_kept()
        if found.get("code") == vote.code:
            return kept_vote(vote.booth.ballot.id, found), False
        return voted_already(vote, found)

    async def _with_places(self, numbers: list[int]) -> list[int]:
        """Those whose browser's place is theirs; of higher tiers alone, the others have no place of their own.

        The place is taken before the vote is kept. Who is stopped between the two finds the place to be theirs.
        """
        asking = [n for n in numbers if self._votes[n].place != self._votes[n].name]
        if not asking:
            return numbers
        votes = self._votes
        found = await self._store.found([name for n in asking for name in (votes[n].name, votes[n].place)])
        for n in asking:
            if votes[n].name in found:
                self._outcome[n] = self._met(n, found[votes[n].name])
        missing = [n for n in asking if n not in self._outcome and votes[n].place not in found]
        await self._store.insert_votes([{"_id": votes[n].place, "of": votes[n].name, "at": self._now} for n in missing])
        found = {**found, **await self._store.found([votes[n].place for n in missing])}
        for n in asking:
            place = found.get(votes[n].place)
            if n not in self._outcome and (place is None or place.get("of") != votes[n].name):
                self._outcome[n] = voted_already(votes[n], place) if place else _not_kept()
        return [n for n in numbers if n not in self._outcome]

    async def _not_counting(self) -> None:
        """Gives no receipt for a ballot that some server has begun to count.

        Whoever counts says so durably first, and then reads the votes. Our votes are durable by now: if that word is
        not there yet, the votes will be read. If it is, they may have been read too early, and the board will tell.
        """
        now = self._clock()
        near = {v.booth.ballot.id for v in self._votes if v.booth.may_be_counting(now)}
        for ballot_id in near:
            ballot = await self._store.get(ballot_id)
            if ballot and not ballot.counting_at and not ballot.closed_at:
                continue
            for number, vote in enumerate(self._votes):
                if vote.booth.ballot.id == ballot_id and isinstance(self._outcome.get(number), tuple):
                    self._outcome[number] = being_counted()


def being_counted() -> BeingCounted:
    """What is said between the closing moment and the board."""
    return BeingCounted(
        "The ballot has closed and is being counted. Ask again in a moment whether your vote is on the board.",
        retry_after=RETRY_SECONDS,
    )


def voted_already(vote: Vote, found: Document) -> VotedAlready:
    """One vote each, and when it was."""
    moment = clock_time(found["at"], vote.booth.zone)
    if found["_id"] == vote.name and "code" in found:
        return VotedAlready(
            "You voted in this ballot at {moment}. A vote is final; nobody can change it or cast a second one.",
            moment=moment,
        )
    return VotedAlready(
        "With this browser somebody voted in this ballot at {moment}. Each browser has one vote, and it is final.",
        moment=moment,
    )


def _not_kept() -> Unavailable:
    return Unavailable(
        "Your vote could not be kept just now. It will be tried again in a moment.", retry_after=RETRY_SECONDS
    )
