"""`Report`: what a run measured, in counters and histograms whose size is fixed however long the run is."""

import json
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from engines.system.whole_file import write_whole
from live.puppet.errors import PuppetError
from live.telemetry.histogram import Histogram
from live.telemetry.memory import peak_rss_mb
from live.telemetry.rolling_window import Recent

STAGES = ("capture", "wait", "estimate", "condition", "generate", "face", "send")
_MOST_CHANGES = 1000  # a run that lasts for days reports only the last ones
_IN_FLIGHT = 64  # more frames than can be between source and pump


class Rate:
    """Counts events. Each Rate is fed by one thread. Times are seconds on the loop's clock."""

    def __init__(self) -> None:
        self.count = 0
        self._first_s = self._last_s = 0.0
        self._recent = Recent()

    def add(self, now_s: float) -> None:
        """Count one event."""
        if not self.count:
            self._first_s = now_s
        self.count, self._last_s = self.count + 1, now_s
        self._recent.add(now_s)

    def per_s(self) -> float:
        """Events a second from the first to the last; 0 for fewer than two."""
        span = self._last_s - self._first_s
        return (self.count - 1) / span if span > 0 else 0.0

    def recent_per_s(self, now_s: float) -> float:
        """Like `per_s`, but over the last two seconds up to now, so that a standstill shows."""
        return self._recent.per_s(now_s)


class Dropping(Protocol):
    """What the report needs from a slot between two stages."""

    dropped: int


class Outputs(Protocol):
    """What the report needs from the sinks."""

    @property
    def dropped(self) -> dict[str, int]: ...


class Report:
    """Fed by the loop's threads, each with its own part; read by the status line and at the end.

    `start_s`: when the program started, on the loop's clock.
    """

    def __init__(self, start_s: float) -> None:
        self.captured, self.estimated, self.generated, self.sent = Rate(), Rate(), Rate(), Rate()
        self.stages = {name: Histogram() for name in STAGES}
        self.capture_to_send = Histogram()
        self.in_view_s = self.lost_s = 0.0
        self.resets = 0
        self.person = "nobody yet"
        self.engine = {"backend": "none", "device": "none", "precision": "none"}
        self.config: dict[str, Any] = {}
        self.slots: Mapping[str, Dropping] = {}
        self.sinks: Outputs | None = None
        self._start_s = start_s
        self._first_sent_s: float | None = None
        self._arrived = [(-1, 0.0)] * _IN_FLIGHT
        self._recent_latency = Recent()
        self._recent_stages = {name: Recent() for name in STAGES}
        self._changes: deque[dict[str, Any]] = deque(maxlen=_MOST_CHANGES)

    @property
    def dropped_by_slot(self) -> dict[str, int]:
        """What each of `slots` has dropped so far."""
        return {name: slot.dropped for name, slot in self.slots.items()}

    def frame_captured(self, frame_id: int, now_s: float) -> None:
        """The source delivered a frame."""
        self._arrived[frame_id % _IN_FLIGHT] = (frame_id, now_s)
        self.captured.add(now_s)

    def frame_sent(self, frame_id: int | None, now_s: float) -> None:
        """The sinks took a picture: the first to show frame `frame_id`, or (None) one that shows no new frame."""
        self.sent.add(now_s)
        if self._first_sent_s is None:
            self._first_sent_s = now_s
        if frame_id is None:
            return
        arrived_id, arrived_s = self._arrived[frame_id % _IN_FLIGHT]
        if arrived_id == frame_id:
            self.capture_to_send.add(now_s - arrived_s)
            self._recent_latency.add(now_s, now_s - arrived_s)

    def took(self, stage: str, duration_s: float, now_s: float) -> None:
        """Stage `stage`, one of STAGES, took `duration_s`."""
        self.stages[stage].add(duration_s)
        self._recent_stages[stage].add(now_s, duration_s)

    def changed(self, name: str, value: object, now_s: float) -> None:
        """The setting `name` is `value` from now on."""
        self._changes.append({"at_s": round(now_s - self._start_s, 3), "name": name, "value": value})

    def person_shown(self, state: str, passed_s: float) -> None:
        """The presence policy is in `state`, `passed_s` after the previous call."""
        self.person = state
        if state == "in view":
            self.in_view_s += passed_s
        else:
            self.lost_s += passed_s

    def recent_latency_s(self, now_s: float) -> tuple[float, ...] | None:
        """(p50, p95) of capture to send over the last two seconds; None without any."""
        return self._recent_latency.quantiles(now_s, 0.5, 0.95)

    def recent_stages_ms(self, now_s: float) -> dict[str, float]:
        """Each stage's median over the last two seconds, in milliseconds, without stages that did not run."""
        medians = {name: recent.quantiles(now_s, 0.5) for name, recent in self._recent_stages.items()}
        return {name: round(median[0] * 1000, 2) for name, median in medians.items() if median}

    def to_json(self) -> dict[str, Any]:
        """The report as the README describes it."""
        first = self._first_sent_s
        histograms = {**self.stages, "capture_to_send": self.capture_to_send}
        return {
            "config": self.config,
            "engine": self.engine,
            "changes": list(self._changes),
            "frames": {
                "captured": self.captured.count,
                "estimated": self.estimated.count,
                "generated": self.generated.count,
                "sent": self.sent.count,
                "dropped_by_slot": self.dropped_by_slot,
                "dropped_by_sink": {} if self.sinks is None else self.sinks.dropped,
            },
            "fps": {"generated": round(self.generated.per_s(), 2), "sent": round(self.sent.per_s(), 2)},
            "latency_ms": {name: histogram.summary_ms() for name, histogram in histograms.items()},
            "person": {
                "in_view_s": round(self.in_view_s, 3),
                "lost_s": round(self.lost_s, 3),
                "resets": self.resets,
            },
            "start_to_first_frame_s": None if first is None else round(first - self._start_s, 3),
            "peak_rss_mb": round(peak_rss_mb(), 1),
        }

    def table(self) -> str:
        """The report as a table for people."""
        data = self.to_json()
        frames, person = data["frames"], data["person"]
        by_place = {**frames["dropped_by_slot"], **frames["dropped_by_sink"]}
        dropped = ", ".join(f"{count} {place}" for place, count in by_place.items() if count) or "none"
        rows = [f"{'ms':<16}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}"]
        for name, summary in data["latency_ms"].items():
            if name == "face" and not self.stages[name].count:
                continue  # most targets have none
            rows.append(f"{name.replace('_', '-'):<16}" + "".join(f"{value:>8.1f}" for value in summary.values()))
        engine = " ".join(dict.fromkeys(data["engine"].values()))
        rows += [
            f"frames: {frames['captured']} captured, {frames['estimated']} estimated, {frames['generated']} generated, "
            f"{frames['sent']} sent; dropped on purpose: {dropped}",
            f"fps: {data['fps']['generated']} generated, {data['fps']['sent']} sent; engine: {engine}",
            f"person: {person['in_view_s']:.1f} s in view, {person['lost_s']:.1f} s not, {person['resets']} resets",
            f"first picture after {data['start_to_first_frame_s'] or 0} s; peak memory {data['peak_rss_mb']:.0f} MB",
        ]
        return "\n".join(rows)


def write_report(path: Path, report: Report) -> None:
    """Write the report as JSON, completely or not at all. Raises PuppetError if it cannot be written."""
    try:
        write_whole(path, json.dumps(report.to_json(), indent=1).encode(), shared=True)
    except OSError as error:
        raise PuppetError(f"cannot write the report {path}", got=str(error), do="choose another file") from error
