"""Take the screenshots of the README and of the install sheet, from the running app.

Run: ``python3 dev.py pictures``. The clock, the zone and the treatment are fixed, so that the
same code gives the same pictures.
"""

import os
import socket
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
SHOTS = ROOT / "static" / "screenshots"
TREATED = "2026-11-22T10:30:00-05:00"
SEEN = "2026-11-24T11:45:00-05:00"
SIZES = {"narrow": (390, 844, 2), "wide": (1280, 800, 1)}
DAY = "microneedling/draft/standard/day-2"
COLOURS = 128


def main() -> int:
    """Start a server and a browser, take every picture, stop both."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, "PORT": str(port)}
    server = subprocess.Popen([sys.executable, "-m", "webapp.cli", "serve"], cwd=ROOT, env=environ)
    try:
        wait_for(port)
        with sync_playwright() as driver:
            sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
            quiet = ["--disable-background-networking", "--disable-component-update", *sandbox]
            browser = driver.chromium.launch(executable_path=os.environ["CHROMIUM"], args=quiet)
            for language in ("en", "fr"):
                for form in SIZES:
                    take(browser, f"http://127.0.0.1:{port}/{language}", language, form)
    finally:
        server.kill()
    return 0


def wait_for(port: int) -> None:
    """Return once something listens.

    :raises TimeoutError: after 30 s
    """
    for _ in range(300):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(port)


def take(browser: Browser, site: str, language: str, form: str) -> None:
    """Begin a treatment and picture Today and a day of the guide in one language and form."""
    width, height, scale = SIZES[form]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        locale=f"{language}-CA",
        timezone_id="America/Toronto",
        reduced_motion="reduce",
    )
    # The clock is fixed, and a page that compared it with the server's would say so in the picture.
    context.route("**/sw.js", lambda route: route.abort())
    page = context.new_page()
    page.clock.set_fixed_time(TREATED)
    page.goto(f"{site}/start")
    page.wait_for_selector("main[data-ready]")
    page.click("[data-answer=standard]")
    page.click("[data-when=now]")
    page.wait_for_selector("main[data-state=day][data-ready]")
    page.clock.set_fixed_time(SEEN)
    for name, path in (("today", "today"), ("day", DAY)):
        page.goto(f"{site}/{path}")
        page.wait_for_selector("main[data-ready]")
        keep(page, SHOTS / f"{name}-{form}-{language}.png")
    context.close()


def keep(page: Page, file: Path) -> None:
    """Write a picture in few colours, which flat pages do not miss and downloads do not carry."""
    file.parent.mkdir(exist_ok=True)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
