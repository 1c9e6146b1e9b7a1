"""YAML files → one tree → typed models, or every fault with its file, line and place.

The tree is plain data that remembers where each node stood, so that a fault found by pydantic
or by a rule is told with an address a writer can go to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from webapp.protocol.composing import Ledger, compose
from webapp.protocol.models import Library
from webapp.protocol.rules import RULES, Place
from webapp.protocol.sealing import broken, digest

# Which file of a protocol's folder fills which field; an unnamed one fills several by their keys.
FILES: Mapping[str, str | None] = {
    "protocol": None,
    "activities": None,
    "reminders": None,
    "breakouts": "breakouts",
    "help": "help",
    "situations": "situations",
    "signs": "signs",
    "ingredients": "ingredients",
    "questions": None,
    "corrections": None,
}
# Not every treatment has situations that matter, signs to ask about, products to look up, or
# needed a correction.
OPTIONAL = {"corrections", "ingredients", "questions", "signs", "situations"}
# The folder that holds one file for each variant.
DAYS = "days"
# The folder that holds one file for each published version.
VERSIONS = "versions"
# Keys that rules look things up by.
NAMES = ("id", "like", "group", "kind", "page", "situation")


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong, and where: ``file`` relative to the content folder, ``line`` from 1."""

    file: str
    line: int
    place: str
    what: str

    def __str__(self) -> str:
        """Return the fault as one line for a terminal."""
        return f"{self.file}:{self.line}: {self.place}: {self.what}"


class ContentFaultsError(ValueError):
    """The content cannot be used; ``faults`` holds every reason."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep the faults and say them all."""
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


