"""The facts of the pages about nominations: what their templates and JSON twins are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.viewing.views import EpisodeCard, TargetCard


@dataclass(frozen=True)
class NominationView:
    """A nomination as somebody may see it. `shown` says whether the words are given: to everybody once they are
    released, before that to their author and to operators. `name` and `place` are a registered target's, else the
    described one's; `said_name` and `said_place` are what was typed, which with the other words and the salt makes
    the digest."""

    id: str
    episode_id: str
    url: str
    state: str
    code: str | None
    into_url: str | None
    tier: str
    supporters: int
    made_at: datetime
    target_id: str | None
    target_url: str | None
    described: bool
    shown: bool
    released: bool
    waiting: bool
    name: str | None
    place: str | None
    look_at: str | None
    reason: str | None
    said_name: str | None
    said_place: str | None
    hidden_reason: str | None
    words_digest: str
    salt: str | None
    hidden_salt: str | None
    version: int


@dataclass(frozen=True)
class FateLine:
    """One fact about a nomination, with its place in the ledger. `what`: made, released, hidden, or a state, or
    resolved; `code` says why, `url` leads to what it went into."""

    index: int
    at: datetime
    what: str
    code: str | None
    url: str | None


@dataclass(frozen=True)
class Candidate:
    """A target found in the registry; `supporters` is its support in this episode, None where nobody proposed it."""

    id: str
    name: str
    address: str
    district: str
    category: str
    supporters: int | None
    choose_url: str


@dataclass(frozen=True)
class NominatePage:
    """Facts of nominations/nominate.html. `step`: find (search and choose) or write (say why). `known` are the
    nominations of the chosen target that may be supported instead."""

    episode: EpisodeCard
    open: bool
    step: str
    q: str
    results: Sequence[Candidate]
    total: int
    target: TargetCard | None
    known: Sequence[NominationView]
    scope: str
    limits: Mapping[str, int]
    unread: int


@dataclass(frozen=True)
class NominationsPage:
    """Facts of nominations/list.html."""

    episode: EpisodeCard
    open: bool
    nominations: Sequence[NominationView]
    total: int
    page: int
    pages: int
    unread: int


@dataclass(frozen=True)
class NominationPage:
    """Facts of nominations/nomination.html. `support`: none, mine (supported) or own (proposed by who looks)."""

    nomination: NominationView
    episode: EpisodeCard
    target: TargetCard | None
    fate: Sequence[FateLine]
    support: str
    may_support: bool
    scope: str
    unread: int


@dataclass(frozen=True)
class News:
    """One message. `about` is the nomination's name where the public may read it."""

    code: str
    about: str | None
    reason: str | None
    link: str
    at: datetime
    unread: bool


@dataclass(frozen=True)
class InboxPage:
    """Facts of nominations/mine.html. `known` says whether we know this browser at all."""

    known: bool
    mine: Sequence[NominationView]
    followed: Sequence[NominationView]
    news: Sequence[News]
    unread: int
    drawn_at: datetime


@dataclass(frozen=True)
class Likeness:
    """Something that may be the same: a nomination to merge into, or a target to resolve to."""

    id: str
    url: str
    name: str
    address: str
    percent: int


@dataclass(frozen=True)
class DeskLine:
    """A nomination on the operator's desk, with what may be done to it now."""

    nomination: NominationView
    alike: Sequence[Likeness]
    registered: Sequence[Likeness]
    acts: Sequence[str]


@dataclass(frozen=True)
class NominationDeskPage:
    """Facts of nominations/desk.html."""

    episode: EpisodeCard
    lines: Sequence[DeskLine]
    waiting: int
    total: int
    shortlisted: int
    codes: Sequence[str]
    page: int
    pages: int
    url: str
