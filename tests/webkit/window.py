"""A window of WebKitGTK whose profile stays on disk; run by the system's Python, driven by WebDriver.

MiniBrowser, which comes with the driver, forgets everything while it is driven: a browser that was
closed and opened anew would prove nothing with it.
"""

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")

from gi.repository import Gtk, WebKit2  # noqa: E402


def main(profile: str, language: str, agent: str) -> None:
    """Wait to be driven. An empty ``agent`` is WebKit's own."""
    # A page's transition to the next ends the page's process where there is no compositing.
    Gtk.Settings.get_default().set_property("gtk-enable-animations", False)
    kept = {"base_data_directory": f"{profile}/data", "base_cache_directory": f"{profile}/cache"}
    data = WebKit2.WebsiteDataManager(**kept)
    context = WebKit2.WebContext.new_with_website_data_manager(data)
    context.set_preferred_languages([language])
    context.set_automation_allowed(True)

    def open_window(_session: WebKit2.AutomationSession) -> WebKit2.WebView:
        view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
        view.get_settings().set_user_agent(agent or None)
        window = Gtk.Window(default_width=390, default_height=844)
        window.add(view)
        window.show_all()
        return view

    def begin(_context: WebKit2.WebContext, session: WebKit2.AutomationSession) -> None:
        named = WebKit2.ApplicationInfo()
        named.set_name("window")
        named.set_version(1, 0, 0)
        session.set_application_info(named)
        session.connect("create-web-view", open_window)

    context.connect("automation-started", begin)
    Gtk.main()


main(*sys.argv[1:])
