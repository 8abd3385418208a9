"""Plans as pages are given them: every kind of change, steps that wait and steps that are held."""

from datetime import timedelta

from tests.web.samples import NOW, Facts, ago


def change(what: str, step: str = "live", **more: object) -> Facts:
    facts = {
        "at": ago(days=1), "step": step, "what": what, "code": "", "reason": "", "sentence": "", "values": {},
        "before": NOW + timedelta(days=2), "after": NOW + timedelta(days=3), "weeks": [],
    }  # fmt: skip
    return Facts(**{**facts, **more})


def plan_changes() -> list[Facts]:
    return [
        change("held", code="operator", reason="台风红色预警，检查人员无法到场。"),
        change("held", "voting", code="missed"),
        change(
            "held", "voting", code="bad_ballot",
            sentence="A ballot has 2 to {most} different options; this one has {count}.",
            values={"most": "100", "count": "1"},
        ),
        change("resumed", "voting", reason="服务器已恢复。"),
        change("moved", reason="与全市应急演练时间冲突。"),
        change("brought_forward", "nominating", reason="市民要求提前。"),
        change("holiday"),
        change("skipped", weeks=["2026-W39", "2026-W40"]),
        change("unknown_calendar"),
    ]  # fmt: skip


def plan_steps() -> list[Facts]:
    return [
        Facts(
            step=step, at=NOW + timedelta(days=days), held=step == "drawing", next=step == "drawing",
            url=f"/episodes/ep_1/steps/{step}",
        )
        for days, step in enumerate(("drawing", "live"), 1)
    ]  # fmt: skip
