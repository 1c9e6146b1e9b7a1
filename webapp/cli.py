"""The `lendemain` commands."""

import argparse
import logging
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from webapp.config import Settings, SettingsError, TroubleError, folder, read_settings

OURS_ALONE = 0o077

log = logging.getLogger("webapp.cli")

# Each command imports what it needs: a sender is not to carry the web with it.
# ruff: noqa: PLC0415


def build(_given: Namespace) -> int:
    """Compile the content and build the assets."""
    from webapp import assets
    from webapp.app import bare_app
    from webapp.protocol.library import compile_library
    from webapp.protocol.reading import ContentFaultsError

    try:
        compile_library(folder("protocols"), assets.BUILD / "protocols.json")
    except ContentFaultsError as error:
        return _say_faults(error, len(error.faults))
    assets.build(bare_app())
    print(f"Built: {assets.BUILD}", flush=True)
    return 0


def check(given: Namespace) -> int:
    """Check the content and print every fault."""
    from webapp.protocol.publishing import current, unsigned
    from webapp.protocol.reading import ContentFaultsError, read_library
    from webapp.protocol.sealing import digest

    try:
        library = read_library(folder("protocols"), _today())
    except ContentFaultsError as error:
        return _say_faults(error, len(error.faults))
    for protocol in library.protocols:
        activities = len(protocol.activities)
        print(
            f"{protocol.id} {protocol.version} ({protocol.state}): {activities} activities, "
            f"variants with days: {', '.join(protocol.days)}; words {digest(protocol)}. No faults."
        )
    for each in library.published:
        protocol = each.protocol
        print(
            f"{protocol.id} {protocol.version} ({protocol.state}), published on {each.published}: "
            f"words {each.digest}, as published."
        )
    if not given.release:
        return 0
    reasons = [why for each in current(library) for why in unsigned(each, _today())]
    print("\n".join(reasons) or "Ready: what people begin with is signed.", file=sys.stderr)
    return 1 if reasons else 0


def publish(given: Namespace) -> int:
    """Write a signed draft as the next numbered version of its treatment."""
    from webapp.protocol.publishing import NotPublishedError
    from webapp.protocol.publishing import publish as write
    from webapp.protocol.reading import ContentFaultsError

    try:
        file = write(folder("protocols"), given.protocol, _today())
    except ContentFaultsError as error:
        return _say_faults(error, len(error.faults))
    except NotPublishedError as error:
        print(f"{error}\nNot published.", file=sys.stderr)
        return 1
    print(f"Published: {file}. Commit it; it is never changed again.")
    return 0


def serve(given: Namespace) -> int:
    """Serve the app, building first what has changed since the last build."""
    from webapp import assets
    from webapp.serving import serve as answer

    settings = read_settings(os.environ)
    if _in_a_checkout() and assets.built_state() != assets.state_of_sources():
        print("Building the pages …", flush=True)
        if status := build(given):
            return status
    os.umask(OURS_ALONE)
    return answer(settings)


def send(given: Namespace) -> int:
    """Send the reminders that are due; `serve` starts one by itself."""
    from webapp.sending import send as ring

    return ring(_settings(), child=given.child)


def keys(given: Namespace) -> int:
    """Show the keys that pushes are signed with, or rotate them."""
    from webapp.operating import rotate_keys, show_keys

    settings = _settings()
    return rotate_keys(settings, anyway=given.anyway) if given.rotate else show_keys(settings)


def backup(given: Namespace) -> int:
    """Write database, keys and secret into one file, or restore them from one."""
    from webapp.operating import back_up, restore

    settings = _settings()
    return restore(settings, given.file) if given.restore else back_up(settings, given.file)


def doctor(_given: Namespace) -> int:
    """Look at everything reminders need, and say in plain words what is wrong."""
    from webapp.doctor import examine

    return examine(os.environ)


def _settings() -> Settings:
    os.umask(OURS_ALONE)
    return read_settings(os.environ)


def _in_a_checkout() -> bool:
    return (folder("protocols") / "sources.yaml").is_file()


def _today() -> date:
    return datetime.now(UTC).date()


def _say_faults(error: Exception, count: int) -> int:
    print(f"{error}\n{count} faults in protocols/", file=sys.stderr)
    return 1


Command = Callable[[Namespace], int]
COMMANDS: tuple[Command, ...] = (serve, send, build, check, publish, keys, backup, doctor)


def _read_arguments() -> tuple[Command, Namespace]:
    parser = ArgumentParser(prog="lendemain", description=__doc__)
    listed = parser.add_subparsers(required=True, metavar="COMMAND")
    parsers = {}
    for command in COMMANDS:
        words = (command.__doc__ or "").splitlines()[0]
        parsers[command.__name__] = listed.add_parser(
            command.__name__, help=words, description=words
        )
        parsers[command.__name__].set_defaults(command=command)
    parsers["send"].add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parsers["check"].add_argument(
        "--release", action="store_true", help="refuse what people begin with while it is unsigned"
    )
    parsers["publish"].add_argument("protocol", help="such as microneedling")
    rotate = parsers["keys"]
    rotate.add_argument(
        "--rotate", action="store_true", help="make a new key; the one before stays live"
    )
    rotate.add_argument(
        "--anyway", action="store_true", help="drop a key that subscriptions still use"
    )
    file = parsers["backup"]
    file.add_argument("file", type=Path, help="such as lendemain-2026-11-22.tar")
    file.add_argument("--restore", action="store_true", help="restore from the file instead")
    given = parser.parse_args()
    chosen: Command = given.command
    return chosen, given


def main() -> int:
    """Run one command; the console script's entry."""
    command, given = _read_arguments()
    if command in {serve, send}:
        from webapp.logs import set_up

        set_up()
    else:
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    if command in {build, check, publish} and not _in_a_checkout():
        print(f"`lendemain {command.__name__}` works on a checkout: here is compiled content only.")
        return 2
    try:
        return command(given)
    except (SettingsError, TroubleError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception:
        if command not in {serve, send}:
            raise
        # Python's own words of an error may say who it was about.
        log.exception("an error nobody foresaw")
        return 1


if __name__ == "__main__":
    sys.exit(main())
