"""Sample facts of every page, full, empty and odd."""

from datetime import timedelta

from tests.web.draw_samples import DRAW_PAGES, announcing
from tests.web.plan_samples import plan_changes, plan_steps
from tests.web.sample_ballots import BALLOT_PAGES, ballot, ballot_desk
from tests.web.sample_citizens import CITIZEN_PAGES
from tests.web.sample_nominations import NOMINATION_PAGES
from tests.web.samples import (
    CHECKPOINT,
    HASH,
    INSPECTOR,
    NOW,
    OPERATOR,
    Facts,
    ago,
    draw_link,
    entry,
    episode,
    finding,
    gate,
    items,
    plan,
    rectification,
    target,
    team,
)


def home() -> Facts:
    return Facts(
        live=episode(),
        next=None,
        invitations=[
            Facts(
                kind="propose", number=14, title="校园周边餐饮由你选", url="/episodes/ep_1/nominate", until=ago(days=-1)
            ),
            Facts(kind="vote", number=13, title="夜宵摊档大家投", url="/ballots/ba_1", until=ago(hours=-2)),
            Facts(kind="watch_draw", number=12, title="突击检查", url="/draws/dr_1", until=None),
        ],
        recent=[
            episode("following", number=89, title="民生计量：农贸市场电子秤", watching=0),
            episode("closed", number=88),
        ],
        rectifications=[rectification(), rectification("submitted", -2)],
        tally=Facts(episodes=89, findings=1203, fails=311, closed=287, open=21, overdue=3, targets=48211),
        checkpoint=Facts(size=1234, root=HASH),
    )


def home_quiet() -> Facts:
    tally = Facts(episodes=0, findings=0, fails=0, closed=0, open=0, overdue=0, targets=0)
    checkpoint = Facts(size=0, root=HASH)
    return Facts(live=None, next=None, invitations=[], recent=[], rectifications=[], tally=tally, checkpoint=checkpoint)


def home_next() -> Facts:
    facts = home()
    facts.live, facts.next = None, episode("voting", target_name=None, live_at=NOW + timedelta(days=2))
    return facts


def episode_live(**changes: object) -> Facts:
    facts = {
        "episode": episode(),
        "plan": plan(),
        "changes": [],
        "target": target(),
        "draws": [draw_link(), draw_link("inspectors")],
        "inspection_id": "in_1",
        "inspectors": team(),
        "hls_url": "/hls/in_1/index.m3u8",
        "playing": "live",
        "cut": False,
        "delay_seconds": 15.0,
        "items": items(),
        "findings": [
            finding(1),
            finding(2, "pass", words="", severity="low"),
            finding(3, withdrawn=True, withdrawn_reason="记录对象有误", photos=[]),
        ],
        "rectifications": [rectification()],
        "summary": Facts(checked=4, passed=2, failed=1, total=18),
        "results": [],
        "checklist_url": "/checklists/catering/3",
        "ballot": None,
        "events_from": 1203,
    }
    return Facts(**{**facts, **changes})


def episode_waiting() -> Facts:
    return episode_live(
        episode=episode("voting", target_name=None, watching=0), plan=plan("voting"),
        changes=plan_changes(), target=None, draws=[], items=[],
        inspection_id=None, inspectors=[], hls_url=None, playing=None, findings=[], rectifications=[],
        checklist_url=None, summary=Facts(checked=0, passed=0, failed=0, total=0), ballot=ballot(),
    )  # fmt: skip


def episode_over() -> Facts:
    return episode_live(
        episode=episode("cancelled", reason="台风红色预警，检查改期。"),
        hls_url=None,
        playing=None,
        results=["ordered_to_correct"],
        ballot=ballot("voided", void_reason="名单有误。", votes=None),
    )


def console(**changes: object) -> Facts:
    inspection = {
        "id": "in_1", "state": "live", "channel": "in_1", "whip_url": "/whip/in_1", "episode_url": "/episodes/ep_1",
        "cut": False,
    }  # fmt: skip
    ok = changes.pop("ok", True)
    return Facts(
        inspection=Facts(**{**inspection, **changes}), episode=episode(), target=target(), items=items(),
        findings=[finding(1)], summary=Facts(checked=4, passed=2, failed=1, total=18), gate=gate(ok=bool(ok)),
        watching=213456, events_from=1203,
    )  # fmt: skip


