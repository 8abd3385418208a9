"""Every room, built once from settings, clock and database. Only construction; the doors are app.py."""

from datetime import timedelta

from scheduler.holidays import CHINA
from server.ballots.actions import Ballots
from server.citizens.actions import Citizens
from server.citizens.keys import load_or_make as load_or_make_secret
from server.citizens.model import Tier
from server.citizens.phones import Phones
from server.citizens.provider import Provider
from server.citizens.routes import CALLBACK, Verifying
from server.citizens.senders import sender_for
from server.config import Settings
from server.draws.actions import Draws
from server.draws.beacon import Chain
from server.draws.fetching import Relay
from server.draws.sources import Sources
from server.episodes.actions import Episodes
from server.episodes.choosing import Choosing
from server.episodes.cycle import Cycle
from server.episodes.eligibility import Rules
from server.episodes.lifecycle import Phase
from server.episodes.planning import Planning
from server.episodes.taking import Taking, Usual
from server.episodes.voting import Voting
from server.episodes.watching import Watching
from server.events.hub import Hub
from server.inspections.actions import Inspections
from server.inspections.broadcasts import Broadcasts
from server.inspections.evidence import EvidenceStore
from server.inspections.findings import Findings
from server.inspections.model import Inspection
from server.inspections.teams import Teams
from server.kit.clock import Clock
from server.kit.mongo import Database, Tx
from server.kit.tasks import Tasks
from server.ledger.actions import Ledger
from server.ledger.keys import load_or_make
from server.nominations.actions import Limits, Nominations
from server.nominations.curation import Curation
from server.nominations.model import NotNominating
from server.nominations.model import State as Fate
from server.notifications.actions import Notifications
from server.people.actions import People, Spans
from server.rectifications.actions import Rectifications
from server.targets.actions import Targets
from server.targets.model import Grade
from server.viewing.ballots import BallotPages
from server.viewing.cards import Cards
from server.viewing.desks import Desks
from server.viewing.draws import DrawPages
from server.viewing.live import Live
from server.viewing.nominations import NominationPages
from server.viewing.pages import Pages
from server.viewing.registry import Registry
from server.viewing.rooms import Rooms
from server.viewing.why import WhyPages
from streaming.channels import Channels
from streaming.hls import Hls


