"""Lendemain: the days after a skin treatment, one at a time."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from webapp.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Wire everything and return the app that Flask serves; see `webapp/app.py`.

    :raises webapp.config.SettingsError: when a setting is wrong
    :raises FileNotFoundError: when `lendemain build` has not run
    """
    # The sender is in this package too, and must not carry the whole web with it.
    from webapp.app import create_app as wire  # noqa: PLC0415

    return wire(settings)
