"""YAML files → one tree → typed models, or every fault with its file, line and place.

The tree is plain data that remembers where each node stood, so that a fault found by pydantic
or by a rule is told with an address a writer can go to.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from webapp.protocol.models import Library
from webapp.protocol.rules import RULES, Place

# Which file of a protocol's folder fills which field; an unnamed one fills several by their keys.
FILES: Mapping[str, str | None] = {
    "protocol": None,
    "days": "days",
    "activities": None,
    "breakouts": "breakouts",
    "help": "help",
}
# Keys that rules look things up by.
NAMES = ("id", "like", "group")


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
    """Plain data read from many files, with the file and line of every node."""

    def __init__(self) -> None:
        """Start empty."""
        self.data: dict[str, Any] = {"sources": [], "protocols": []}
        self.unreadable: list[Fault] = []
        self.noted: list[tuple[Place, str]] = []
        self._stood: dict[Place, tuple[str, int]] = {}

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
        node: Any = self.data
        words: list[str] = []
        for step in place:
            node = _child(node, step)
            name = node.get("id") if isinstance(node, dict) else None
            if isinstance(step, int):
                words.append(str(name) if isinstance(name, str) else str(step + 1))
            else:
                words.append(step)
        return " › ".join(words[1:] if words[:1] == ["protocols"] else words) or "the content"

    def read(self, file: Path, name: str, place: Place) -> Any:
        """Read one file as plain data that stands at ``place``; faults are noted."""
        self._stood[place] = (name, 1)
        if not file.is_file():
            self.unreadable.append(Fault(name, 1, "the file", "is missing"))
            return None
        try:
            node = yaml.compose(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            problem = getattr(error, "problem", None) or "not UTF-8 text"
            what = f"cannot be read as YAML: {problem}"
            self.unreadable.append(Fault(name, line, "the file", what))
            return None
        return self._plain(node, name, place) if node else None

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


def _child(node: Any, step: str | int) -> Any:
    try:
        return node[step]
    except (KeyError, IndexError, TypeError):
        return None


def _scalar(node: yaml.Node, *, french: bool) -> Any:
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and not node.style:
        # YAML 1.1 would turn "no" and "on" into booleans; only these plain words have a type.
        if re.fullmatch(r"-?\d+", text):
            return int(text)
        if text in {"true", "false", "null", "~", ""}:
            return {"true": True, "false": False}.get(text)
    return typeset(text, french=french)


def typeset(text: str, *, french: bool) -> str:
    """Return text with typographic apostrophes and the no-break spaces that French wants."""
    text = " ".join(text.split(" ")).replace("'", "’")
    text = re.sub(r"(?<=\d) (?=(?:h|%|°C|cm|mm)\b|%)", "\u00a0", text)
    if french:
        text = re.sub(r" (?=[:»])", "\u00a0", text)
        text = re.sub(r"(?<=«) ", "\u00a0", text)
    return text


def read_tree(folder: Path) -> Tree:
    """Read every file below a content folder; what cannot be read becomes faults."""
    tree = Tree()
    register = tree.read(folder / "sources.yaml", "sources.yaml", ())
    tree.data["sources"] = register.get("sources") if isinstance(register, dict) else register
    for key in {*(register if isinstance(register, dict) else ())} - {"sources"}:
        tree.noted.append(((key,), PLAIN["extra_forbidden"]))
    homes = sorted(each for each in folder.iterdir() if each.is_dir())
    if not homes:
        tree.noted.append(((), "has no protocol"))
    for number, home in enumerate(homes):
        tree.data["protocols"].append(_read_protocol(tree, home, ("protocols", number)))
    return tree


def _read_protocol(tree: Tree, home: Path, place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {}
    files = {*home.glob("*.yaml"), *(home / f"{each}.yaml" for each in FILES)}
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
    "int_type": "must be a whole number of hours, or ask",
    "greater_than_equal": "must be a whole number of hours, or ask",
}


def _plainly(error: Mapping[str, Any]) -> str:
    words = PLAIN.get(error["type"], str(error["msg"]).lower())
    expected = error.get("ctx", {}).get("expected", "")
    return words.format(input=error["input"], expected=expected)


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
        tree.noted.extend(rule(tree.data, today))
    library = None
    try:
        library = Library.model_validate(_resolve_likes(tree.data))
    except ValidationError as error:
        tree.noted.extend(_shape_faults(error))
    faults = tree.faults()
    if faults or library is None:
        raise ContentFaultsError(faults)
    return library
