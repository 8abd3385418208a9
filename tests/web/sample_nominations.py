"""Sample facts of the pages about nominations."""

from dataclasses import replace

from server.viewing.nomination_facts import (
    Candidate,
    DeskLine,
    FateLine,
    InboxPage,
    Likeness,
    News,
    NominatePage,
    NominationDeskPage,
    NominationPage,
    NominationsPage,
    NominationView,
)
from tests.web.samples import HASH, OPERATOR, ago, episode, target

ODD = "<b>\"油烟\"</b> & '后厨' " + "很长的理由" * 40
RELEASED = NominationView(
    id="no_1", episode_id="ep_1", url="/nominations/no_1", state="counted", code=None, into_url=None, tier="device",
    supporters=1234, made_at=ago(hours=3), target_id="tg_1", target_url="/targets/tg_1", described=False, shown=True,
    released=True, waiting=False, name="云溪区酸辣粉店", place="临河大道 118 号", look_at="冷柜", reason=ODD,
    said_name="", said_place="", hidden_reason=None, words_digest=HASH, salt=HASH[:32], hidden_salt=None, version=1,
)  # fmt: skip
UNREAD = replace(
    RELEASED, id="no_2", url="/nominations/no_2", supporters=1, target_id=None, target_url=None, described=True,
    shown=False, released=False, waiting=True, name=None, place=None, look_at=None, reason=None, said_name=None,
    said_place=None, salt=None,
)  # fmt: skip
HIDDEN = replace(UNREAD, id="no_3", url="/nominations/no_3", waiting=False, hidden_reason="含有人名", hidden_salt="00")
OUT = replace(RELEASED, id="no_4", url="/nominations/no_4", state="excluded", code="frequency_cap")
MERGED = replace(RELEASED, id="no_5", url="/nominations/no_5", state="merged", into_url="/nominations/no_1")
FOUND = replace(
    RELEASED, id="no_6", url="/nominations/no_6", state="shortlisted", described=True, said_name=ODD, said_place=ODD
)
ALL = [RELEASED, UNREAD, HIDDEN, OUT, MERGED, FOUND]
FATE = [
    FateLine(7, ago(hours=3), "made", None, None),
    FateLine(8, ago(hours=2), "resolved", None, "/targets/tg_1"),
    FateLine(9, ago(hours=1), "excluded", "frequency_cap", None),
]
LIMITS = {"name": 60, "place": 120, "look_at": 300, "reason": 500}
CANDIDATES = [
    Candidate("tg_1", ODD, "临河大道", "云溪区", "catering", 3, "/episodes/ep_1/nominate?target=tg_1"),
    Candidate("tg_2", "酸辣粉", "临河大道", "云溪区", "catering", None, "/episodes/ep_1/nominate?target=tg_2"),
]


def nominate(**changes: object) -> NominatePage:
    facts = {
        "episode": episode("nominating"), "open": True, "step": "find", "q": ODD, "results": CANDIDATES, "total": 2,
        "target": None, "known": [], "scope": "nominate:ep_1", "limits": LIMITS, "unread": 0,
    }  # fmt: skip
    return NominatePage(**{**facts, **changes})  # type: ignore[arg-type]  # the table mixes types


def nomination(view: NominationView, support: str = "none", **changes: object) -> NominationPage:
    facts = {
        "nomination": view, "episode": episode("nominating"), "target": target() if view.target_id else None,
        "fate": FATE, "support": support, "may_support": True, "scope": "nominate:ep_1", "unread": 2,
    }  # fmt: skip
    return NominationPage(**{**facts, **changes})  # type: ignore[arg-type]  # the table mixes types


def news(code: str, about: str | None = ODD, reason: str | None = None) -> News:
    return News(code, about, reason, "/nominations/no_1", ago(minutes=3), unread=about is None)


def inbox() -> InboxPage:
    told = [news("excluded", reason="closed"), news("drawn", None), news("something new")]
    return InboxPage(known=True, mine=ALL, followed=[], news=told, unread=1, drawn_at=ago(seconds=1))


def desk() -> NominationDeskPage:
    likeness = [Likeness("no_9", "/nominations/no_9", ODD, "临河大道", 81)]
    acts = ["release", "hide", "resolve", "shortlist", "merge", "exclude"]
    lines = [DeskLine(view, likeness, likeness, acts) for view in (replace(UNREAD, said_name=ODD), FOUND)]
    lines += [DeskLine(view, [], [], []) for view in (HIDDEN, OUT, MERGED)]
    return NominationDeskPage(
        episode("nominating"), lines, 2, 64, 1, ["closed", "a new code"], 2, 3, "/operator/episodes/ep_1/nominations"
    )  # type: ignore[arg-type]  # a sample episode


def listed(**changes: object) -> NominationsPage:
    facts = {"episode": episode("nominating"), "open": True, "nominations": ALL, "total": 64, "page": 2, "pages": 3}
    return NominationsPage(**{**facts, "unread": 1, **changes})  # type: ignore[arg-type]  # the table mixes types


def nothing() -> InboxPage:
    return InboxPage(known=False, mine=[], followed=[], news=[], unread=0, drawn_at=ago(seconds=1))


TARGETS_OWN = nominate(step="write", target=target(), known=[RELEASED, UNREAD])
NOMINATION_PAGES = [
    ("nominate", "nominations/nominate.html", "/episodes/ep_1/nominate", nominate(), None),
    ("nominate-write", "nominations/nominate.html", "/episodes/ep_1/nominate", TARGETS_OWN, None),
    ("nominate-describe", "nominations/nominate.html", "/episodes/ep_1/nominate", nominate(step="write"), None),
    ("nominate-over", "nominations/nominate.html", "/episodes/ep_1/nominate", nominate(open=False), None),
    ("nominations", "nominations/list.html", "/episodes/ep_1/nominations", listed(), None),
    ("nominations-none", "nominations/list.html", "/episodes/ep_1/nominations", listed(nominations=[], pages=1), None),
    *(
        (f"nomination-{n}", "nominations/nomination.html", "/nominations/no_1", nomination(view), None)
        for n, view in enumerate(ALL)
    ),
    ("nomination-own", "nominations/nomination.html", "/nominations/no_1",
     nomination(replace(UNREAD, shown=True, name=ODD, said_name=ODD), "own"), None),
    ("nomination-mine", "nominations/nomination.html", "/nominations/no_1", nomination(RELEASED, "mine"), None),
    ("nomination-decided", "nominations/nomination.html", "/nominations/no_1",
     nomination(OUT, may_support=False, fate=[]), None),
    ("inbox", "nominations/mine.html", "/mine", inbox(), None),
    ("inbox-none", "nominations/mine.html", "/mine", nothing(), None),
    ("nomination-desk", "nominations/desk.html", "/operator/episodes/ep_1/nominations", desk(), OPERATOR),
]  # fmt: skip
"""Name, template, path, facts, who is looking."""
