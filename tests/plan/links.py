"""Plan links as `static/js/link.js` must write them, written a second time, and the vectors it is held against.

`python3 -m tests.plan.links` writes links.json.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).with_name("links.json")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

TREATMENT: dict[str, Any] = {
    "id": "2f1c9a4e-7d55-4a8e-9b0f-3c6d2e1a8b77",
    "protocol": "microneedling",
    "version": "draft",
    "variant": "standard",
    "at": "2026-11-24T15:30:00.123Z",
    "rough": None,
    "zone": "America/Toronto",
}
CLINIC: dict[str, Any] = {
    "name": "Clinique Épiderme & Cie",
    "phone": "+1 514 555-0123",
    "hours": "",
    "waits": {"makeup": 48, "sauna": 0},
}


def in_base_36(number: int) -> str:
    """Return a whole number ≥ 0 in the digits 0-9a-z."""
    tens, ones = divmod(number, 36)
    return (in_base_36(tens) if tens else "") + DIGITS[ones]


def url_safe(text: str) -> str:
    """Return base64url without its padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def link_of(treatment: Mapping[str, Any], clinic: Mapping[str, Any] | None = None) -> str:
    """Return the link of a plan."""
    own = clinic or {"name": "", "phone": "", "waits": {}}
    at = treatment["at"]
    moment = ""
    if at:
        since = datetime.fromisoformat(at) - datetime(1970, 1, 1, tzinfo=UTC)
        moment = in_base_36(round(since.total_seconds() * 1000))
    said = [treatment["zone"] if at else "", own["name"], own["phone"]]
    fields = [
        "1", *(treatment[each] for each in ("id", "protocol", "version", "variant")), moment,
        (treatment["rough"] or "")[:1],
        "_".join(f"{activity}_{hours}" for activity, hours in own["waits"].items()),
        url_safe(json.dumps(said, ensure_ascii=False, separators=(",", ":"))),
    ]  # fmt: skip
    return ".".join(fields)


def vectors() -> list[dict[str, Any]]:
    """Return plans with their links."""
    plans: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
        ("a plan without a clinic", TREATMENT, None),
        ("a plan with all that a clinic says", TREATMENT, CLINIC),
        ("a rough morning", {**TREATMENT, "rough": "morning"}, None),
        ("a rough afternoon", {**TREATMENT, "rough": "afternoon"}, None),
        ("a clinic of a name only", TREATMENT, {**CLINIC, "phone": "", "waits": {}}),
        ("a clinic of waits only", TREATMENT, {**CLINIC, "name": "", "phone": ""}),
        ("a name in letters from everywhere", TREATMENT, {**CLINIC, "name": "皮膚科 ™ 🌿 « Lys »"}),
        ("a zone with a sign", {**TREATMENT, "zone": "Etc/GMT+5"}, None),
        ("a whole second", {**TREATMENT, "at": "2026-11-24T15:30:00.000Z"}, None),
        ("a clinic's card, which cannot know when", {**TREATMENT, "at": None, "zone": ""}, CLINIC),
    ]
    return [
        {"what": what, "treatment": plan, "clinic": clinic, "link": link_of(plan, clinic)}
        for what, plan, clinic in plans
    ]


def render() -> str:
    """Return the text of links.json."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(render(), "utf-8")
