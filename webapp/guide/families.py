"""Families: one treatment in one version, whose variants share their pages.

The main family, the first treatment's current version, has its shared pages at the short
addresses; those of every other stand below its own name.
"""

from dataclasses import dataclass
from functools import cached_property

from webapp.protocol.models import Correction, Library, Protocol, Source, Text
from webapp.protocol.publishing import cited

ANY = Text(en="after a skin treatment", fr="après un soin de la peau")


@dataclass(frozen=True)
class Family:
    """One treatment's guides in one version.

    ``prefix`` stands before the addresses of its shared pages. ``current`` is the family that
    people begin with now, where that is another version of the same treatment.
    """

    protocol: Protocol
    sources: tuple[Source, ...]
    prefix: str
    corrections: tuple[Correction, ...] = ()
    current: "Family | None" = None

    @cached_property
    def id(self) -> str:
        """Return its name, which is also its place in addresses."""
        return name_of(self.protocol)

    @property
    def is_main(self) -> bool:
        """Say whether its shared pages have the short addresses."""
        return not self.prefix


def name_of(protocol: Protocol) -> str:
    """Return the name of a family: ``{protocol}/{version}``."""
    return f"{protocol.id}/{protocol.version}"


def families(library: Library) -> list[Family]:
    """Return every family, those that people begin with first, in the order of the treatments."""
    offered: list[Family] = []
    others: list[Family] = []
    for draft in library.protocols:
        published = [each for each in library.published if each.protocol.id == draft.id]
        versions = [(each.protocol, each.sources) for each in reversed(published)]
        versions.append((draft, _sources_of(draft, library)))
        current: Family | None = None
        for protocol, sources in versions:
            prefix = f"{name_of(protocol)}/" if offered else ""
            told = [each for each in draft.corrections if protocol.version in each.versions]
            family = Family(protocol, sources, prefix, tuple(told), current)
            (others if current else offered).append(family)
            current = current or family
    return [*offered, *others]


def after_what(every: list[Family]) -> Text:
    """Return what the whole site is about the days of: the one treatment, or any."""
    treatments = {each.protocol.id for each in every}
    return every[0].protocol.after if len(treatments) == 1 else ANY


def _sources_of(draft: Protocol, library: Library) -> tuple[Source, ...]:
    """Return the sources that a draft cites; the first keeps those read that nobody cites."""
    own = cited(draft)
    if draft == library.protocols[0]:
        elsewhere = {mark for each in library.protocols[1:] for mark in cited(each)}
        own |= {each.id for each in library.sources} - elsewhere
    return tuple(each for each in library.sources if each.id in own)
