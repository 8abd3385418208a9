"""The facts of a ballot's pages: what their templates and JSON twins are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.viewing.views import EpisodeCard


@dataclass(frozen=True)
class OptionView:
    """One option. `proposed` is how many citizens want it inspected, `reasons` their released words.

    `votes` are those that count: of now while the tally is shown, of the board afterwards, None where nothing may be
    said; `by_tier` and `place` (from 1) exist once the ballot is closed.
    """

    id: str
    name: str
    address: str
    district: str
    category: str
    url: str
    proposed: int
    reasons: Sequence[str]
    votes: int | None
    by_tier: Mapping[str, int]
    place: int | None


@dataclass(frozen=True)
class BallotView:
    """A ballot as a card or a page shows it; `standing` is `coming`, `open`, `counting`, `closed` or `voided`."""

    id: str
    url: str
    standing: str
    options: int
    choose: int
    opens_at: datetime
    closes_at: datetime
    tier: str
    counted_tier: str
    show_tally: bool
    opened_at: datetime
    closed_at: datetime | None
    voided_at: datetime | None
    void_reason: str | None
    void_salt: str | None
    votes: int | None
    first: str | None


@dataclass(frozen=True)
class BoardView:
    """The published board: its file, the file's SHA-256 and its Merkle root in hex."""

    url: str
    bytes: int
    sha256: str
    root: str


@dataclass(frozen=True)
class BallotPage:
    """Facts of ballots/ballot.html. `options` are in the published order, once closed in that of the result.

    `tie_break` are names in the order that decides between equals; `raw` is votes per tier; `asker_tier` is that of
    who asks; `*_index` are places in the ledger; `events_from` is the last of them that the page already shows.
    """

    ballot: BallotView
    episode: EpisodeCard
    options: Sequence[OptionView]
    tie_break: Sequence[str]
    raw: Mapping[str, int]
    board: BoardView | None
    asker_tier: str | None
    opened_index: int | None
    closed_index: int | None
    voided_index: int | None
    may_void: bool
    events_from: int


@dataclass(frozen=True)
class ReceiptPage:
    """Facts of ballots/receipt.html: where the browser finds what it checks a receipt against."""

    ballot: BallotView
    episode: EpisodeCard
    options: Mapping[str, str]
    board: BoardView | None
    opened_index: int | None
    closed_index: int | None


@dataclass(frozen=True)
class Shortlisted:
    """A target that a ballot would offer."""

    id: str
    name: str
    district: str
    url: str
    proposed: int


@dataclass(frozen=True)
class BallotDesk:
    """What an operator needs to open a ballot, or to void the one there is. Moments are the suggested ones."""

    ballot: BallotView | None
    shortlist: Sequence[Shortlisted]
    may_open: bool
    may_void: bool
    opens_at: datetime
    closes_at: datetime
    url: str
