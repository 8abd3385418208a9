"""An open ballot as the vote path sees it: who may put in a vote now, under which name, and what came in so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from server.ballots.model import Ballot, TooManyFromHere, check_key
from server.ballots.receipts import code_of
from server.citizens.model import Citizen, Tier
from server.kit.mongo import Document
from server.people.throttle import network_of

SKEW = timedelta(minutes=1)
"""How far the clocks of two servers may be apart at the closing of a ballot."""

Check = Callable[[Citizen, str, str], None]
"""`Citizens.check_work`."""


@dataclass(frozen=True)
class Keys:
    """What a ballot's pseudonyms and codes are made with: nothing of them is alike in another ballot."""

    voter: bytes
    code: bytes


@dataclass(slots=True)
class Vote:
    """A vote that was checked: `name` is its `_id`, `place` that of its browser where that is another."""

    booth: "Booth"
    name: str
    place: str
    code: str
    tier: str
    choices: str
    network: str = ""


class Booth:
    """One ballot. `shut` is set before it is counted; nothing opens it again."""

    def __init__(self, ballot: Ballot, keys: Keys, *, zone: tzinfo, per_network: int) -> None:
        self.ballot = ballot
        self.shut = False
        self.version = 0
        """Goes up with every vote."""
        self._keys = keys
        self.zone = zone
        self._scope = f"ballot:{ballot.id}"
        self._per_network = per_network
        self._hour = 0
        self._from: dict[str, int] = {}
        self._counts = {tier.value: dict.fromkeys(ballot.options, 0) for tier in Tier}
        self._votes = 0
        self._tiers = frozenset(tier for tier in Tier if tier.reaches(ballot.tier))

    def takes(self, now: datetime) -> bool:
        """Whether a vote may still be kept."""
        return not self.shut and self.ballot.is_open(now)

    def may_be_counting(self, now: datetime) -> bool:
        """Whether another server may have begun to count: only its own word tells."""
        return now >= self.ballot.closes_at - SKEW

    def check_open(self, now: datetime) -> None:
        """Refuses a vote that comes too early or too late."""
        self.ballot.check_open(self.ballot.closes_at if self.shut else now, self.zone)

    def vote(self, citizen: Citizen, choices: Sequence[str], key: str, proof: str, check: Check) -> Vote:
        """What this citizen chose, checked; no I/O."""
        if citizen.tier not in self._tiers:
            self.ballot.check_tier(citizen)
        chosen = self.ballot.checked_choices(choices)
        check_key(key)
        check(citizen, self._scope, proof)
        return self.named(citizen, key, ",".join(chosen))

    def named(self, citizen: Citizen, key: str, choices: str = "") -> Vote:
        """A vote under the names that this citizen and their browser have here.

        A citizen of the lowest tier is their browser, so the two names are one.
        """
        device = citizen.device_pseudonym(self._keys.voter, self._scope)
        voter = device if citizen.tier is Tier.DEVICE else citizen.pseudonym(self._keys.voter, self._scope)
        name = f"{self.ballot.id}/{voter}"
        place = name if voter is device else f"{self.ballot.id}/{device}"
        return Vote(self, name, place, code_of(self._keys.code, voter, key), citizen.tier.value, choices)

    def admit(self, address: str, now: datetime) -> str:
        """The network that a vote comes from; refuses when too many were kept from there in this hour.

        Only votes that are kept count (`count_from`), so that nobody can use up what their neighbours have.
        """
        if not self._per_network:
            return ""
        hour = int(now.timestamp()) // 3600
        if hour != self._hour:
            self._hour, self._from = hour, {}
        network = network_of(address)
        if self._from.get(network, 0) >= self._per_network:
            wait = 3600 - int(now.timestamp()) % 3600
            raise TooManyFromHere(
                "Too many votes came from your network within an hour. Try again in {minutes} minutes.",
                retry_after=wait,
                minutes=-(-wait // 60),
            )
        return network

    def count_from(self, network: str) -> None:
        """One more vote was kept from this network: a number in memory, for this hour."""
        if network:
            self._from[network] = self._from.get(network, 0) + 1

    def restore(self, groups: Sequence[Document]) -> None:
        """Takes over what the database has counted (`BallotStore.counts`)."""
        for group in groups:
            self.count(group["_id"]["tier"], group["_id"]["choices"], group["many"])

    def count(self, tier: str, choices: str, many: int = 1) -> None:
        """One more vote, or several alike."""
        counts = self._counts[tier]
        for option in choices.split(","):
            counts[option] += many
        self._votes += many
        self.version += 1

    def running(self) -> Mapping[str, Any]:
        """What the event `tally` says: votes so far, and per option those that count, if they are shown."""
        ballot = self.ballot
        if ballot.closed_at:
            return {"ballot": ballot.id, "counts": dict(ballot.counted), "votes": ballot.votes}
        tiers = [tier.value for tier in Tier if tier.reaches(ballot.counted_tier)]
        counts = {option: sum(self._counts[tier][option] for tier in tiers) for option in ballot.options}
        return {"ballot": ballot.id, "counts": counts if ballot.show_tally else {}, "votes": self._votes}
