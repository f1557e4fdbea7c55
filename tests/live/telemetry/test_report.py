"""The report: its keys are a promise, its numbers right, its size fixed."""

import json
from pathlib import Path

import numpy as np
import pytest

from live.puppet.errors import PuppetError
from live.telemetry.histogram import Histogram
from live.telemetry.report import Report, write_report


def filled() -> Report:
    report = Report(start_s=100.0)
    for i in range(10):
        at = 101 + i * 0.05
        report.frame_captured(i, at)
        report.generated.add(at)
        report.frame_sent(i, at + 0.08)
        report.frame_sent(None, at + 0.09)
    return report


def test_the_report_has_exactly_the_promised_keys() -> None:
    data = filled().to_json()
    assert set(data) == {
        *("config", "engine", "changes", "frames", "fps", "latency_ms", "person"),
        *("start_to_first_frame_s", "peak_rss_mb"),
    }
    assert set(data["engine"]) == {"backend", "device", "precision"}
    assert set(data["frames"]) == {"captured", "estimated", "generated", "sent", "dropped_by_slot", "dropped_by_sink"}
    assert set(data["fps"]) == {"generated", "sent"}
    assert set(data["person"]) == {"in_view_s", "lost_s", "resets"}
    assert {"estimate", "condition", "generate", "send", "capture_to_send"} <= set(data["latency_ms"])
    assert all(set(summary) == {"p50", "p95", "p99", "max"} for summary in data["latency_ms"].values())


def test_age_counts_once_for_each_frame_and_rates_count_from_first_to_last() -> None:
    report = filled()
    data = report.to_json()
    assert report.capture_to_send.count == 10
    assert data["latency_ms"]["capture_to_send"]["p50"] == pytest.approx(80, rel=0.02)
    assert data["fps"]["generated"] == pytest.approx(20)
    assert data["frames"]["sent"] == 20
    assert data["start_to_first_frame_s"] == pytest.approx(1.08)
    assert data["peak_rss_mb"] > 10


def test_the_histogram_is_right_to_one_percent_and_stays_small() -> None:
    values = np.random.default_rng(0).lognormal(-3, 1, 20_000)
    histogram = Histogram()
    for value in values:
        histogram.add(float(value))
    for q in (0.5, 0.95, 0.99):
        assert histogram.quantile(q) == pytest.approx(float(np.quantile(values, q)), rel=0.015)
    assert histogram.max_s == values.max()
    assert len(histogram._bins) < 3000


def test_an_empty_or_absurd_histogram_does_not_fail() -> None:
    histogram = Histogram()
    assert histogram.summary_ms() == {"p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0}
    histogram.add(0.0)
    histogram.add(1e9)
    assert histogram.max_s == 1e9


def test_a_standstill_shows_in_the_recent_rate() -> None:
    report = filled()
    assert report.generated.recent_per_s(101.5) > report.generated.recent_per_s(110.0)


def test_the_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    report = filled()
    write_report(tmp_path / "r.json", report)
    assert json.loads((tmp_path / "r.json").read_text())["frames"]["sent"] == 20
    report.config = {"not json": object()}
    with pytest.raises(TypeError):
        write_report(tmp_path / "other.json", report)
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_a_report_in_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PuppetError, match="cannot write the report"):
        write_report(tmp_path / "no" / "r.json", filled())


def test_a_frame_whose_arrival_was_forgotten_has_no_made_up_age() -> None:
    report = Report(0.0)
    for i in range(65):  # one more than are remembered: frame 0 is gone
        report.frame_captured(i, float(i))
    report.frame_sent(0, 65.0)
    assert report.capture_to_send.count == 0
