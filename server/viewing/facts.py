"""The facts of each page: what its template and its JSON twin are given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.viewing.ballot_facts import BallotDesk, BallotView
from server.viewing.draw_facts import Member, OpenDraw
from server.viewing.plans import ChangeView, StepDesk
from server.viewing.views import (
    Action,
    BusinessCase,
    CheckpointView,
    ConsoleInspection,
    DrawLink,
    EpisodeCard,
    FindingView,
    GateLine,
    HistoryLine,
    InspectorView,
    Invitation,
    ItemView,
    MoveView,
    MyInspection,
    OperatorInspector,
    PlanLine,
    Planned,
    RectificationCard,
    StepView,
    SummaryView,
    Tally,
    TargetCard,
    TargetView,
)


@dataclass(frozen=True)
class HomePage:
    """Facts of home.html."""

    live: EpisodeCard | None
    next: EpisodeCard | None
    invitations: Sequence[Invitation]
    recent: Sequence[EpisodeCard]
    rectifications: Sequence[RectificationCard]
    tally: Tally
    checkpoint: CheckpointView


@dataclass(frozen=True)
class EpisodesPage:
    """Facts of episodes/list.html."""

    episodes: Sequence[EpisodeCard]
    phase: str | None


@dataclass(frozen=True)
class EpisodePage:
    """Facts of episodes/episode.html; `events_from` is the last ledger index that the page already shows."""

    episode: EpisodeCard
    plan: Sequence[PlanLine]
    changes: Sequence[ChangeView]
    target: TargetCard | None
    draws: Sequence[DrawLink]
    inspection_id: str | None
    inspectors: Sequence[InspectorView]
    hls_url: str | None
    playing: str | None
    cut: bool
    delay_seconds: float
    items: Sequence[ItemView]
    findings: Sequence[FindingView]
    rectifications: Sequence[RectificationCard]
    summary: SummaryView
    results: Sequence[str]
    checklist_url: str | None
    ballot: BallotView | None
    events_from: int


@dataclass(frozen=True)
class FindingPage:
    """Facts of inspections/finding.html."""

    finding: FindingView
    episode: EpisodeCard
    target: TargetCard


@dataclass(frozen=True)
class RectificationsPage:
    """Facts of rectifications/list.html."""

    rectifications: Sequence[RectificationCard]
    counts: dict[str, int]
    state: str | None
    overdue: bool
    overdue_count: int


@dataclass(frozen=True)
class RectificationPage:
    """Facts of rectifications/rectification.html."""

    rectification: RectificationCard
    finding: FindingView
    episode: EpisodeCard
    target: TargetCard
    steps: Sequence[StepView]
    moves: Sequence[MoveView]


@dataclass(frozen=True)
class MinePage:
    """Facts of inspections/mine.html."""

    inspections: Sequence[MyInspection]


@dataclass(frozen=True)
class ConsolePage:
    """Facts of inspections/console.html."""

    inspection: ConsoleInspection
    episode: EpisodeCard
    target: TargetCard
    items: Sequence[ItemView]
    findings: Sequence[FindingView]
    summary: SummaryView
    gate: Sequence[GateLine]
    watching: int
    events_from: int


@dataclass(frozen=True)
class OperatorPage:
    """Facts of episodes/operator.html."""

    episodes: Sequence[Planned]
    districts: Sequence[str]
    categories: Sequence[str]
    inspectors: Sequence[OperatorInspector]


@dataclass(frozen=True)
class PlanPage:
    """Facts of episodes/plan.html."""

    episode: EpisodeCard
    plan: Sequence[PlanLine]
    steps: Sequence[StepDesk]
    changes: Sequence[ChangeView]
    timed: bool
    target: TargetCard | None
    gate: Sequence[GateLine]
    draws: Sequence[DrawLink]
    team: Sequence[InspectorView]
    actions: Sequence[Action]
    inspection_id: str | None
    whep_url: str | None
    ballot: BallotDesk
    open_draws: Sequence[OpenDraw]
    members: Sequence[Member]
    events_from: int


@dataclass(frozen=True)
class BusinessPage:
    """Facts of rectifications/business.html."""

    target: TargetCard
    episode: EpisodeCard
    cases: Sequence[BusinessCase]


@dataclass(frozen=True)
class TargetsPage:
    """Facts of targets/search.html."""

    q: str
    district: str
    category: str
    results: Sequence[TargetCard]
    total: int
    districts: Sequence[str]
    categories: Sequence[str]
    page: int
    pages: int


@dataclass(frozen=True)
class TargetPage:
    """Facts of targets/target.html."""

    target: TargetView
    history: Sequence[HistoryLine]


@dataclass(frozen=True)
class ChecklistPage:
    """Facts of targets/checklist.html; `sha256` is of the file that was published."""

    code: str
    version: int
    title: str
    published_at: datetime
    items: Sequence[ItemView]
    sha256: str
