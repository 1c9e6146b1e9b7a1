"""A checkout of its own, whose content a test writes: published, built and served for real."""

import re
import shutil
from datetime import date
from pathlib import Path

from webapp.protocol.publishing import publish
from webapp.protocol.reading import read_library
from webapp.protocol.sealing import digest

ROOT = Path(__file__).resolve().parent.parent
FIXTURE = ROOT / "tests" / "fixtures" / "protocols"
PARTS = ("webapp", "templates", "static", "translations", "service_worker", "migrations")
PEEL = "light-peel"
TODAY = date(2026, 11, 26)


def sign(content: Path, protocol: str = PEEL, *languages: str, when: str = "2026-11-20") -> None:
    """Let made-up readers sign the words of a draft as they are now."""
    drafts = {each.id: each for each in read_library(content, TODAY).protocols}
    readers = "".join(
        f"  - {{language: {language}, name: Ada Test, profession: {{en: Nurse, fr: Soins infirmiers}}, "
        f"date: {when}, read: {digest(drafts[protocol])}}}\n"
        for language in languages or ("en", "fr")
    )
    file = content / protocol / "protocol.yaml"
    signed = f"state: signed\nreaders:\n{readers}"
    file.write_text(file.read_text("utf-8").replace("state: preview\n", signed, 1), "utf-8")


class Workshop:
    """A copy of the code, with the real treatment beside the made-up one."""

    def __init__(self, root: Path) -> None:
        """Copy what is served; nothing is built yet."""
        self.root = root
        for name in PARTS:
            made = shutil.ignore_patterns("__pycache__", "gen")
            shutil.copytree(ROOT / name, root / name, ignore=made)
        content = root / "protocols"
        shutil.copytree(ROOT / "protocols", content)
        own = (FIXTURE / "sources.yaml").read_text("utf-8").partition("sources:\n")[2]
        with (content / "sources.yaml").open("a", encoding="utf-8") as register:
            register.write(own)
        # Written and published by itself: the real treatment is long to read.
        self.desk = root / "desk"
        shutil.copytree(FIXTURE, self.desk)
        self.deliver()

    def deliver(self) -> None:
        """Put the made-up treatment as it is now beside the real one."""
        there = self.root / "protocols" / PEEL
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(self.desk / PEEL, there)

    def write(self, file: str, old: str, new: str) -> None:
        """Replace what one place of the made-up treatment says.

        :raises ValueError: when ``old`` is not found exactly once
        """
        path = self.desk / PEEL / file
        text = path.read_text("utf-8")
        if text.count(old) != 1:
            message = f"{file} has {text.count(old)} times: {old}"
            raise ValueError(message)
        path.write_text(text.replace(old, new), "utf-8")

    def sign(self) -> None:
        """Let two made-up readers sign the draft as it is now."""
        self.withdraw()
        sign(self.desk)

    def publish(self) -> Path:
        """Publish the signed draft, and return its file."""
        return publish(self.desk, PEEL, TODAY)

    def withdraw(self) -> None:
        """Go back to preview, as who goes on writing does."""
        path = self.desk / PEEL / "protocol.yaml"
        text = path.read_text("utf-8")
        path.write_text(
            re.sub(r"state: signed\nreaders:\n(?:  - .*\n)+", "state: preview\n", text), "utf-8"
        )
