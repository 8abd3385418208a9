"""A ballot (票决): what is asked, when and of whom; what may be answered; how it is counted. No I/O."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from server.citizens.model import Citizen, Tier, Unidentified
from server.kit.clock import iso
from server.kit.errors import Invalid, NotFound, TooLate, TooMany, Unavailable

RULE = "most-votes-v1"
"""docs/verify.md says what it is; another way of counting gets another name."""
PROMISE = "promise-v1"
"""The purpose that the signature under receipts names (`Ledger.sign`)."""
MAX_OPTIONS = 100
GRACE = timedelta(minutes=1)
"""Forms know minutes only: “now” may be a minute old."""
CODE_CHARACTERS = 26
KEY_LENGTH = (16, 64)
KEY_LETTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_")


class NoSuchBallot(NotFound):
    """No ballot has this id, or it has no board yet."""


class NoSuchReceipt(NotFound):
    """No line of the board has this code."""


class NotOpenYet(TooLate):
    """The ballot begins later."""


class BallotClosed(TooLate):
    """The vote came after the closing moment."""


class BallotVoided(TooLate):
    """The ballot does not count any more."""


class VotedAlready(TooLate):
    """A vote is final, and this citizen or this browser has one in this ballot."""


class TooBusy(Unavailable):
    """More votes wait than the server holds at once."""


class BeingCounted(Unavailable):
    """The ballot closed while this vote was on its way; whether it counts is known in a moment."""


class TooManyFromHere(TooMany):
    """One network has cast more votes than one network may."""


class BadChoice(Invalid):
    """Choices that this ballot does not have."""


class BadKey(Invalid):
    """An idempotency key that cannot be one."""


class BadBallot(Invalid):
    """What is to be opened cannot be a ballot."""


class TierTooLow(Unidentified):
    """Whoever asks is not known well enough for this ballot."""


@dataclass(frozen=True)
class Ballot:
    """One ballot. Everything up to `opened_at` is fixed when it is opened; the rest is what became of it.

    `options` are target ids in the published order; `choose` is how many one may choose at most. A vote may be cast
    from `opens_at` until before `closes_at`, by whoever reaches `tier`; it counts from `counted_tier` on, votes of
    lower tiers are shown raw only. `tie_break` is all options in the order that decides between equals. From
    `counting_at` on no server may acknowledge a vote; when `closed_at` is set, the board is published; from `swept_at`
    on the database holds no vote any more.
    `raw` is votes per tier, `by_tier` counts per tier and option, `counted` per option, `result` best first.
    """

    id: str
    episode: str
    options: tuple[str, ...]
    choose: int
    opens_at: datetime
    closes_at: datetime
    tier: Tier
    counted_tier: Tier
    show_tally: bool
    tie_break: tuple[str, ...]
    opened_at: datetime
    counting_at: datetime | None = None
    closed_at: datetime | None = None
    voided_at: datetime | None = None
    void_reason: str | None = None
    void_salt: str | None = None
    board_sha256: str | None = None
    root: str | None = None
    votes: int = 0
    raw: Mapping[Tier, int] = field(default_factory=dict)
    by_tier: Mapping[Tier, Mapping[str, int]] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)
    result: tuple[str, ...] = ()
    swept_at: datetime | None = None
    version: int = 0

    def is_open(self, now: datetime) -> bool:
        """Whether a vote may be cast now."""
        running = self.opens_at <= now < self.closes_at
        return running and self.voided_at is None and self.counting_at is None and self.closed_at is None

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be closed."""
        return now >= self.closes_at and self.closed_at is None and self.voided_at is None

    def check_open(self, now: datetime, zone: tzinfo = UTC) -> None:
        """Refuses a vote before, after, or in a voided ballot; moments are said as clocks in this zone show them."""
        if self.voided_at:
            raise BallotVoided(
                "This ballot was voided at {moment}; its votes do not count. Its page says why.",
                moment=clock_time(self.voided_at, zone),
            )
        if now < self.opens_at:
            raise NotOpenYet("This ballot opens at {moment}. Please vote then.", moment=clock_time(self.opens_at, zone))
        if not self.is_open(now):
            raise BallotClosed(
                "This ballot closed at {moment}; no vote is accepted any more. Its page shows the result.",
                moment=clock_time(self.closes_at, zone),
            )

    def check_voidable(self, zone: tzinfo = UTC) -> None:
        """Refuses to void what is void already, or whose result is out."""
        if self.voided_at:
            self.check_open(self.opens_at, zone)
        if self.closed_at:
            raise BallotClosed("This ballot is closed and its board is published; it can be voided no more.")

    def check_tier(self, citizen: Citizen) -> None:
        """Refuses who is not known well enough, and says how to get there."""
        if citizen.tier.reaches(self.tier):
            return
        if self.tier is Tier.VERIFIED:
            raise TierTooLow(
                "This ballot is for verified citizens. Verify who you are first, on the page “My identity”."
            )
        raise TierTooLow("To vote here, confirm a telephone number first, on the page “My identity”.")

    def checked_choices(self, choices: Sequence[str]) -> tuple[str, ...]:
        """The choices as they are kept and published, ascending; refuses what cannot be chosen."""
        if not choices:
            raise BadChoice("Nothing is chosen. Choose at least one option.", where="choices")
        if len(choices) > self.choose:
            raise BadChoice(
                "{count} options are chosen; at most {limit} are allowed. Take some away.",
                where="choices",
                count=len(choices),
                limit=self.choose,
            )
        if len(set(choices)) < len(choices):
            raise BadChoice("The same option is chosen twice. Choose each once.", where="choices")
        if not set(choices) <= set(self.options):
            raise BadChoice("What is chosen is no option of this ballot. Load its page again.", where="choices")
        return tuple(sorted(choices))


