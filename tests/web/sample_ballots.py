"""Sample facts of a ballot's pages, in each of its standings."""

from datetime import timedelta

from tests.web.samples import HASH, NOW, Facts, ago, episode

NAMES = (
    "云溪区老巷子川味酸辣粉与手工水饺连锁餐饮管理有限公司第三分店",
    "临江大药房",
    "云溪区第二实验小学食堂",
    "阿婆生煎",
)
CODE = "8k3v0n5sd2jx7tq1w9yhc4mebr"


def ballot(standing: str = "open", **changes: object) -> Facts:
    facts = {
        "id": "ba_1", "url": "/ballots/ba_1", "standing": standing, "options": 4, "choose": 3,
        "opens_at": ago(hours=20), "closes_at": NOW + timedelta(hours=4), "tier": "device", "counted_tier": "phone",
        "show_tally": True, "opened_at": ago(days=2), "closed_at": None, "voided_at": None, "void_reason": None,
        "void_salt": None, "votes": 18342, "first": None,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def option(n: int, **changes: object) -> Facts:
    facts = {
        "id": f"ta_{n}", "name": NAMES[n], "address": f"临河大道 {118 + n} 号 1 幢 102 室", "district": "云溪区",
        "category": "catering", "url": f"/targets/ta_{n}", "proposed": (412, 1, 0, 96)[n],
        "reasons": ["外卖吃出异物，店里说是酸菜。", "后厨门口常年堆着油桶。"] if n == 0 else [],
        "votes": (9120, 4210, 12, 0)[n], "by_tier": {}, "place": None,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def board() -> Facts:
    return Facts(url="/ballots/ba_1/board.txt", bytes=1_245_331, sha256=HASH, root=HASH)


def ballot_page(standing: str = "open", **changes: object) -> Facts:
    facts = {
        "ballot": ballot(standing), "episode": episode("voting", target_name=None, watching=0),
        "options": [option(n) for n in range(len(NAMES))], "tie_break": NAMES[::-1], "raw": {}, "board": None,
        "asker_tier": "device", "opened_index": 1180, "closed_index": None, "voided_index": None, "may_void": False,
        "events_from": 1203,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def ballot_coming() -> Facts:
    coming = ballot(
        "coming", opens_at=NOW + timedelta(hours=3), closes_at=NOW + timedelta(days=1), votes=None, choose=1
    )
    return ballot_page(ballot=coming, options=[option(n, votes=None) for n in range(4)], asker_tier=None, may_void=True)


def ballot_closed() -> Facts:
    closed = ballot("closed", closed_at=ago(minutes=2), closes_at=ago(minutes=3), first=NAMES[0])
    per_tier = {"device": 3001, "phone": 6000, "verified": 3120}
    return ballot_page(
        ballot=closed, options=[option(n, place=n + 1, by_tier=per_tier) for n in range(4)], board=board(),
        raw={"device": 9001, "phone": 6021, "verified": 3320}, closed_index=1190,
    )  # fmt: skip


def ballot_voided() -> Facts:
    voided = ballot("voided", voided_at=ago(minutes=3), void_reason="名单有误：<第三项> 已停业。", votes=None)
    return ballot_page(ballot=voided, voided_index=1188)


def receipt_page(standing: str = "closed", **changes: object) -> Facts:
    facts = {
        "ballot": ballot(standing), "episode": episode("drawing"),
        "options": {f"ta_{n}": name for n, name in enumerate(NAMES)}, "opened_index": 1180,
        "board": board() if standing == "closed" else None, "closed_index": 1190 if standing == "closed" else None,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


def ballot_desk(**changes: object) -> Facts:
    shortlist = [
        Facts(id=f"ta_{n}", name=name, district="云溪区", url=f"/targets/ta_{n}", proposed=n)
        for n, name in enumerate(NAMES)
    ]
    facts = {
        "ballot": None, "shortlist": shortlist, "may_open": True, "may_void": False, "opens_at": NOW,
        "closes_at": NOW + timedelta(days=1), "url": "/episodes/ep_1/ballot",
    }  # fmt: skip
    return Facts(**{**facts, **changes})


BALLOT_PAGES: list[tuple[str, str, str, object, object]] = [
    ("ballot-open", "ballots/ballot.html", "/ballots/ba_1", ballot_page(), None),
    ("ballot-coming", "ballots/ballot.html", "/ballots/ba_1", ballot_coming(), None),
    ("ballot-for-verified", "ballots/ballot.html", "/ballots/ba_1", ballot_page(ballot=ballot(tier="verified")), None),
    ("ballot-counting", "ballots/ballot.html", "/ballots/ba_1", ballot_page("counting"), None),
    ("ballot-closed", "ballots/ballot.html", "/ballots/ba_1", ballot_closed(), None),
    ("ballot-voided", "ballots/ballot.html", "/ballots/ba_1", ballot_voided(), None),
    ("receipt", "ballots/receipt.html", "/ballots/ba_1/receipt", receipt_page(), None),
    ("receipt-early", "ballots/receipt.html", "/ballots/ba_1/receipt", receipt_page("open"), None),
    ("receipt-voided", "ballots/receipt.html", "/ballots/ba_1/receipt", receipt_page("voided"), None),
]
