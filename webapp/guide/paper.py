"""What stands on the sheet of paper that a person is handed: one variant, in short."""

from dataclasses import dataclass
from itertools import groupby

from webapp.protocol.models import Activity, Kind, Protocol

# What is not opened by an hour, strictest first.
WITHOUT_AN_HOUR = (Kind.NEVER, Kind.DO_NOT_STOP, Kind.ASK)


@dataclass(frozen=True)
class Opening:
    """The activities that open together, so many ``hours`` after the treatment."""

    hours: int
    activities: tuple[Activity, ...]


def openings(protocol: Protocol, variant: str) -> list[Opening]:
    """Return what opens after a variant, soonest first, and in each what most people ask first."""

    def hours(activity: Activity) -> int:
        return activity.wait(variant) or 0

    by_the_hour = [each for each in protocol.activities if each.kind_for(variant) is Kind.FROM]
    in_order = sorted(by_the_hour, key=lambda each: (hours(each), not each.highlight))
    return [Opening(wait, tuple(found)) for wait, found in groupby(in_order, key=hours)]


def without_an_hour(protocol: Protocol, variant: str) -> list[tuple[Kind, tuple[Activity, ...]]]:
    """Return what no hour opens after a variant, by the answer."""
    found = [
        (kind, tuple(each for each in protocol.activities if each.kind_for(variant) is kind))
        for kind in WITHOUT_AN_HOUR
    ]
    return [(kind, activities) for kind, activities in found if activities]
