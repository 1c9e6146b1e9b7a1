"""The `lendemain` commands."""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime

from webapp import assets, bare_app
from webapp.config import SettingsError, folder, read_settings
from webapp.protocol.library import compile_library
from webapp.protocol.reading import ContentFaultsError, read_library


def build() -> int:
    """Compile the content and build the assets."""
    try:
        compile_library(folder("protocols"), assets.BUILD / "protocols.json")
    except ContentFaultsError as error:
        return _say_faults(error)
    assets.build(bare_app())
    print(f"Built: {assets.BUILD}", flush=True)
    return 0


def check() -> int:
    """Check the content and print every fault."""
    try:
        library = read_library(folder("protocols"), _today())
    except ContentFaultsError as error:
        return _say_faults(error)
    for protocol in library.protocols:
        activities = len(protocol.activities)
        print(
            f"{protocol.id} {protocol.version} ({protocol.state}): {activities} activities, "
            f"variants with days: {', '.join(protocol.days)}. No faults."
        )
    return 0


def serve() -> int:
    """Serve the app, building first what has changed since the last build."""
    from webapp.serving import serve as answer  # noqa: PLC0415

    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if _in_a_checkout() and assets.built_state() != assets.state_of_sources():
        print("Building the pages …", flush=True)
        if status := build():
            return status
    return answer(settings)


def _in_a_checkout() -> bool:
    return (folder("protocols") / "sources.yaml").is_file()


def _today() -> date:
    return datetime.now(UTC).date()


def _say_faults(error: ContentFaultsError) -> int:
    print(f"{error}\n{len(error.faults)} faults in protocols/", file=sys.stderr)
    return 1


COMMANDS: dict[str, Callable[[], int]] = {"serve": serve, "build": build, "check": check}


def main() -> int:
    """Run one command; the console script's entry."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="lendemain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=(command.__doc__ or "").splitlines()[0])
    command = parser.parse_args().command
    if command in {"build", "check"} and not _in_a_checkout():
        print(f"`lendemain {command}` works on a checkout: here is compiled content only.")
        return 2
    try:
        return COMMANDS[command]()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
