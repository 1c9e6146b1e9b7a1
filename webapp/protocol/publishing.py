"""Publishing: a signed draft becomes the next numbered version, in a file that never changes."""

from datetime import date
from pathlib import Path

from webapp.protocol.models import LANGUAGES, Library, Protocol, Published
from webapp.protocol.reading import VERSIONS, ContentFaultsError, as_yaml, read_library
from webapp.protocol.rules import walk
from webapp.protocol.sealing import digest, seal

HEAD = """\
# Version {version} of {id}, as it was signed and published. Nothing in this file may be changed:
# `lendemain check` finds it. What is wrong in it is told in corrections.yaml.
"""


class NotPublishedError(Exception):
    """The draft cannot be published; ``reasons`` says why, in plain words."""

    def __init__(self, reasons: list[str]) -> None:
        """Keep the reasons and say them all."""
        self.reasons = reasons
        super().__init__("\n".join(reasons))


def cited(protocol: Protocol) -> set[str]:
    """Return the ids of the sources that a protocol cites."""
    plain = protocol.model_dump(mode="json")
    return {mark[:3] for _, node in walk(plain) for mark in node.get("sources", ())}


def unsigned(protocol: Protocol, today: date) -> list[str]:
    """Return why a version may not be given to people as checked; nothing when it may."""
    name = f"{protocol.id} {protocol.version}"
    reasons = [
        f"{name} has no reader for {language}: name, profession and date"
        for language in LANGUAGES
        if language not in {each.language for each in protocol.readers}
    ]
    if protocol.state != "signed":
        reasons.insert(0, f"{name} is a preview: no health professional has signed it")
    reasons += [
        f"{name} was signed by {each.name} on {each.date}, which is still to come"
        for each in protocol.readers
        if date.fromisoformat(each.date) > today
    ]
    if date.fromisoformat(protocol.review_by) <= today:
        reasons.append(f"{name} was to be read again by {protocol.review_by}")
    return reasons


def current(library: Library) -> list[Protocol]:
    """Return what people begin with: of each treatment the newest version, or else its draft."""
    newest = {each.protocol.id: each.protocol for each in library.published}
    return [newest.get(each.id, each) for each in library.protocols]


def publish(folder: Path, name: str, today: date) -> Path:
    """Write the signed draft of one protocol as its next version, and return the file.

    :param folder: where the content is
    :raises ContentFaultsError: when the content has faults
    :raises NotPublishedError: when nobody signed it, or it says nothing new
    """
    library = read_library(folder, today)
    draft = {each.id: each for each in library.protocols}.get(name)
    if draft is None:
        known = ", ".join(each.id for each in library.protocols)
        raise NotPublishedError([f"{name} is not a protocol; there is {known}"])
    before = [each for each in library.published if each.protocol.id == name]
    reasons = unsigned(draft, today)
    if before and before[-1].digest == digest(draft):
        reasons.append(f"{name} draft says what version {before[-1].protocol.version} says")
    if reasons:
        raise NotPublishedError(reasons)
    return _written(folder, library, draft, before, today)


def _written(
    folder: Path, library: Library, draft: Protocol, before: list[Published], today: date
) -> Path:
    version = str(1 + max((int(each.protocol.version) for each in before), default=0))
    numbered = draft.model_copy(update={"version": version})
    own = cited(draft)
    sources = [each.model_dump(mode="json") for each in library.sources if each.id in own]
    contents = seal(numbered, sources, today.isoformat())
    text = HEAD.format(version=version, id=draft.id) + as_yaml(contents)
    file = folder / draft.id / VERSIONS / f"{version}.yaml"
    file.parent.mkdir(exist_ok=True)
    with file.open("x", encoding="utf-8") as new:
        new.write(text)
    try:
        # What cannot be read back as it was must not stay.
        read_library(folder, today)
    except ContentFaultsError:
        file.unlink()
        raise
    return file