def actions() -> list[Facts]:
    return [
        Facts(action="conclude", url="/episodes/ep_1/conclude", danger=False, needs_reason=False),
        Facts(action="cut", url="/episodes/ep_1/cut", danger=True, needs_reason=True),
    ]


def plan_page(**changes: object) -> Facts:
    facts = {
        "episode": episode(), "plan": plan(), "target": target(), "gate": gate(), "draws": [draw_link()],
        "steps": plan_steps(), "changes": plan_changes(), "timed": True,
        "team": team(), "actions": actions(), "inspection_id": "in_1", "whep_url": "/whep/in_1", "events_from": 1203,
        "ballot": ballot_desk(), "open_draws": [], "members": [],
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def rectification_page() -> Facts:
    steps = [
        Facts(at=ago(days=2), before=None, to="ordered", words="七日内恢复温控并补齐记录。", by_role="inspector"),
        Facts(at=ago(days=1), before="ordered", to="submitted", words="已换新压缩机，附维修单。", by_role="business"),
    ]
    return Facts(
        rectification=rectification("submitted"), finding=finding(1), episode=episode("following"), target=target(),
        steps=steps, moves=[Facts(to="reinspected", needs_words=False), Facts(to="returned", needs_words=True)],
    )  # fmt: skip


def business() -> Facts:
    def case(state: str, *, may_submit: bool) -> Facts:
        return Facts(
            rectification=rectification(state, id=f"rc_{state}"),
            finding=finding(1),
            may_submit=may_submit,
            submit_url="/business/t/rectifications/rc_1",
        )

    cases = [case("ordered", may_submit=True), case("submitted", may_submit=False)]
    return Facts(target=target(), episode=episode("following"), cases=cases)


def ledger() -> Facts:
    entries = [entry(1234 - n, kind) for n, kind in enumerate(["finding.published", "draw.drawn", "broadcast.started"])]
    return Facts(size=1235, root=HASH, checkpoint=CHECKPOINT, entries=entries, page=2, pages=62, key=HASH)


def target_page() -> Facts:
    known = target()
    known.code, known.source = "91330106MA2XXXXX0K", "省市场监管局公开数据"
    known.history = [
        Facts(at=ago(days=200), what="第61期", words="检查 18 项，发现问题 2 项，均已整改。", url="/episodes/ep_61")
    ]
    return Facts(target=known)


def search(**changes: object) -> Facts:
    facts = {
        "q": "川味",
        "results": [target(), target(inspections=0, last_inspected_on=None)],
        "total": 48,
        "districts": ["云溪区", "临江区"],
        "categories": ["餐饮服务", "特种设备"],
        "page": 1,
        "pages": 3,
    }
    return Facts(**{**facts, **changes})


def operator() -> Facts:
    planned = Facts(episode=episode(), next_steps=actions(), url="/operator/episodes/ep_1")
    return Facts(episodes=[planned], districts=["云溪区"], categories=["餐饮服务"], inspectors=team())


def rectifications(**changes: object) -> Facts:
    facts = {
        "rectifications": [rectification(), rectification("returned", -3), rectification("closed", 0)],
        "counts": {"ordered": 12, "submitted": 4, "closed": 287},
        "state": None,
        "overdue": False,
        "overdue_count": 3,
    }
    return Facts(**{**facts, **changes})


def account() -> Facts:
    sessions = [
        Facts(id="s1", seen_at=ago(minutes=3), current=True),
        Facts(id="s2", seen_at=ago(days=3), current=False),
    ]
    return Facts(name="陈立", role="inspector", login="chenli", sessions=sessions)


def entry_page(proof: list[str]) -> Facts:
    return Facts(entry=entry(1203), raw='{"at":"…"}', proof=proof, size=1235, root=HASH, checkpoint=CHECKPOINT)


def invitation() -> Facts:
    return Facts(name="陈立", role="inspector", token="tok", expires_at=NOW + timedelta(days=7))


def mine() -> Facts:
    inspection = Facts(id="in_1", state="live", episode=episode(), target=target(), url="/console/in_1")
    return Facts(inspections=[inspection])


def error(status: int = 404, kind: str = "NoSuchEpisode", message: str = "没有这一期。") -> Facts:
    return Facts(status=status, kind=kind, message=message, where=None)


def checklist() -> Facts:
    return Facts(code="catering", version=3, title="餐饮服务检查事项清单", published_at=ago(days=90), items=items())


PAGES: list[tuple[str, str, str, object, object]] = [
    ("home", "home.html", "/", home(), None),
    ("home-quiet", "home.html", "/", home_quiet(), None),
    ("home-next", "home.html", "/", home_next(), None),
    ("episodes", "episodes/list.html", "/episodes", Facts(episodes=[episode(), *home().recent], phase=None), None),
    ("episodes-empty", "episodes/list.html", "/episodes", Facts(episodes=[], phase="live"), None),
    ("episode-live", "episodes/episode.html", "/episodes/ep_1", episode_live(), None),
    ("episode-waiting", "episodes/episode.html", "/episodes/ep_1", episode_waiting(), None),
    ("episode-over", "episodes/episode.html", "/episodes/ep_1", episode_over(), None),
    ("episode-cut", "episodes/episode.html", "/episodes/ep_1", episode_live(hls_url=None, cut=True), None),
    ("targets", "targets/search.html", "/targets", search(), None),
    ("targets-empty", "targets/search.html", "/targets", search(results=[], total=0, pages=1), None),
    ("target", "targets/target.html", "/targets/tg_1", target_page(), None),
    ("checklist", "targets/checklist.html", "/checklists/catering/3", checklist(), None),
    ("plan-announcing", "episodes/plan.html", "/operator/episodes/ep_1", plan_page(**announcing()), OPERATOR),
    *DRAW_PAGES,
    ("finding", "inspections/finding.html", "/findings/fd_1",
     Facts(finding=finding(), episode=episode(), target=target()), INSPECTOR),
    ("mine", "inspections/mine.html", "/console", mine(), INSPECTOR),
    ("mine-empty", "inspections/mine.html", "/console", Facts(inspections=[]), INSPECTOR),
    ("console", "inspections/console.html", "/console/in_1", console(), INSPECTOR),
    ("console-planned", "inspections/console.html", "/console/in_1", console(state="planned", ok=False), INSPECTOR),
    ("console-over", "inspections/console.html", "/console/in_1", console(state="concluded"), INSPECTOR),
    ("console-cut", "inspections/console.html", "/console/in_1", console(cut=True), INSPECTOR),
    ("rectifications", "rectifications/list.html", "/rectifications", rectifications(), None),
    ("rectifications-none", "rectifications/list.html", "/rectifications",
     rectifications(rectifications=[], overdue=True, overdue_count=0), None),
    ("rectification", "rectifications/rectification.html", "/rectifications/rc_1", rectification_page(), INSPECTOR),
    ("business", "rectifications/business.html", "/business/t", business(), None),
    ("ledger", "ledger/ledger.html", "/ledger", ledger(), None),
    ("entry", "ledger/entry.html", "/ledger/entries/1203", entry_page([HASH, HASH, HASH]), None),
    ("entry-alone", "ledger/entry.html", "/ledger/entries/1203", entry_page([]), None),
    ("sign-in", "people/sign_in.html", "/sign-in", Facts(next="/console"), None),
    ("invitation", "people/invitation.html", "/invitations/tok", invitation(), None),
    ("account", "people/account.html", "/account", account(), INSPECTOR),
    ("operator", "episodes/operator.html", "/operator", operator(), OPERATOR),
    ("plan", "episodes/plan.html", "/operator/episodes/ep_1", plan_page(), OPERATOR),
    ("plan-empty", "episodes/plan.html", "/operator/episodes/ep_1",
     plan_page(
         steps=[], changes=[], timed=False,
         whep_url=None, actions=[], team=[], draws=[], gate=gate(ok=False), inspection_id=None,
         ballot=ballot_desk(ballot=ballot(), shortlist=[], may_open=False, may_void=True),
     ), OPERATOR),
    *BALLOT_PAGES,
    *CITIZEN_PAGES,
    *NOMINATION_PAGES,
    ("error-404", "error.html", "/nowhere", error(), None),
    ("error-401", "error.html", "/console", error(401, "NotAllowed", "请先登录。"), None),
    ("error-500", "error.html", "/episodes", error(500, "Accident", "err_01"), None),
]  # fmt: skip
"""Name, template, path, facts, who is looking."""
