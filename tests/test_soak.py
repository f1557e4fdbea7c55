"""The soak's verdict: what grows is named, what is only uneven is not."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def soak() -> Any:
    spec = importlib.util.spec_from_file_location("soak", ROOT / "scripts" / "soak.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module
    spec.loader.exec_module(module)
    return module


def run(soak: Any, count: int = 400, **slopes: float) -> list[Any]:
    """Samples that begin at usual values and rise (or fall) to the end by so much; the first quarter is uneven."""
    usual = {"rss_mb": 800.0, "threads": 60, "handles": 50, "fps": 24.0, "p95_ms": 90.0}
    return [
        soak.Sample(
            i,
            *(value * (0.5 if i < count / 5 else 1) + slopes.get(name, 0) * i / count for name, value in usual.items()),
        )
        for i in range(count)
    ]


def test_a_run_that_stays_as_it_is_passes(soak: Any) -> None:
    assert soak.growth(run(soak)) == []
    assert soak.growth(run(soak, rss_mb=60, threads=3, handles=6, fps=-4)) == []


def test_of_a_short_run_nothing_is_said(soak: Any) -> None:
    assert soak.growth(run(soak, 40, rss_mb=300)) == [] == soak.growth([])


@pytest.mark.parametrize(("name", "slope"), [("rss_mb", 300), ("threads", 30), ("handles", 60), ("fps", -15)])
def test_a_run_that_grows_is_told_by_what(name: str, slope: float, soak: Any) -> None:
    (problem,) = soak.growth(run(soak, **{name: slope}))
    assert problem.startswith(name)
