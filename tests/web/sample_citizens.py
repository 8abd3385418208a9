"""Facts of the citizen's page: every tier, and what may be offered."""

from tests.web.samples import Facts


def citizen(tier: str | None = None, **changes: object) -> Facts:
    known = {"tier": tier, "phone": True, "code_waits": False, "verified": True, "provider": "城市通", "days": 365}
    return Facts(**{**known, "next": "", **changes})


CITIZEN_PAGES: list[tuple[str, str, str, object, object]] = [
    ("citizen", "citizens/citizen.html", "/citizen", citizen(), None),
    ("citizen-device", "citizens/citizen.html", "/citizen", citizen("device", next="/ballots/ba_1", provider=""), None),
    (
        "citizen-code",
        "citizens/citizen.html",
        "/citizen",
        citizen("device", code_waits=True, next="/ballots/ba_1"),
        None,
    ),
    ("citizen-phone", "citizens/citizen.html", "/citizen", citizen("phone"), None),
    ("citizen-verified", "citizens/citizen.html", "/citizen", citizen("verified"), None),
    ("citizen-nothing", "citizens/citizen.html", "/citizen", citizen(phone=False, verified=False), None),
]
"""Name, template, path, facts, who is looking."""
