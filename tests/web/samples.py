"""Samples of the shapes that pages are made of: a fictional city, with long names."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace as Facts

NOW = datetime(2026, 3, 6, 2, 24, tzinfo=UTC)
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OPERATOR = Facts(name="周敏", role="operator", roles=frozenset({"operator"}))
INSPECTOR = Facts(name="陈立", role="inspector", roles=frozenset({"inspector"}))


def ago(**span: int) -> datetime:
    return NOW - timedelta(**span)


def episode(phase: str = "live", **changes: object) -> Facts:
    facts = {
        "id": "ep_1",
        "number": 90,
        "title": "食安随机查：网络外卖商家后厨",
        "phase": phase,
        "method": "shortlist",
        "district": "云溪区",
        "category": "餐饮服务",
        "live_at": ago(minutes=24),
        "target_name": "云溪区老巷子川味酸辣粉与手工水饺连锁餐饮管理有限公司第三分店",
        "target_id": "tg_1",
        "watching": 213456,
        "findings": 9,
        "fails": 3,
        "open_rectifications": 2,
        "reason": None,
        "url": "/episodes/ep_1",
    }
    return Facts(**{**facts, **changes})


def target(**changes: object) -> Facts:
    facts = {
        "id": "tg_1",
        "name": "云溪区老巷子川味酸辣粉店",
        "address": "云溪区临河大道 118 号 1 幢 102 室",
        "district": "云溪区",
        "category": "餐饮服务",
        "inspections": 2,
        "last_inspected_on": date(2025, 6, 12),
        "url": "/targets/tg_1",
    }
    return Facts(**{**facts, **changes})


def photo(n: int) -> Facts:
    return Facts(sha256=HASH, url=f"/evidence/{n}.jpg", width=1280, height=960)


def finding(n: int = 1, result: str = "fail", **changes: object) -> Facts:
    facts = {
        "id": f"fd_{n}",
        "index": 1200 + n,
        "item_code": f"C{n}",
        "item_title": "食品处理区的冷藏、冷冻设施正常运转，温度符合要求并有记录",
        "legal_basis": "《中华人民共和国食品安全法》第三十三条第一款第（二）项；《餐饮服务食品安全操作规范》5.2",
        "plain_words": "冰箱要够冷。冷藏 0 至 8 摄氏度，冷冻低于零下 12 摄氏度，每天记两次，坏了马上报修。",
        "item_title_en": "",
        "plain_words_en": "",
        "result": result,
        "severity": "high",
        "words": "冷藏柜显示 11.4 摄氏度，记录停在上周二，柜内有三盒未加盖的熟食。",
        "photos": [photo(1), photo(2)] if result == "fail" else [],
        "by_name": "陈立",
        "at": ago(minutes=n),
        "media_at": ago(minutes=n),
        "withdrawn": False,
        "withdrawn_reason": None,
        "rectification_url": "/rectifications/rc_1" if result == "fail" else None,
        "episode_id": "ep_1",
        "inspection_id": "in_1",
        "url": f"/findings/fd_{n}",
    }
    return Facts(**{**facts, **changes})


def item(n: int, result: str | None = None) -> Facts:
    return Facts(
        code=f"C{n}",
        title=["食品经营许可证在有效期内并公示", "从业人员持有有效健康证明", "冷藏设施正常，温度有记录"][n % 3],
        title_en="",
        legal_basis="《中华人民共和国食品安全法》第三十五条",
        look_for="证照是否悬挂在醒目位置，地址与经营项目是否一致。",
        look_for_en="",
        severity=["low", "medium", "critical"][n % 3],
        plain_words="开店先办证，证要挂在顾客看得见的地方。",
        plain_words_en="",
        result=result,
    )


def items() -> list[Facts]:
    return [item(n, result) for n, result in enumerate(["pass", "pass", "fail", "not_applicable", None, None])]


def rectification(state: str = "ordered", days_left: int = 5, **changes: object) -> Facts:
    facts = {
        "id": "rc_1",
        "what": "冷藏设施温度不达标，记录中断",
        "what_en": "",
        "target_name": "云溪区老巷子川味酸辣粉店",
        "target_id": "tg_1",
        "district": "云溪区",
        "state": state,
        "ordered_at": ago(days=2),
        "due_on": NOW.date() + timedelta(days=days_left),
        "days_left": days_left,
        "overdue": days_left < 0,
        "severity": "high",
        "objections_until": None,
        "url": "/rectifications/rc_1",
    }
    return Facts(**{**facts, **changes})


def draw_link(of: str = "target", **changes: object) -> Facts:
    facts = {"id": "dr_1", "of": of, "attempt": 1, "standing": "drawn", "next_at": None, "drawn_at": ago(days=1)}
    return Facts(**{**facts, "pool_size": 1846, "url": "/draws/dr_1", **changes})


def plan(here: str = "live") -> list[Facts]:
    phases = ["nominating", "voting", "drawing", "ready", "live", "concluded", "following", "closed"]
    at = phases.index(here)
    return [
        Facts(phase=name, at=ago(days=4 - n) if n <= at else None, done=n < at, now=n == at, held=False)
        for n, name in enumerate(phases)
    ]


def team() -> list[Facts]:
    return [
        Facts(id="p1", name="陈立", department="云溪区市场监督管理局", certificate="浙A-03317"),
        Facts(id="p2", name="欧阳静宜", department="云溪区综合行政执法队餐饮环节监管大队", certificate="浙A-04120"),
    ]


def gate(*, ok: bool = True) -> list[Facts]:
    return [Facts(code=code, ok=ok or code == "target") for code in ("target", "team", "certificates", "checklist")]


def entry(index: int, kind: str = "finding.published") -> Facts:
    return Facts(
        index=index,
        kind=kind,
        at=ago(minutes=index),
        subject="fd_1",
        episode="ep_1",
        body={"item": "C3", "result": "fail", "words": HASH},
        sentence="第90期：公布检查发现“冷藏设施正常，温度有记录”，发现问题。",
        url="/findings/fd_1",
        leaf_hash=HASH,
    )


CHECKPOINT = f"seethrough.example/ledger\n1234\n{HASH}\n\n— seethrough.example Az3grlgt\n"
