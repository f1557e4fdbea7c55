"""A film with a sound track for the trainer's tests: grey pictures, and a tone that starts half way."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 48_000
SIZE = (64, 48)  # width, height


def write_heard_film(
    path: Path, count: int, *, fps: int = 25, codec: str | None = "aac", first_s: float = 0.0, tail_s: float = 0.0
) -> Path:
    """`count` pictures in H.264, each of one purple, from `first_s` on, and sound from 0 on: silent until the middle of
    the pictures, then a tone of 440 Hz until `tail_s` after the last picture. `codec` None: no sound. Returns `path`.
    """
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        audio = file.add_stream(codec, rate=RATE, layout="mono") if codec else None
        for i in range(count):
            picture = np.full((SIZE[1], SIZE[0], 3), (180, 0, 180), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(1000 * (first_s + i / fps)), Fraction(1, 1000)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if audio is not None:
            samples = np.arange(int(RATE * (first_s + count / fps + tail_s)))
            tone = np.sin(2 * np.pi * 440 * samples / RATE) * (samples / RATE >= first_s + count / fps / 2)
            for at in range(0, len(tone) - 1023, 1024):
                values = (tone[at : at + 1024] * 20_000).astype(np.int16)[None]
                sound = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
                sound.sample_rate, sound.pts, sound.time_base = RATE, at, Fraction(1, RATE)
                file.mux(audio.encode(sound))
            file.mux(audio.encode(None))
    return path


def loudness(path: Path) -> tuple[float, float, float]:
    """(when the tone begins, when the sound ends, when the pictures end), seconds from the start of the file."""
    with av.open(str(path)) as file:
        frames = list(file.decode(file.streams.audio[0]))
        loud = next(f.time for f in frames if np.abs(f.to_ndarray().astype(float)).max() > 0.1 * _full(f))
        end = max(f.time + f.samples / f.sample_rate for f in frames)
    with av.open(str(path)) as file:
        times = [f.time for f in file.decode(video=0)]
    return loud, end, times[-1] + (times[1] - times[0])


def _full(frame: av.AudioFrame) -> float:
    return 1.0 if frame.format.name.startswith("flt") else 32_768.0
