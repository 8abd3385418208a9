"""The rooms that viewing looks down into, in one value."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from server.ballots.actions import Ballots
from server.draws.actions import Draws
from server.episodes.actions import Episodes
from server.inspections.actions import Inspections
from server.inspections.findings import Findings
from server.kit.clock import Clock
from server.ledger.actions import Ledger
from server.nominations.actions import Nominations
from server.nominations.curation import Curation
from server.notifications.actions import Notifications
from server.people.actions import People
from server.rectifications.actions import Rectifications
from server.targets.actions import Targets


@dataclass(frozen=True)
class Rooms:
    """Everything that pages are gathered from. `watching` counts an episode's viewers now (10 s of playback or more);
    `has_picture` says whether a channel has anything to play."""

    people: People
    targets: Targets
    draws: Draws
    ballots: Ballots
    episodes: Episodes
    nominations: Nominations
    curation: Curation
    notifications: Notifications
    inspections: Inspections
    findings: Findings
    rectifications: Rectifications
    ledger: Ledger
    clock: Clock
    zone: tzinfo
    delay_seconds: float
    watching: Callable[[str], int]
    has_picture: Callable[[str], bool]
