"""Draw the icons of Lendemain and write them to static/icons/.

The mark is the morning after: a low sun over a calm horizon and, in the land below,
a row of days of which the first is filled. Shapes are laid out on a square of 100 by 100
units, drawn eight times too large and reduced with LANCZOS.

Run from anywhere: python docs/drawings/icons.py (needs Pillow). The same input always
gives the same files. static/icons/favicon.svg repeats the mark by hand on a grid of 32,
a little bolder and with darker tints for dark screens: change both together.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import cos, dist, radians, sin
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OUT = Path(__file__).resolve().parents[2] / "static" / "icons"
OVERSAMPLE = 8
UNITS = 100.0

PAPER = "#FAF7F2"
INK = "#1F2E2C"
GREEN = "#2E6B57"
TERRACOTTA = "#B0492F"
MINT = "#E3F0E9"

CORNER = 22.0  # radius of the rounded tile
HORIZON = 59.375  # a whole pixel at 96, 192 and 512
SUN = (50.0, 51.0, 21.0)  # x, y, radius
HALO = 33.0  # radius of the light around the sun
DAYS_X = (32.0, 50.0, 68.0)
DAYS_Y = 77.0
DAY = 5.6  # outer radius of one day
DAY_STROKE = 2.8
GLYPH_STROKE = 6.0
EMBLEM = (39.0, 4.0)  # radius and stroke of the one-colour mark
STEP = 17  # edges keep sixteen levels: 0, 17, 34 ... 255

Point = tuple[float, float]
Layer = tuple["Sheet", str]


class Sheet:
    """One oversampled mask, drawn in units and scaled about the centre."""

    def __init__(self, size: int, scale: float = 1.0) -> None:
        self.size = size
        self.scale = scale
        side = size * OVERSAMPLE
        self.pixel = side / UNITS
        self.image = Image.new("L", (side, side), 0)
        self.pen = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float) -> Point:
        """Turn units into oversampled pixels."""
        middle = UNITS / 2
        across = middle + (x - middle) * self.scale
        down = middle + (y - middle) * self.scale
        return across * self.pixel, down * self.pixel

    def disc(self, x: float, y: float, radius: float, *, erase: bool = False) -> None:
        """Fill a disc, or cut one out."""
        (cx, cy), r = self.at(x, y), radius * self.scale * self.pixel
        self.pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=0 if erase else 255)

    def ring(self, x: float, y: float, radius: float, stroke: float) -> None:
        """Draw a ring whose outer edge is at the radius."""
        self.disc(x, y, radius)
        self.disc(x, y, radius - stroke, erase=True)

    def below(self, y: float, *, erase: bool = False) -> None:
        """Fill, or clear, everything from this height down."""
        side = self.image.width
        self.pen.rectangle((0, self.at(0, y)[1], side, side), fill=0 if erase else 255)

    def tile(self, radius: float) -> None:
        """Fill the whole square with rounded corners."""
        last = self.image.width - 1
        self.pen.rounded_rectangle((0, 0, last, last), radius * self.pixel, fill=255)

    def line(self, points: Iterable[Point], width: float, *, erase: bool = False) -> None:
        """Draw a line with round ends and round joins, or cut one out."""
        path = list(points)
        for start, end in pairwise(path):
            corners = [self.at(x, y) for x, y in band(start, end, width)]
            self.pen.polygon(corners, fill=0 if erase else 255)
        for x, y in path:
            self.disc(x, y, width / 2, erase=erase)

    def mask(self) -> Image.Image:
        """Return the mask at its final size, its edges in even steps."""
        small = self.image.resize((self.size, self.size), Image.Resampling.LANCZOS)
        return small.point([round(level / STEP) * STEP for level in range(256)])


def band(start: Point, end: Point, width: float) -> list[Point]:
    """Return the corners of a straight band between two points."""
    half = width / 2 / (dist(start, end) or 1.0)
    x, y = (start[1] - end[1]) * half, (end[0] - start[0]) * half
    (ax, ay), (bx, by) = start, end
    return [(ax + x, ay + y), (bx + x, by + y), (bx - x, by - y), (ax - x, ay - y)]


def arc(x: float, y: float, radius: float, start: float, end: float) -> list[Point]:
    """Return points along an arc, in degrees clockwise from the right."""
    turns = (radians(start + (end - start) * step / 96) for step in range(97))
    return [(x + radius * cos(t), y + radius * sin(t)) for t in turns]


def curve(first: Point, pull: Point, last: Point) -> list[Point]:
    """Return points along a quadratic curve."""
    points: list[Point] = []
    for step in range(65):
        t = step / 64
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        x = a * first[0] + b * pull[0] + c * last[0]
        y = a * first[1] + b * pull[1] + c * last[1]
        points.append((x, y))
    return points


def draw_days(sheet: Sheet, y: float = DAYS_Y, spread: float = 1.0) -> None:
    """Draw the row of days: one filled, the others still open."""
    first, *others = (50 + (x - 50) * spread for x in DAYS_X)
    sheet.disc(first, y, DAY)
    for x in others:
        sheet.ring(x, y, DAY, DAY_STROKE)


def mark(size: int, scale: float = 1.0) -> Image.Image:
    """Paint the mark edge to edge, opaque."""
    halo, sun, land, days = (Sheet(size, scale) for _ in range(4))
    halo.disc(SUN[0], SUN[1], HALO)
    sun.disc(*SUN)
    land.below(HORIZON)
    draw_days(days)
    return paint(size, MINT, [(halo, PAPER), (sun, TERRACOTTA), (land, GREEN), (days, PAPER)])


def paint(size: int, ground: str, layers: Iterable[Layer]) -> Image.Image:
    """Lay coloured masks on an opaque ground."""
    image = Image.new("RGB", (size, size), ground)
    for sheet, colour in layers:
        image.paste(colour, (0, 0), sheet.mask())
    return image


def rounded(image: Image.Image) -> Image.Image:
    """Cut the corners of an opaque image."""
    corners = Sheet(image.width)
    corners.tile(CORNER)
    cut = image.copy()
    cut.putalpha(corners.mask())
    return cut


def monochrome(size: int) -> Image.Image:
    """Draw the mark in one colour, as alpha on nothing, held by a circle."""
    radius, stroke = EMBLEM
    round_ground, sky, sun, days = (Sheet(size) for _ in range(4))
    round_ground.disc(50, 50, radius)
    sky.disc(50, 50, radius - stroke)
    sky.below(HORIZON, erase=True)
    sun.disc(SUN[0], SUN[1] - 4, SUN[2] - 1.5)
    sun.below(HORIZON - 3.5, erase=True)
    draw_days(days, 73.5, 0.86)
    alpha = round_ground.image
    for sheet, fill in ((sky, 0), (sun, 255), (days, 0)):
        alpha.paste(fill, (0, 0), sheet.image)
    image = Image.new("RGB", (size, size), INK)
    image.putalpha(round_ground.mask())
    return image


def today(sheet: Sheet) -> None:
    """Draw a sun with eight short rays."""
    sheet.disc(50, 50, 13)
    for turn in range(0, 360, 45):
        x, y = cos(radians(turn)), sin(radians(turn))
        sheet.line([(50 + r * x, 50 + r * y) for r in (22, 29)], GLYPH_STROKE)


def guide(sheet: Sheet) -> None:
    """Draw an open book."""
    for side in (-1, 1):
        edge = 50 + side * 29
        pull = 50 + side * 8
        top = curve((50, 35), (pull, 28), (edge, 28))
        foot = curve((edge, 67), (pull, 67), (50, 74))
        sheet.line([*top, *foot, (50, 35)], GLYPH_STROKE)


def handset(sheet: Sheet, grow: float, *, erase: bool = False) -> None:
    """Draw a solid handset, thicker or thinner by a margin."""
    sheet.line(arc(77, 23, 49, 104, 166), 11 + grow, erase=erase)
    for turn, lean in ((104, -68), (166, -22)):
        x, y = arc(77, 23, 46.5, turn, turn)[0]
        reach = (x + 7 * cos(radians(lean)), y + 7 * sin(radians(lean)))
        sheet.line([(x, y), reach], 16 + grow, erase=erase)


def help_line(sheet: Sheet) -> None:
    """Draw the outline of a telephone handset."""
    handset(sheet, GLYPH_STROKE)
    handset(sheet, -GLYPH_STROKE, erase=True)


def shortcut(size: int, colour: str, glyph: Callable[[Sheet], None]) -> Image.Image:
    """Paint one glyph on a rounded tile."""
    sheet = Sheet(size)
    glyph(sheet)
    return rounded(paint(size, MINT, [(sheet, colour)]))


def paletted(image: Image.Image) -> Image.Image:
    """Store the same colours through a palette, which holds up to 256 of them."""
    raw = image.convert("RGBA").tobytes()
    pixels = [raw[i : i + 4] if raw[i + 3] else bytes(4) for i in range(0, len(raw), 4)]
    counts = Counter(pixels)
    kept = sorted(counts, key=lambda colour: (-counts[colour], colour))
    place = {colour: index for index, colour in enumerate(kept)}
    result = Image.new("P", image.size)
    result.frombytes(bytes(place[pixel] for pixel in pixels))
    result.putpalette(b"".join(colour[:3] for colour in kept))
    if image.mode == "RGBA":
        result.info["transparency"] = bytes(colour[3] for colour in kept)
    return result


def save(name: str, image: Image.Image) -> None:
    """Write one PNG as small as it goes."""
    paletted(image).save(OUT / name, optimize=True)


def main() -> None:
    """Write every icon."""
    OUT.mkdir(parents=True, exist_ok=True)
    for size in (192, 512):
        save(f"icon-{size}.png", rounded(mark(size)))
    save("maskable-512.png", mark(512, 0.9))
    save("monochrome-512.png", monochrome(512))
    save("badge-96.png", monochrome(96))
    save("touch-180.png", mark(180))
    save("shortcut-today-96.png", shortcut(96, TERRACOTTA, today))
    save("shortcut-guide-96.png", shortcut(96, GREEN, guide))
    save("shortcut-help-96.png", shortcut(96, INK, help_line))


if __name__ == "__main__":
    main()
