"""What is said on a page to people of whom something is so."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Literal

from webapp.guide.pages import Guide
from webapp.protocol.models import Protocol, Remark, Situation

Place = Literal["days", "activities", "cards", "breakouts"]


@dataclass(frozen=True)
class Concern:
    """A situation, and what it adds to one page."""

    situation: Situation
    remarks: tuple[Remark, ...]


def concerns(protocol: Protocol, place: Place, name: str = "", variant: str = "") -> list[Concern]:
    """Return what situations add to a place, such as the days' "8-14", in the order of the content.

    :param variant: leaves out what cannot matter after it; none keeps everything
    """
    found = []
    for each in protocol.situations.rows:
        remarks = tuple(remark for remark in each.says if _stands(getattr(remark, place), name))
        if remarks and (not variant or not each.variants or variant in each.variants):
            found.append(Concern(each, remarks))
    return found


def _stands(where: bool | Container[str], name: str) -> bool:
    return where if isinstance(where, bool) else name in where


def remarks(found: list[Concern]) -> tuple[Remark, ...]:
    """Return everything that is said, for "Where this comes from"."""
    return tuple(remark for each in found for remark in each.remarks)


def passing(offered: Iterable[list[Guide]]) -> str:
    """Return the ids, spaced, of what is so of one treatment only and forgotten at the next."""
    rows = [row for found in offered for row in found[0].protocol.situations.rows]
    return " ".join(dict.fromkeys(row.id for row in rows if row.passing))
