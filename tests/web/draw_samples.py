"""Samples of a draw's pages, at every standing."""

from types import SimpleNamespace as Facts

from tests.web.samples import HASH, NOW, ago, draw_link, episode, target

DEPUTY = Facts(name="赵梅", role="deputy", roles=frozenset({"deputy"}))
NAME = "云溪区老巷子川味酸辣粉与手工水饺连锁餐饮管理有限公司第三分店"


def source(kind: str, number: int, **changes: object) -> Facts:
    facts = {
        "number": number, "kind": kind, "out_at": ago(minutes=-9), "chain": HASH if kind == "beacon" else "",
        "round": 12345678, "name": "中国福利彩票双色球第2026025期" if kind == "numbers" else "",
        "commit_until": ago(minutes=-4) if kind == "ceremony" else None,
        "draw_url": "/draws/dr_0" if kind == "draw" else None, "value": None, "fell": False, "proof": "",
        "missing": [], "decided_at": None,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def witness(name: str, **changes: object) -> Facts:
    facts = {
        "mark": HASH, "name": name, "commitment": HASH, "committed_at": ago(minutes=5), "opening": None,
        "revealed_at": None, "is_missing": False,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def draw(**changes: object) -> Facts:
    facts = {
        "id": "dr_1", "of": "target", "attempt": 1, "episode": episode("drawing"), "standing": "sealing",
        "next_at": ago(minutes=-4), "now": NOW, "announced_at": ago(minutes=3), "index": 1180, "pool_sha256": HASH,
        "pool_url": "/draws/dr_1/pool.txt", "members": 1846, "tickets": 4210,
        "weights": {1: 800, 2: 700, 4: 200, 8: 100}, "excluded": {"frequency_cap": 40, "closed": 6}, "wanted": 3,
        "algorithm": "sha256", "filter": {"district": "云溪区", "category": ""},
        "sources": [source("ceremony", 0), source("numbers", 1), source("beacon", 2)],
        "witnesses": [witness("赵梅")], "key": None, "drawn": [], "drawn_at": None, "recusals": [], "voided_at": None,
        "void_code": "", "void_reason": "", "missing": [], "before": None, "after": None, "announcement": "{}",
        "facts": ["{}"], "other_draws": [], "place": None, "chain": None, "events_from": 1203,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def drawn(of: str = "target") -> Facts:
    said = {"decided_at": ago(minutes=1), "value": HASH}
    sources = [
        source("ceremony", 0, value="-", fell=True, missing=["钱文"], decided_at=ago(minutes=2)),
        source("beacon", 1, proof=HASH, **said),
    ]
    witnesses = [witness("赵梅", opening=HASH, revealed_at=ago(minutes=2)), witness("钱文", is_missing=True)]
    lots = [Facts(id=f"ta_{n}", name=NAME, url="/targets/ta_1", pseudonym=HASH) for n in range(3)]
    more = {"standing": "drawn", "next_at": None, "key": HASH, "drawn_at": ago(minutes=1), "drawn": lots}
    if of == "target":
        return draw(sources=sources, witnesses=witnesses, **more)
    officers = [Facts(id=HASH, name=name, url=None, pseudonym=HASH) for name in ("陈立", "孙平")]
    recusal = Facts(at=ago(minutes=1), index=1201, name="陈立", successor="李安")
    return draw(
        of=of, weights={}, **{**more, "drawn": officers}, sources=[source("draw", 0, **said)], witnesses=[],
        recusals=[recusal], excluded={"resting": 2},
    )  # fmt: skip


def void() -> Facts:
    fallen = source("ceremony", 0, value="-", fell=True, missing=["钱文"], decided_at=ago(minutes=2))
    return draw(
        standing="void", next_at=None, voided_at=ago(minutes=1), void_code="no_source_left", missing=["钱文"],
        sources=[fallen], witnesses=[witness("钱文", is_missing=True)], after=Facts(attempt=2, url="/draws/dr_2"),
    )  # fmt: skip


def witness_page(step: str, **changes: object) -> Facts:
    facts = {
        "id": "dr_1", "of": "target", "episode": episode("drawing"), "step": step, "mark": HASH,
        "commitment": None if step in ("seal", "late") else HASH, "commit_until": ago(minutes=-4),
        "reveal_until": ago(minutes=-9), "now": NOW, "sealed": 1, "opened": 0, "url": "/draws/dr_1",
        "events_from": 1203,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def duty(step: str) -> Facts:
    return Facts(
        id="dr_1", of="target", episode=episode("drawing"), step=step, commit_until=ago(minutes=-4),
        reveal_until=ago(minutes=-9), url="/draws/dr_1/witness",
    )  # fmt: skip


def why(**changes: object) -> Facts:
    facts = {
        "episode": episode("ready"), "target": target(inspections=1),
        "nominations": Facts(
            count=312, targets=87, supporters=41, shortlisted=6, excluded={"duplicate": 12, "": 1},
            url="/episodes/ep_1/nominations",
        ),
        "ballot": Facts(url="/ballots/bt_1"), "votes": Facts(votes=12345, place=1, options=6, all_votes=54321),
        "draws": [
            Facts(of=of, attempt=attempt, standing=standing, members=1846, tickets=4210, sources=["ceremony", "beacon"],
                  drawn_at=None if standing == "void" else ago(minutes=3), url="/draws/dr_1")
            for of, attempt, standing in (("target", 1, "void"), ("target", 2, "drawn"), ("inspectors", 2, "drawn"))
        ],
        "excluded": {"frequency_cap": 40, "closed": 6}, "cap": 2, "interval_days": 90, "team": [Facts(
            name="李安", department="云溪区市场监督管理局", certificate="T-001")],
        "recusals": [Facts(at=ago(minutes=1), index=1201, name="陈立", successor="李安")],
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def announcing() -> dict[str, object]:
    """What the operator's page of an episode has while a draw may be announced and another is awaited."""
    typed = [
        Facts(number=1, kind="numbers", name="双色球第25期", round=0, chain="", out_at=ago(minutes=-9), is_out=False),
        Facts(number=2, kind="beacon", name="", round=12345678, chain=HASH, out_at=ago(minutes=1), is_out=True),
    ]
    waiting = Facts(id="dr_1", of="target", standing="awaited", waiting=typed, may_void=True, url="/draws/dr_1")
    return {
        "actions": [Facts(action="draw", url="/episodes/ep_1/draw", danger=False, needs_reason=False)],
        "draws": [draw_link(standing="sealing", next_at=ago(minutes=-4), drawn_at=None)],
        "open_draws": [waiting],
        "members": [Facts(mark=HASH, name="陈立"), Facts(mark=HASH, name="孙平")],
    }


DRAW_PAGES = [
    ("draw", "draws/draw.html", "/draws/dr_1", drawn(), None),
    ("draw-sealing", "draws/draw.html", "/draws/dr_1", draw(), DEPUTY),
    ("draw-void", "draws/draw.html", "/draws/dr_1", void(), None),
    ("draw-inspectors", "draws/draw.html", "/draws/dr_1", drawn("inspectors"), None),
    ("witness", "draws/witness.html", "/draws/dr_1/witness", witness_page("seal"), DEPUTY),
    ("witness-sealed", "draws/witness.html", "/draws/dr_1/witness", witness_page("wait"), DEPUTY),
    ("why", "draws/why.html", "/episodes/ep_1/why", why(), None),
    ("why-so-far", "draws/why.html", "/episodes/ep_1/why", why(
        episode=episode("nominating"), target=None, ballot=None, votes=None, draws=[], excluded={}, team=[],
        recusals=[], nominations=Facts(count=0, targets=0, supporters=0, shortlisted=0, excluded={}, url="/"),
    ), None),
    ("deputy", "draws/deputy.html", "/deputy",
     Facts(duties=[duty(s) for s in ("seal", "wait", "open", "done")], now=NOW), DEPUTY),
    ("deputy-idle", "draws/deputy.html", "/deputy", Facts(duties=[], now=NOW), DEPUTY),
]  # fmt: skip
