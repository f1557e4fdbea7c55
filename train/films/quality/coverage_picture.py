"""Draws the coverage as one picture that a dancer can read: a ring for each limb, green where much was filmed."""

import cv2
import numpy as np

from engines.arrays import U8
from train.films.quality.coverage import HEAD_NODS, HEAD_TURNS, SECTORS, THIN, Coverage

Colour = tuple[int, int, int]

WIDTH, HEIGHT = 1280, 960
PAPER: Colour = (250, 250, 248)
INK: Colour = (40, 40, 40)
FAINT: Colour = (205, 205, 205)
GREEN: Colour = (70, 160, 90)
AMBER: Colour = (235, 170, 50)
RED: Colour = (214, 70, 60)
RADIUS = 92
MUCH = 0.10  # share of the frames that fills a sector to its rim
LITTLE = 0.03  # below this share a sector is amber
# Where each ring goes: as on the figure, which faces us.
PLACES = {
    "right forearm": (140, 300),
    "right upper arm": (375, 300),
    "left upper arm": (905, 300),
    "left forearm": (1140, 300),
    "right lower leg": (140, 590),
    "right leg": (375, 590),
    "left leg": (905, 590),
    "left lower leg": (1140, 590),
}
HEAD_PLACE, CELL = (500, 225), (56, 44)
SHOWN = 12  # sentences of what to film


def draw_coverage(coverage: Coverage) -> U8:
    """(960, 1280, 3) uint8 RGB."""
    picture = np.full((HEIGHT, WIDTH, 3), PAPER, np.uint8)
    _write(picture, "What was filmed, and what is missing", (40, 52), 1.0, INK)
    _write(
        picture,
        f"{coverage.frames} usable frames. The figure faces you: its right arm is on your left.",
        (40, 86),
        0.55,
        INK,
    )
    _legend(picture)
    for name, place in PLACES.items():
        _ring(picture, name, place, coverage)
    _head(picture, coverage)
    _hands(picture, coverage)
    _advice(picture, coverage)
    return picture


def _ring(picture: U8, name: str, place: tuple[int, int], coverage: Coverage) -> None:
    """Eight sectors around a joint, each drawn in the direction in which the limb points."""
    shares = coverage.limbs[name]
    x, y = place
    cv2.circle(picture, place, RADIUS, FAINT, 1, cv2.LINE_AA)
    side = 1 if name.startswith("left") else -1
    thin = coverage.thin.get(name, ())
    for i, share in enumerate(shares):
        middle = 90 - side * i * 360 / SECTORS  # OpenCV's degrees: 0 to the right, 90 down
        span = (middle - 180 / SECTORS + 2, middle + 180 / SECTORS - 2)
        if i in thin:
            _sector(picture, place, RADIUS, span, RED, filled=False)
            at = np.deg2rad(middle)
            mark = (int(x + 0.68 * RADIUS * np.cos(at)) - 5, int(y + 0.68 * RADIUS * np.sin(at)) + 7)
            _write(picture, "?", mark, 0.6, RED)
        if share > 0:
            reach = max(0.12, min(1.0, float(np.sqrt(share / MUCH))))
            _sector(
                picture, place, round(RADIUS * reach), span, RED if i in thin else _colour(float(share)), filled=True
            )
    cv2.circle(picture, place, 4, INK, -1, cv2.LINE_AA)
    _write(picture, name if shares.any() else f"{name}: never seen", (x - 62, y + RADIUS + 26), 0.55, INK)


def _sector(
    picture: U8, place: tuple[int, int], radius: int, span: tuple[float, float], colour: Colour, *, filled: bool
) -> None:
    angles = np.deg2rad(np.linspace(*span, 12))
    arc = np.array(place) + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outline = np.round(np.vstack([[place], arc])).astype(np.int32)
    if filled:
        cv2.fillPoly(picture, [outline], colour, cv2.LINE_AA)
    else:
        cv2.polylines(picture, [outline], True, colour, 2, cv2.LINE_AA)


