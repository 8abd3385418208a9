"""Settings: every knob, one sentence each, read once from SEETHROUGH_* variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PREFIX = "SEETHROUGH_"


class BadSetting(Exception):
    """A variable whose value cannot be used; the message names it and says what would do."""


def knob(sentence: str, default: Any) -> Any:
    """A setting with the sentence that explains it."""
    return field(default=default, metadata={"sentence": sentence})


@dataclass(frozen=True)
class Settings:
    """Each field `x` is read from `SEETHROUGH_X`. docs/settings.md repeats the sentences; a test keeps them equal."""

    host: str = knob("Address to listen on; stays on this machine unless you say otherwise.", "127.0.0.1")
    port: int = knob("TCP port to listen on.", 8080)
    data_dir: Path = knob("Directory of everything the server keeps; made when missing.", Path("data"))
    mongodb_uri: str = knob(
        "Address of a MongoDB replica set; empty starts the bundled one under the data directory.", ""
    )
    mongodb_name: str = knob("Name of the database.", "seethrough")
    mongodb_cache_mb: int = knob("Cache of the bundled MongoDB in MiB.", 256)
    public_url: str = knob(
        "The address people use, such as https://inspect.example; https makes cookies Secure. Empty: http://HOST:PORT.",
        "",
    )
    behind_proxy: bool = knob(
        "Whether a reverse proxy of yours sets X-Forwarded-For; only then is that header believed.", False
    )
    city: str = knob("Name of the city, shown in the header of every page.", "")
    ledger_origin: str = knob(
        "Name of the ledger in its checkpoints, an address without a scheme; never change it once facts exist.",
        "seethrough.invalid/ledger",
    )
    timezone: str = knob("The city's time zone.", "Asia/Shanghai")
    session_idle_hours: int = knob("Hours after which an unused session ends.", 12)
    session_days: int = knob("Days after which every session ends.", 30)
    invitation_hours: int = knob("Hours that an invitation link stays valid.", 72)
    sign_in_attempts: int = knob("Failed sign-ins per account or address before a pause is asked.", 5)
    safety_delay_seconds: float = knob("Delay of the public picture, 0 to 120 seconds.", 15.0)
    hls_window_seconds: int = knob("How far back the live playlist reaches, in seconds.", 4 * 3600)
    ice_servers: str = knob("STUN and TURN addresses for publishers, separated by spaces.", "")
    max_upload_mb: int = knob("Largest request body in MiB; photos of a finding come in one request.", 24)
    photo_pixels: int = knob("Longest side of a stored photo in pixels.", 1920)
    draw_lead_seconds: float = knob(
        "Seconds that must lie between announcing a draw and the first moment its randomness can be known.", 30.0
    )
    beacon_url: str = knob(
        "Address of a drand relay to fetch rounds from; empty: rounds are typed in by an operator, and verified.",
        "https://api.drand.sh",
    )
    beacon_hash: str = knob(
        "Hash of the drand chain that draws wait for.",
        "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    )
    beacon_key: str = knob(
        "Public key of that chain (scheme bls-unchained-g1-rfc9380), hex.",
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc2"
        "2b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    )
    beacon_genesis: int = knob("Moment of that chain's first round, in Unix seconds.", 1692803367)
    beacon_period: int = knob("Seconds between two rounds of that chain.", 3)
    target_cap: int = knob("How often one target may be inspected in a calendar year.", 2)
    target_interval_days: int = knob("Days that must lie between two inspections of one target.", 90)
    grade_tickets: str = knob(
        "Tickets in a draw by credit grade; a target without a grade has as many as B.", "A=1, B=2, C=4, D=8"
    )
    vote_gather_milliseconds: float = knob("How long votes are gathered before they are kept together.", 5.0)
    waiting_votes: int = knob("Votes that may wait to be kept; more are asked to come again.", 5000)
    votes_per_network: int = knob("Votes an hour that one network may cast in a ballot; 0 for no limit.", 3000)
    ballot_least_minutes: float = knob("Minutes that a ballot stays open at least.", 60.0)
    shortlist_size: int = knob("How many of a ballot's first options go into the draw of a shortlist episode.", 5)
    inspector_rest_days: int = knob("Days after a visit in which an inspector is not drawn again; 0 for none.", 0)
    weekly: bool = knob("Whether the weekly cycle creates the next episode by itself.", False)
    weekly_plan: str = knob(
        "The week's steps as weekday and time: nominating, voting, drawing, live.",
        "mon 09:00, wed 09:00, thu 10:00, fri 10:00",
    )
    weekly_method: str = knob("How the weekly cycle chooses the target: draw, vote or shortlist.", "shortlist")
    weekly_title: str = knob(
        "Title of the weekly cycle's episodes; {year} and {week} are filled in.", "{year}年第{week}周 · Week {week}"
    )
    weekly_choose: int = knob("How many options one may choose in a ballot that the weekly cycle opens.", 3)
    weekly_tier: str = knob(
        "Least tier to vote in a ballot that the weekly cycle opens: device, phone, verified.", "device"
    )
    weekly_ceremony_minutes: float = knob(
        "Minutes in which witnesses seal, then open, secrets for a draw that the weekly cycle announces; 0: none.", 10.0
    )
    holiday_rule: str = knob(
        "What becomes of a week whose live day is a public holiday: skip, or next (working day).", "skip"
    )
    step_window_hours: float = knob(
        "Hours in which a step that was missed is still taken; after that it is held.", 12.0
    )
    rectification_days: int = knob("Working days that a rectification has by default.", 10)
    objection_days: int = knob("Days that a verified rectification stays open to objection.", 7)
    slow_viewer_seconds: float = knob("How long an event stream may stand still before it is dropped.", 10.0)
    citizen_days: int = knob("Days that a browser is remembered as the citizen it was identified as.", 365)
    challenge_numbers: int = knob("Largest number of a proof of work; a browser tries half as many on average.", 50_000)
    challenge_minutes: float = knob("Minutes in which a proof of work must be used.", 20.0)
    sms_url: str = knob(
        "Gateway that sends codes by SMS: POST {to, text} as JSON; `log:` prints them. Empty: no telephone tier.",
        "",
    )
    sms_token: str = knob("Bearer token for that gateway.", "")
    sms_countries: str = knob("Calling codes of the countries to whose numbers codes are sent.", "86")
    codes_per_number: int = knob("Codes sent to one telephone number in 24 hours.", 5)
    codes_per_network: int = knob("Codes sent on request of one network address in an hour.", 60)
    oidc_issuer: str = knob("Issuer of the OpenID Connect provider that verifies people. Empty: no verified tier.", "")
    oidc_client_id: str = knob("Our client id at that provider.", "")
    oidc_client_secret: str = knob("Our client secret there; empty for a public client.", "")
    oidc_name: str = knob("What people call that provider, shown on the button.", "")
    nominations_per_day: int = knob("Proposals of one citizen in 24 hours; support may be given ten times as often.", 5)
    nominations_per_network: int = knob(
        "Proposals from one network address in 24 hours; many people can stand behind one. 0: no limit.", 200
    )
    release_nominations: bool = knob(
        "Whether the words of a proposal are public at once, before an operator has read them.", False
    )
    log_level: str = knob("debug, info, warning or error.", "info")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Reads the variables; a value that cannot be used, or a name that does not exist, is BadSetting."""
        given = os.environ if environment is None else environment
        known = {PREFIX + f.name.upper(): f for f in fields(cls)}
        unknown = sorted(n for n in given if n.startswith(PREFIX) and n not in known and "_TEST_" not in n)
        if unknown:
            raise BadSetting(f"There is no setting {unknown[0]}. docs/settings.md lists them all.")
        values = {
            f.name: _read(name, given[name], f.default)
            for name, f in known.items()
            if _is_given(given.get(name), f.default)
        }
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Refuses values that cannot be."""
        _between("port", self.port, 0, 65535)
        _between("safety_delay_seconds", self.safety_delay_seconds, 0, 120)
        _between("rectification_days", self.rectification_days, 1, 365)
        _between("objection_days", self.objection_days, 0, 365)
        _between("session_idle_hours", self.session_idle_hours, 1, 24 * 365)
        _between("session_days", self.session_days, 1, 3650)
        _between("invitation_hours", self.invitation_hours, 1, 24 * 365)
        _between("sign_in_attempts", self.sign_in_attempts, 1, 1000)
        _between("vote_gather_milliseconds", self.vote_gather_milliseconds, 0, 1000)
        _between("waiting_votes", self.waiting_votes, 1, 1_000_000)
        _between("votes_per_network", self.votes_per_network, 0, 10**9)
        _between("photo_pixels", self.photo_pixels, 200, 10_000)
        _between("slow_viewer_seconds", self.slow_viewer_seconds, 0.1, 3600)
        _between("max_upload_mb", self.max_upload_mb, 1, 512)
        _between("draw_lead_seconds", self.draw_lead_seconds, 1, 7 * 24 * 3600)
        _between("beacon_period", self.beacon_period, 1, 3600)
        _between("target_cap", self.target_cap, 1, 366)
        _between("target_interval_days", self.target_interval_days, 0, 730)
        _between("shortlist_size", self.shortlist_size, 1, 100)
        _between("inspector_rest_days", self.inspector_rest_days, 0, 365)
        self.tickets()
        self._check_citizens()
        self._check_weekly()
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise BadSetting(f"{PREFIX}LOG_LEVEL is “{self.log_level}”; use debug, info, warning or error.")
        if self.public_url and not _is_web_address(self.public_url):
            raise BadSetting(f"{PREFIX}PUBLIC_URL is “{self.public_url}”; it begins with http:// or https://.")
        self.zone()

    def _check_citizens(self) -> None:
        _between("citizen_days", self.citizen_days, 1, 3650)
        _between("challenge_numbers", self.challenge_numbers, 1, 100_000_000)
        _between("challenge_minutes", self.challenge_minutes, 1, 24 * 60)
        _between("codes_per_number", self.codes_per_number, 1, 1000)
        _between("codes_per_network", self.codes_per_network, 1, 1_000_000)
        for name, address in (("SMS_URL", self.sms_url.removeprefix("log:")), ("OIDC_ISSUER", self.oidc_issuer)):
            if address and not _is_web_address(address):
                raise BadSetting(f"{PREFIX}{name} is “{address}”; it begins with http:// or https://.")
        if self.oidc_issuer and not self.oidc_client_id:
            raise BadSetting(
                f"{PREFIX}OIDC_ISSUER is set, but {PREFIX}OIDC_CLIENT_ID is not; the provider gives you one."
            )
        if not self.sms_countries.replace(" ", "").isdecimal():
            raise BadSetting(f"{PREFIX}SMS_COUNTRIES is “{self.sms_countries}”; write calling codes such as 86 852.")

    def _check_weekly(self) -> None:
        _among("weekly_method", self.weekly_method, "draw", "vote", "shortlist")
        _among("weekly_tier", self.weekly_tier, "device", "phone", "verified")
        _between("weekly_choose", self.weekly_choose, 1, 100)
        _between("weekly_ceremony_minutes", self.weekly_ceremony_minutes, 0, 24 * 60)
        _among("holiday_rule", self.holiday_rule, "skip", "next")
        _between("step_window_hours", self.step_window_hours, 0.1, 24 * 6)
        try:
            self.weekly_title.format(year="2026", week=48)
        except (KeyError, ValueError, IndexError, AttributeError):
            raise BadSetting(
                f"{PREFIX}WEEKLY_TITLE is “{self.weekly_title}”; only {{year}} and {{week}} can be filled in."
            ) from None

    def zone(self) -> ZoneInfo:
        """The time zone; BadSetting when the machine does not know it."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadSetting(f"{PREFIX}TIMEZONE is “{self.timezone}”; use a name such as Asia/Shanghai.") from None

    def tickets(self) -> dict[str, int]:
        """Tickets by grade, `{"A": 1, …}`; BadSetting where a grade is missing or a number is none."""
        try:
            pairs = dict(part.split("=") for part in self.grade_tickets.replace(" ", "").split(","))
            tickets = {grade: int(count) for grade, count in pairs.items()}
            if sorted(tickets) != ["A", "B", "C", "D"] or not all(1 <= count <= 1000 for count in tickets.values()):
                raise ValueError(self.grade_tickets)
        except ValueError:
            raise BadSetting(
                f"{PREFIX}GRADE_TICKETS is “{self.grade_tickets}”; write A=1, B=2, C=4, D=8, each 1 to 1000."
            ) from None
        return tickets

    @property
    def base_url(self) -> str:
        """Where people find this server."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether people come over TLS."""
        return self.base_url.startswith("https://")


def _is_web_address(text: str) -> bool:
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.hostname)


def _among(name: str, value: str, *known: str) -> None:
    if value not in known:
        raise BadSetting(f"{PREFIX}{name.upper()} is “{value}”; use one of: {', '.join(known)}.")


def _between(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise BadSetting(f"{PREFIX}{name.upper()} is {value}; it must lie between {least} and {most}.")


def _is_given(text: str | None, default: Any) -> bool:
    """An empty variable is a text like another, and for anything else as good as none."""
    return bool(text) or (text is not None and isinstance(default, str))


def _read(name: str, text: str, default: Any) -> Any:
    kind = type(default)
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        words = {bool: "yes or no", int: "a whole number", float: "a number"}
        raise BadSetting(f"{name} is “{text}”; it must be {words.get(kind, 'a text')}.") from None
