"""A little of `scripts/fuzz`: every loader refuses what is damaged by an error of ours, or reads it as it promises."""

from pathlib import Path

import pytest

from tests.fuzz.loader import Loader
from tests.fuzz.loaders import all_loaders
from tests.fuzz.trial import ACCEPTED, REFUSED, attempt, change

MUTATIONS = 25


@pytest.mark.parametrize("loader", all_loaders(), ids=lambda loader: loader.name)
@pytest.mark.filterwarnings("ignore")
def test_nothing_that_is_loaded_ends_in_a_traceback_or_is_read_wrongly(loader: Loader, tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    loader.write(good)
    untouched = attempt(loader, good)
    assert untouched.kind == ACCEPTED, untouched.said
    refused = 0
    for trial in range(MUTATIONS):
        change(loader, good, tmp_path / "tried", f"{loader.name} 0 {trial}")
        outcome = attempt(loader, tmp_path / "tried")
        assert outcome.kind in (ACCEPTED, REFUSED), f"trial {trial}: {outcome.said}"
        refused += outcome.kind == REFUSED
    assert refused > (0 if loader.partial else MUTATIONS // 3), "most of what is damaged is seen to be"