class House:
    """One object per capability, each given its stores, the ledger and the clock; tests and the demo hold on to it."""

    def __init__(self, settings: Settings, *, clock: Clock, database: Database) -> None:
        self.settings = settings
        self.clock = clock
        self.database = database
        self.tasks = Tasks()
        self._build_record()
        self._build_citizens()
        self._build_choosing()
        self._build_inspecting()
        self._build_cycle()
        self._build_streaming()
        self._build_viewing()

    def _build_record(self) -> None:
        settings, data = self.settings, self.settings.data_dir
        key = load_or_make(data / "ledger.key")
        self.ledger = Ledger(self.database, key, settings.ledger_origin, mark=data / "ledger.size")
        spans = Spans(
            idle=timedelta(hours=settings.session_idle_hours),
            session=timedelta(days=settings.session_days),
            invitation=timedelta(hours=settings.invitation_hours),
        )
        self.people = People(self.database, self.ledger, self.clock, spans=spans, attempts=settings.sign_in_attempts)

    def _build_citizens(self) -> None:
        settings = self.settings
        secret = load_or_make_secret(settings.data_dir / "citizens.key")
        self.citizens = Citizens(
            self.database,
            self.clock,
            secret,
            days=settings.citizen_days,
            numbers=settings.challenge_numbers,
            minutes=settings.challenge_minutes,
        )
        self.phones = Phones(
            self.database,
            self.clock,
            self.citizens,
            sender_for(settings.sms_url, settings.sms_token),
            per_number=settings.codes_per_number,
            per_network=settings.codes_per_network,
            countries=tuple(settings.sms_countries.split()),
        )
        self.verifying = self._verifying() if settings.oidc_issuer else None

    def _verifying(self) -> Verifying:
        settings, key = self.settings, self.citizens.subkey("verify")
        here = settings.base_url + CALLBACK
        known_as = (settings.oidc_client_id, settings.oidc_client_secret)
        return Verifying(Provider(settings.oidc_issuer, *known_as, here, key, self.clock), settings.oidc_name)

    def _build_choosing(self) -> None:
        database, ledger, clock, settings = self.database, self.ledger, self.clock, self.settings
        self.targets = Targets(database, ledger, clock)
        self.draws = Draws(
            database,
            ledger,
            clock,
            folder=settings.data_dir / "pools",
            chain=Chain(settings.beacon_hash, settings.beacon_key, settings.beacon_genesis, settings.beacon_period),
            lead=timedelta(seconds=settings.draw_lead_seconds),
        )
        relay = Relay(settings.beacon_url) if settings.beacon_url else None
        self.sources = Sources(database, ledger, self.draws, clock, relay)
        self._build_ballots()
        self.episodes = Episodes(database, ledger, clock)
        self.planning = Planning(self.episodes, self.targets, clock)
        self._build_nominations()
        tickets = {Grade(grade): count for grade, count in settings.tickets().items()}
        rules = Rules(settings.target_cap, settings.target_interval_days, tickets, unknown_tickets=tickets[Grade.B])
        self.voting = Voting(
            database,
            self.episodes,
            self.ballots,
            self.nominations,
            clock,
            shortlist_size=settings.shortlist_size,
        )
        self.choosing = Choosing(
            database,
            self.targets,
            self.draws,
            self.episodes,
            self.voting,
            self.nominations,
            clock,
            rules=rules,
            zone=settings.zone(),
        )

    def _build_ballots(self) -> None:
        settings = self.settings
        self.ballots = Ballots(
            self.database,
            self.ledger,
            self.citizens,
            self.clock,
            boards_dir=settings.data_dir / "boards",
            tasks=self.tasks,
            gather_milliseconds=settings.vote_gather_milliseconds,
            waiting_votes=settings.waiting_votes,
            per_network=settings.votes_per_network,
            least_open=timedelta(minutes=settings.ballot_least_minutes),
            zone=settings.zone(),
        )

    def _build_nominations(self) -> None:
        settings = self.settings
        self.notifications = Notifications(self.database, self.citizens.subkey("inbox"), self.clock)
        self.nominations = Nominations(
            self.database,
            self.ledger,
            self.targets,
            self.citizens,
            self.notifications,
            self.clock,
            accepting=self._takes_nominations,
            release_at_once=settings.release_nominations,
            limits=Limits(settings.nominations_per_day, settings.nominations_per_network),
        )
        self.notifications.followers = self.nominations.store.each_inbox
        self.curation = Curation(self.database, self.nominations, self.targets, self.clock)

    async def _takes_nominations(self, episode_id: str) -> None:
        if (await self.episodes.get(episode_id)).phase is not Phase.NOMINATING:
            raise NotNominating("This episode takes no proposals now; its page says when it did or will.")

    async def _tell_nominators(self, tx: Tx, inspection: Inspection) -> None:
        """Whoever proposed this target learns that it is inspected now."""
        episode, target = inspection.episode, inspection.target
        await self.nominations.note(tx, episode, target, Fate.INSPECTED, into=inspection.id)

    def _build_inspecting(self) -> None:
        database, ledger, clock, settings = self.database, self.ledger, self.clock, self.settings
        self.rectifications = Rectifications(
            database,
            ledger,
            self.targets,
            clock,
            zone=settings.zone(),
            days=settings.rectification_days,
            objection_days=settings.objection_days,
            calendar=CHINA,
        )
        self.inspections = Inspections(
            database, ledger, self.people, self.targets, self.episodes, self.rectifications, clock
        )
        self.teams = Teams(
            database,
            ledger,
            self.people,
            self.targets,
            self.draws,
            self.episodes,
            self.inspections.store,
            clock,
            rest_days=settings.inspector_rest_days,
        )
        self.choosing.roster = self.teams.roster
        self.inspections.on_started = self._tell_nominators
        self.rectifications.on_settled = self.inspections.close_if_done
        evidence = EvidenceStore(settings.data_dir / "evidence", settings.photo_pixels)
        self.findings = Findings(database, ledger, self.inspections, self.rectifications, evidence, clock)

    def _build_cycle(self) -> None:
        settings, window = self.settings, timedelta(hours=self.settings.step_window_hours)
        self.cycle = Cycle(self.database, self.ledger, self.episodes, self.draws, self.clock, window=window)
        usual = Usual(settings.weekly_choose, Tier(settings.weekly_tier), settings.weekly_ceremony_minutes)
        taking = Taking(self.episodes, self.voting, self.choosing, self.ballots, self.nominations, usual)
        self.cycle.takes = {**taking.takes, Phase.LIVE: lambda who, episode: self.inspections.start(who, episode.id)}
        self.cycle.ballot_until = taking.ballot_until
        self.cycle.prepare = lambda who, episode: self.teams.assign(who, episode.id)

    def _build_streaming(self) -> None:
        settings = self.settings
        self.broadcasts = Broadcasts(self.inspections, self.ledger)
        self.hls = Hls(
            settings.data_dir / "hls",
            delay_seconds=settings.safety_delay_seconds,
            window_seconds=settings.hls_window_seconds,
        )
        self.channels = Channels(on_event=self.broadcasts.happened, outputs=lambda name: [self.hls.packager(name)])
        self.watching = Watching()

    def _build_viewing(self) -> None:
        settings = self.settings
        rooms = Rooms(
            people=self.people,
            targets=self.targets,
            draws=self.draws,
            ballots=self.ballots,
            episodes=self.episodes,
            nominations=self.nominations,
            curation=self.curation,
            notifications=self.notifications,
            inspections=self.inspections,
            findings=self.findings,
            rectifications=self.rectifications,
            ledger=self.ledger,
            clock=self.clock,
            zone=settings.zone(),
            delay_seconds=settings.safety_delay_seconds,
            watching=self.watching.count,
            has_picture=lambda name: self.hls.store(name) is not None,
        )
        self.cards = Cards(rooms)
        self.pages = Pages(rooms, self.cards)
        self.registry = Registry(rooms, self.cards)
        self.draw_pages = DrawPages(rooms, self.cards)
        self.nomination_pages = NominationPages(rooms, self.cards)
        self.ballot_pages = BallotPages(rooms, self.cards)
        self.why_pages = WhyPages(
            rooms,
            self.cards,
            self.ballot_pages,
            self.draw_pages,
            cap=settings.target_cap,
            interval_days=settings.target_interval_days,
        )
        self.desks = Desks(rooms, self.cards, self.pages)
        live = Live(self.cards, self.pages)
        self.hub = Hub(self.ledger, live.shown, slow_seconds=settings.slow_viewer_seconds)