class Tree:
    """Plain data read from many files, with the file and line of every node.

    ``written`` is what the files say; ``data`` is the same with every variant's days whole. A
    fault found in composed days is told where its words were written.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.written: dict[str, Any] = {"sources": [], "protocols": [], "published": []}
        self.data: dict[str, Any] = self.written
        self.unreadable: list[Fault] = []
        self.noted: list[tuple[Place, str]] = []
        self._stood: dict[Place, tuple[str, int]] = {}
        self._ledger = Ledger()

    def compose(self) -> None:
        """Make every variant's days whole, and note what cannot be."""
        self.data, self._ledger = compose(self.written)
        self.noted.extend(self._ledger.problems)

    def find(self, problems: Iterable[tuple[Place, str]]) -> None:
        """Note what is wrong at places of the composed data, where their words were written."""
        self.noted.extend((self._origin(place), what) for place, what in problems)

    def _origin(self, place: Place) -> Place:
        for end in range(len(place), 0, -1):
            if place[:end] in self._ledger.origins:
                return (*self._ledger.origins[place[:end]], *place[end:])
        return place

    def stood(self, place: Place) -> tuple[str, int]:
        """Return the file and line of a place, or of the nearest node above it."""
        while place and place not in self._stood:
            place = place[:-1]
        return self._stood.get(place, ("protocols", 1))

    def faults(self) -> list[Fault]:
        """Return every fault noted so far, in the order of files and lines."""
        noted = {Fault(*self.stood(place), self.spoken(place), what) for place, what in self.noted}
        return sorted({*self.unreadable, *noted})

    def spoken(self, place: Place) -> str:
        """Return a place in words: ids instead of numbers, "›" between steps."""
        node: Any = self.written
        words: list[str] = []
        for step in place:
            node = _child(node, step)
            name = node.get("id") if isinstance(node, dict) else None
            if isinstance(step, int):
                words.append(str(step + 1 if name is None else name))
            else:
                words.append(step)
        # Of a published version, the file says which it is.
        above = {"protocols": 1, "published": 2}.get(words[0], 0) if words else 0
        return " › ".join(words[above:]) or "the content"

    def read(self, file: Path, name: str, place: Place) -> Any:
        """Read one file as plain data that stands at ``place``; faults are noted."""
        self._stood[place] = (name, 1)
        if not file.is_file():
            self.unreadable.append(Fault(name, 1, "the file", "is missing"))
            return None
        try:
            node = _node(file.read_text("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            problem = getattr(error, "problem", None) or "not UTF-8 text"
            what = f"cannot be read as YAML: {problem}"
            self.unreadable.append(Fault(name, line, "the file", what))
            return None
        if node is None:
            self.unreadable.append(Fault(name, 1, "the file", "is empty"))
            return None
        return self._plain(node, name, place)

    def _plain(self, node: yaml.Node, name: str, place: Place) -> Any:
        self._stood[place] = (name, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key_node, value in node.value:
                key = str(key_node.value)
                here = (*place, key)
                if key in found:
                    self.noted.append((here, "is written twice"))
                found[key] = self._plain(value, name, here)
                self._stood[here] = (name, key_node.start_mark.line + 1)
                if key in NAMES and not isinstance(value, yaml.ScalarNode):
                    self.noted.append((here, "must be a name"))
                    found[key] = ""
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(each, name, (*place, n)) for n, each in enumerate(node.value)]
        return _scalar(node, french="fr" in place[-2:])


@lru_cache(maxsize=64)
def _node(text: str) -> yaml.Node | None:
    """Return a file's nodes, which nobody changes: most files are the same when all are read again."""
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def _child(node: Any, step: str | int) -> Any:
    try:
        return node[step]
    except (KeyError, IndexError, TypeError):
        return None


def _scalar(node: yaml.Node, *, french: bool) -> Any:
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and not node.style:
        # YAML 1.1 would turn "no" and "on" into booleans; only these plain words have a type.
        if _is_number(text):
            return int(text)
        if text in {"true", "false", "null", "~", ""}:
            return {"true": True, "false": False}.get(text)
    return typeset(text, french=french)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


@cache
def typeset(text: str, *, french: bool) -> str:
    """Return text with typographic apostrophes and no-break spaces: more of them in French."""
    text = " ".join(text.split(" ")).replace("'", "’")
    text = re.sub(r"(?<=\d) (?=(?:h|%|°C|cm|mm)\b|%)", "\u00a0", text)
    text = re.sub(r"(?i)\b(vitamine?|option) (?=[a-z\d]\b)", "\\1\u00a0", text)
    if french:
        text = re.sub(r" (?=[:»])", "\u00a0", text)
        text = re.sub(r"(?<=«) ", "\u00a0", text)
    return text


def read_tree(folder: Path) -> Tree:
    """Read every file below a content folder; what cannot be read becomes faults."""
    tree = Tree()
    register = tree.read(folder / "sources.yaml", "sources.yaml", ())
    tree.written["sources"] = register.get("sources") if isinstance(register, dict) else register
    for key in {*(register if isinstance(register, dict) else ())} - {"sources"}:
        tree.noted.append(((key,), PLAIN["extra_forbidden"]))
    homes = sorted(each for each in folder.iterdir() if each.is_dir())
    if not homes:
        tree.noted.append(((), "has no protocol"))
    for number, home in enumerate(homes):
        tree.written["protocols"].append(_read_protocol(tree, home, ("protocols", number)))
        _read_versions(tree, home)
    tree.compose()
    return tree


def _read_versions(tree: Tree, home: Path) -> None:
    """Read what was published of one protocol, oldest first, and note what was changed since."""
    folder = home / VERSIONS
    files = [each for each in folder.glob("*") if not each.name.startswith(".")]
    for file in sorted(files, key=lambda each: (len(each.stem), each.stem)):
        name = f"{home.name}/{VERSIONS}/{file.name}"
        if file.suffix != ".yaml" or not re.fullmatch(r"[1-9]\d*", file.stem):
            tree.unreadable.append(Fault(name, 1, "the file", "is not named after a number.yaml"))
            continue
        place: Place = ("published", len(tree.written["published"]))
        read = tree.read(file, name, place)
        tree.written["published"].append(read)
        tree.noted.extend(((*place, *where), what) for where, what in broken(read))
        said = read.get("protocol") if isinstance(read, dict) else None
        if isinstance(said, dict) and (said.get("id"), said.get("version")) != (
            home.name,
            file.stem,
        ):
            tree.noted.append(((*place, "protocol", "version"), "is not what the file is named"))
    _note_missing(tree, home, {int(each.stem) for each in files if each.stem.isdecimal()})


def _note_missing(tree: Tree, home: Path, numbers: set[int]) -> None:
    """Note the versions that must have been published before another and are not there."""
    for number in sorted({*range(1, max(numbers, default=0))} - numbers):
        what = "was published and is missing: who follows it loses their guide"
        name = f"{home.name}/{VERSIONS}/{number}.yaml"
        tree.unreadable.append(Fault(name, 1, "the file", what))


def _read_protocol(tree: Tree, home: Path, place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {}
    needed = FILES.keys() - OPTIONAL
    files = {*home.glob("*.yaml"), *(home / f"{each}.yaml" for each in needed)}
    # protocol.yaml last: what is missing from the whole is told as missing there.
    for file in sorted(files, key=lambda each: (each.stem == "protocol", each.stem)):
        name = f"{home.name}/{file.name}"
        if file.stem not in FILES:
            known = ", ".join(f"{each}.yaml" for each in FILES)
            tree.unreadable.append(Fault(name, 1, "the file", f"is not one of {known}"))
            continue
        field = FILES[file.stem]
        read = tree.read(file, name, (*place, field) if field else place)
        if not field and not isinstance(read, dict):
            tree.unreadable.append(Fault(name, 1, "the file", PLAIN["dict_type"]))
        found.update({field: read} if field else read if isinstance(read, dict) else {})
    return {**found, DAYS: _read_days(tree, home, (*place, DAYS))}


def _read_days(tree: Tree, home: Path, place: Place) -> dict[str, Any]:
    """Return what each file of days says, by the variant that names it."""
    folder, found = home / DAYS, {}
    files = [each for each in sorted(folder.glob("*")) if not each.name.startswith(".")]
    if not files:
        what = "is missing, or holds no variant"
        tree.unreadable.append(Fault(f"{home.name}/{DAYS}", 1, "the folder", what))
    for file in files:
        name = f"{home.name}/{DAYS}/{file.name}"
        if file.suffix != ".yaml":
            tree.unreadable.append(Fault(name, 1, "the file", "is not named after a variant.yaml"))
        else:
            found[file.stem] = tree.read(file, name, (*place, file.stem))
    return found


def _resolve_likes(data: dict[str, Any]) -> dict[str, Any]:
    """Give each activity that is ``like`` another the longest wait of that row."""
    for protocol in data["protocols"]:
        rows = protocol.get("activities") if isinstance(protocol, dict) else None
        rows = [each for each in rows or [] if isinstance(each, dict)]
        by_id = {each.get("id"): each for each in rows}
        for row in rows:
            hours = by_id.get(row.get("like"), {}).get("hours")
            if "hours" not in row and isinstance(hours, dict):
                longest = max([each for each in hours.values() if isinstance(each, int)], default=0)
                row["hours"] = dict.fromkeys(hours, longest)
    return data


# pydantic's kinds of error, in words for someone who writes content.
PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that belongs here",
    "enum": "is {input!r}, but must be one of {expected}",
    "literal_error": "is {input!r}, but must be one of {expected}",
    "string_type": "must be words",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "string_pattern_mismatch": "is {input!r}, which has the wrong form",
    "model_type": "must be a group of keys",
    "model_attributes_type": "must be a group of keys",
    "mapping_type": "must be a group of keys",
    "dict_type": "must be a group of keys",
    "tuple_type": "must be a list",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    # Whatever is wrong with a wait.
    "constrained-int": "must be a whole number of hours, or ask",
}


def _plainly(error: Mapping[str, Any]) -> str:
    branch = error["loc"][-1] if error["loc"] else ""
    kind = branch if branch == "constrained-int" else error["type"]
    words = PLAIN.get(kind, str(error["msg"]).lower())
    return words.format(input=error["input"], **error.get("ctx", {}))


def _shape_faults(error: ValidationError) -> Iterator[tuple[Place, str]]:
    for each in error.errors():
        # pydantic adds the branch of a union and "[key]" to a place; a writer has no use for them.
        place = tuple(
            step
            for step in each["loc"]
            if not re.fullmatch(r"constrained-int|\[key\]|literal\[.*", str(step))
        )
        # Of a number or "ask", the fault of the number names both.
        branch = str(each["loc"][-1]) if each["loc"] else ""
        if not branch.startswith("literal["):
            yield place, _plainly(each)


def read_library(folder: Path, today: date) -> Library:
    """Return every protocol and source below ``folder``, checked.

    :param today: the date that a review date is compared with
    :raises ContentFaultsError: with every fault at once
    """
    tree = read_tree(folder)
    for rule in RULES:
        tree.find(rule(tree.data, today))
    library = None
    try:
        library = Library.model_validate(_resolve_likes(tree.data))
    except ValidationError as error:
        tree.find(_shape_faults(error))
    else:
        tree.find(_words_nobody_read(library))
    faults = tree.faults()
    if faults or library is None:
        raise ContentFaultsError(faults)
    ordered = sorted(library.protocols, key=lambda each: (each.order, each.id))
    return library.model_copy(update={"protocols": tuple(ordered)})


def _words_nobody_read(library: Library) -> Iterator[tuple[Place, str]]:
    """Yield the signatures under a draft that now says something else."""
    for number, protocol in enumerate(library.protocols):
        now = digest(protocol)
        for row, reader in enumerate(protocol.readers):
            if reader.read != now:
                what = f"is {reader.read}, but the words are now {now}: sign again, or go back to preview"
                yield ("protocols", number, "readers", row, "read"), what


class _Plain(yaml.CSafeDumper):
    """Writes what is said twice twice: a reference would hide it from who compares."""

    def ignore_aliases(self, data: object) -> bool:
        """Refer to nothing."""
        del data
        return True

    def represent_digits(self, text: str) -> yaml.ScalarNode:
        """Quote what would be read back as a number: YAML itself takes "0812" for words."""
        style = "'" if _is_number(text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


_Plain.add_representer(str, _Plain.represent_digits)


def as_yaml(plain: dict[str, Any]) -> str:
    """Return plain data as a file that reads back as the same."""
    return yaml.dump(plain, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=1000)
