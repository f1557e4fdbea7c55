"""`report.html`: one page about a run, with its pictures embedded, that opens anywhere without a network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2

from engines.arrays import U8
from engines.system.whole_file import write_whole
from train.errors import TrainError
from train.report import chart
from train.report.chart import Chart

NAME = "report.html"
JPEG_QUALITY = 88

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #222; --faint: #666; --grid: #e3e3e3; --card: #f6f6f4;
  --training: #2a78d6; --held-out: #de6e14; --warn: #9a5b00 }
@media (prefers-color-scheme: dark) { :root { --paper: #191a1c; --ink: #e6e6e3; --faint: #a0a0a0; --grid: #3a3b3e;
  --card: #232427; --training: #6aa9f2; --held-out: #f59a4a; --warn: #f0b45a } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 1160px; padding: 24px }
h1 { font-size: 22px; margin: 0 } h2 { font-size: 17px; margin: 32px 0 8px } p { margin: 4px 0 }
.faint { color: var(--faint) }
img { background: #f5f5f5; height: auto; max-width: 100% } .charts { display: flex; flex-wrap: wrap; gap: 12px }
svg { background: var(--card); border-radius: 6px; height: auto; max-width: 100% }
svg text { fill: var(--faint); font: 11px system-ui, sans-serif } svg text.title { fill: var(--ink); font-size: 13px }
svg .grid { stroke: var(--grid); fill: none } polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round }
polyline.training { stroke: var(--training) } polyline.held-out { stroke: var(--held-out) }
circle.training { fill: var(--training) } circle.held-out { fill: var(--held-out) }
.key { display: inline-block; width: 18px; height: 3px; margin: 0 6px 4px 14px; vertical-align: middle }
ul.findings li { color: var(--warn) } table { border-collapse: collapse }
td { padding: 1px 18px 1px 0; vertical-align: top }
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What the report shows. `settings`: by name, as shown. `lines`: how far the run is, in words.
    `sheet`, `growth`: (H, W, 3) uint8 RGB.
    """

    name: str
    settings: Mapping[str, object]
    lines: Sequence[str]
    findings: Sequence[str]
    charts: Sequence[Chart]
    sheet: U8
    growth: U8


def write_report(folder: Path, page: Page) -> Path:
    """Write the page into the run folder, whole or not at all; returns its path. Raises TrainError."""
    path = folder / NAME
    try:
        write_whole(path, html(page).encode(), shared=True)
    except OSError as error:
        raise TrainError(
            f"cannot write {path}", got=str(error), do="make room on the disk, then use --resume"
        ) from error
    return path


def html(page: Page) -> str:
    """The whole page; it needs nothing outside itself."""
    found = "".join(f"<li>{escape(words)}</li>" for words in page.findings)
    settings = "".join(
        f"<tr><td>{escape(key)}</td><td>{escape(_shown(value))}</td></tr>" for key, value in page.settings.items()
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(page.name)}</title><style>{STYLE}</style></head><body>
<h1>{escape(page.name)}</h1>
{"".join(f'<p class="faint">{escape(line)}</p>' for line in page.lines)}
<h2>How it is going</h2>
{f'<ul class="findings">{found}</ul>' if found else "<p>Nothing to worry about in the curves.</p>"}
<h2>One picture over time</h2>
{_image(page.growth, "the same held-out frame after more and more steps")}
<h2>Curves</h2>
<p class="faint"><span class="key" style="background: var(--training)"></span>training
<span class="key" style="background: var(--held-out)"></span>held-out frames (cross-validation)</p>
<div class="charts">{"".join(map(chart.svg, page.charts))}</div>
<h2>Held-out frames now</h2>
{_image(page.sheet, "pose map, doll, generated and real")}
<h2>Settings</h2>
<table>{settings}</table>
</body></html>
"""


def _image(picture: U8, words: str) -> str:
    fine, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    assert fine, "a uint8 picture can be encoded"
    text = base64.b64encode(data.tobytes()).decode()
    return f'<img src="data:image/jpeg;base64,{text}" alt="{escape(words)}">'


def _shown(value: object) -> str:
    return " x ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
