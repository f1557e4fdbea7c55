from pathlib import Path

import av
import numpy as np

from live.sinks.ai_metadata import COMMENT, CONTAINER_METADATA, append_xmp


def write_video(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        container.metadata.update(CONTAINER_METADATA)
        stream = container.add_stream("libx264", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for level in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 40 * level, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_a_reader_of_metadata_finds_that_the_pictures_are_generated_and_a_player_finds_them_all(tmp_path: Path) -> None:
    path = tmp_path / "puppet.mp4"
    write_video(path)
    append_xmp(path)
    with av.open(str(path), options={"export_xmp": "1"}) as container:
        assert container.metadata["comment"] == COMMENT
        assert "digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in container.metadata["xmp"]
        assert sum(1 for _ in container.decode(video=0)) == 5
