"""A control room on a free port of this machine, over the fake director."""

from collections.abc import Iterator

import pytest

from live.room.room import Room
from tests.live.room.fake_director import FakeDirector


@pytest.fixture
def said() -> list[str]:
    """What the room has said to the terminal."""
    return []


@pytest.fixture
def director() -> Iterator[FakeDirector]:
    """Not started: pictures are sent by the test itself, or after `start`."""
    fake = FakeDirector()
    yield fake
    fake.close()


@pytest.fixture
def room(director: FakeDirector, said: list[str]) -> Iterator[Room]:
    """Started, for this machine only."""
    opened = Room(director, port=0, say=said.append)
    opened.start()
    yield opened
    opened.close()
    assert said == []
