from pathlib import Path

import av
import numpy as np
import pytest

from live.puppet.values import PuppetFrame
from live.sinks.ai_metadata import COMMENT
from live.sinks.video_file import VideoFileSink

PICTURE = np.full((64, 64, 3), 90, np.uint8)


@pytest.mark.parametrize("complete", [True, False])
def test_a_video_says_inside_that_it_is_generated_and_a_player_finds_all_its_pictures(
    tmp_path: Path, complete: bool
) -> None:
    sink = VideoFileSink(tmp_path / "puppet.mp4")
    sink.open((64, 64), 10.0)
    for tick in range(25):
        sink.send(PuppetFrame(tick, 0.0, PICTURE, PICTURE[..., 0]), tick)
    sink.close(complete=complete)
    with av.open(str(tmp_path / "puppet.mp4"), options={"export_xmp": "1"}) as container:
        assert container.metadata["comment"] == COMMENT
        assert "digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in container.metadata["xmp"]
        assert sum(1 for _ in container.decode(video=0)) == 25


def test_also_a_video_that_was_never_ended_says_so(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "puppet.mp4")
    sink.open((64, 64), 10.0)
    for tick in range(25):
        sink.send(PuppetFrame(tick, 0.0, PICTURE, PICTURE[..., 0]), tick)
    with av.open(str(tmp_path / "puppet.mp4")) as container:
        assert container.metadata["comment"] == COMMENT
    sink.close(complete=False)