@dataclass(frozen=True)
class Promise:
    """The server's signature on a receipt: on the Merkle root (RFC 6962) of the batch it was kept in.

    `index`, `size` and `path` (hex, from the leaf up) lead from the receipt's text to the root; `signature` is Ed25519
    (hex, 128 digits) by the ledger's key on `seethrough promise-v1`, LF, the root in hex, LF.
    """

    index: int
    size: int
    path: tuple[str, ...]
    signature: str


@dataclass(frozen=True)
class Receipt:
    """What a voter keeps. Who asks again with the same key gets the same, under a promise that may be another."""

    ballot: str
    code: str
    choices: tuple[str, ...]
    tier: Tier
    at: datetime
    promise: Promise

    def text(self) -> str:
        """What is promised."""
        return receipt_text(self.ballot, self.code, self.tier.value, ",".join(self.choices), iso(self.at))


@dataclass(frozen=True)
class Proof:
    """Why a line is on the board: its audit path under the board's Merkle root (RFC 6962, 2.1.1); hashes in hex."""

    ballot: str
    line: str
    index: int
    size: int
    root: str
    leaf_hash: str
    proof: tuple[str, ...]


@dataclass(frozen=True)
class Tally:
    """Votes, counted: `raw` per tier, `by_tier` per tier and option, `counted` per option, `result` best first."""

    votes: int
    raw: Mapping[Tier, int]
    by_tier: Mapping[Tier, Mapping[str, int]]
    counted: Mapping[str, int]
    result: tuple[str, ...]


def clock_time(moment: datetime, zone: tzinfo) -> str:
    """A moment as the city's clocks show it, for a sentence."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def receipt_text(ballot: str, code: str, tier: str, choices: str, at: str) -> str:
    """The text of a receipt: five lines after a name; docs/verify.md."""
    return f"seethrough-receipt-v1\n{ballot}\n{code}\n{tier}\n{choices}\n{at}\n"


def promise_text(root: bytes) -> bytes:
    """What the server signs under the name of PROMISE for receipts with this Merkle root."""
    return root.hex().encode() + b"\n"


def tie_break(ballot: str, options: Iterable[str]) -> tuple[str, ...]:
    """The order that decides between equals: ascending SHA-256 of `<ballot> <option>`, which nobody can choose."""
    return tuple(sorted(options, key=lambda option: hashlib.sha256(f"{ballot} {option}".encode()).digest()))


def tally(ballot: Ballot, votes: Iterable[tuple[Tier, Sequence[str], int]]) -> Tally:
    """Counts (tier, choices, how many such votes): each vote gives one to each of its choices."""
    raw = dict.fromkeys(Tier, 0)
    by_tier = {tier: dict.fromkeys(ballot.options, 0) for tier in Tier}
    for tier, choices, many in votes:
        raw[tier] += many
        for option in choices:
            by_tier[tier][option] += many
    counting = [tier for tier in Tier if tier.reaches(ballot.counted_tier)]
    counted = {option: sum(by_tier[tier][option] for tier in counting) for option in ballot.options}
    return Tally(sum(raw.values()), raw, by_tier, counted, ranked(counted, ballot.tie_break))


def ranked(counted: Mapping[str, int], order: Sequence[str]) -> tuple[str, ...]:
    """Options by what they were given, most first; equals in the order published beforehand."""
    return tuple(sorted(order, key=lambda option: -counted[option]))


def check_key(key: str) -> str:
    """An idempotency key: the voter's browser makes it by chance, once for a vote."""
    least, most = KEY_LENGTH
    if not least <= len(key) <= most or not KEY_LETTERS.issuperset(key):
        raise BadKey(
            "The key of this vote has {least} to {most} letters, digits, - or _. Load the page again.",
            where="key",
            least=least,
            most=most,
        )
    return key


def check_ballot(
    options: Sequence[str],
    choose: int,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
    least: timedelta = timedelta(),
) -> None:
    """Refuses what cannot be voted on."""
    if not 2 <= len(options) <= MAX_OPTIONS or len(set(options)) < len(options):
        raise BadBallot(
            "A ballot has 2 to {most} different options; this one has {count}.",
            where="options",
            most=MAX_OPTIONS,
            count=len(set(options)),
        )
    if not 1 <= choose <= len(options):
        raise BadBallot("At least one option may be chosen, and no more than there are.", where="choose")
    if opens_at < now - GRACE:
        raise BadBallot("A ballot cannot open in the past: nobody could have voted then.", where="opens_at")
    if closes_at - max(opens_at, now) < least:
        raise BadBallot(
            "A ballot stays open for at least {minutes} minutes, so that people learn of it.",
            where="closes_at",
            minutes=math.ceil(least / timedelta(minutes=1)),
        )
    if closes_at <= max(opens_at, now):
        raise BadBallot("The closing moment must lie in the future and after the opening.", where="closes_at")


def check_tiers(tier: Tier, counted_tier: Tier) -> None:
    """A vote that counts is never of a lower tier than one that may be cast."""
    if not counted_tier.reaches(tier):
        raise BadBallot(
            "The tier from which votes count must be the least tier to vote, or a higher one.", where="counted_tier"
        )