def _head(picture: U8, coverage: Coverage) -> None:
    """A table: a column per turn of the head, a row per nod; the figure's right is on our left."""
    x, y = HEAD_PLACE
    _write(picture, "head", (x + 118, y - 44), 0.55, INK)
    for column, turn in enumerate(HEAD_TURNS):
        _write(picture, turn, (x + column * CELL[0] + 3, y - 12 - 14 * (column % 2)), 0.38, INK)
    for row, nod in enumerate(HEAD_NODS):
        for column in range(len(HEAD_TURNS)):
            share = float(coverage.head[row, column])
            corner = (x + column * CELL[0], y + row * CELL[1])
            end = (corner[0] + CELL[0] - 4, corner[1] + CELL[1] - 4)
            cv2.rectangle(picture, corner, end, _colour(share) if share > 0 else PAPER, -1)
            cv2.rectangle(picture, corner, end, FAINT, 1)
            _write(picture, _percent(share), (corner[0] + 8, corner[1] + 27), 0.42, INK)
        _write(picture, nod, (x - 46, y + row * CELL[1] + 26), 0.42, INK)
    _write(picture, f"seen from behind: {_percent(coverage.behind)}", (x + 40, y + 156), 0.45, INK)


def _hands(picture: U8, coverage: Coverage) -> None:
    right, left = coverage.hands
    x, y = 505, 480
    _write(picture, "hands found", (x + 88, y), 0.55, INK)
    if right == left == 0:
        _write(picture, "no finger points: hands follow the forearm", (x - 22, y + 30), 0.45, INK)
        return
    for i, (name, share) in enumerate((("right", right), ("left", left))):
        corner = (x + i * 150, y + 18)
        cv2.rectangle(picture, corner, (corner[0] + 120, corner[1] + 20), FAINT, 1)
        cv2.rectangle(picture, corner, (corner[0] + round(120 * share), corner[1] + 20), _hand_colour(share), -1)
        _write(picture, f"{name} {_percent(share)}", (corner[0] + 8, corner[1] + 42), 0.45, INK)


def _advice(picture: U8, coverage: Coverage) -> None:
    y = 780
    if not coverage.missing:
        _write(picture, "Nothing is missing: arms, legs and head were filmed in all usual ways.", (40, y), 0.7, INK)
        return
    _write(picture, "Film more of:", (40, y), 0.75, RED)
    shown = list(coverage.missing[:SHOWN])
    if len(coverage.missing) > SHOWN:
        shown[-1] = f"and {len(coverage.missing) - SHOWN + 1} more (the terminal lists them all)"
    for i, words in enumerate(shown):
        _write(picture, f"- {words}", (40 + 410 * (i // 4), y + 38 + 32 * (i % 4)), 0.58, INK)


def _legend(picture: U8) -> None:
    words = ((GREEN, "plenty"), (AMBER, "some"), (RED, "hardly any"))
    for i, (colour, text) in enumerate(words):
        cv2.rectangle(picture, (860 + 130 * i, 36), (880 + 130 * i, 56), colour, -1)
        _write(picture, text, (888 + 130 * i, 52), 0.5, INK)
    _write(picture, "red outline with ?: please film this", (860, 86), 0.5, INK)


def _colour(share: float) -> Colour:
    return GREEN if share >= LITTLE else AMBER if share >= THIN else RED


def _hand_colour(share: float) -> Colour:
    return GREEN if share >= 0.6 else AMBER if share >= 0.3 else RED


def _percent(share: float) -> str:
    return "0%" if share == 0 else "<1%" if share < 0.01 else f"{100 * share:.0f}%"


def _write(picture: U8, text: str, at: tuple[int, int], scale: float, colour: Colour) -> None:
    weight = 2 if scale >= 0.7 else 1
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, weight, cv2.LINE_AA)
