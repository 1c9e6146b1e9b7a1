"""Hatch hook: a wheel carries the folders beside the package, and built files, or is not made."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# `protocols/` travels compiled, inside `build/`.
FOLDERS = ("static", "templates", "service_worker", "translations", "migrations", "build")


class BuiltFirst(BuildHookInterface[Any]):
    """Puts the top-level folders into the package; editable installs read them where they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders to the wheel.

        :raises FileNotFoundError: when nothing was built, with the command that mends it
        """
        if version == "editable":
            return
        if not Path(self.root, "build", "protocols.json").is_file():
            message = "build/ is missing: run `python3 dev.py wheel`, which builds first"
            raise FileNotFoundError(message)
        build_data["force_include"].update({name: f"webapp/{name}" for name in FOLDERS})
