"""The state of a run in words: a `LoopState` as one plain line."""

from live.telemetry.loop_state import LoopState


def status_line(state: LoopState) -> str:
    """`29.9 fps | 78 / 103 ms late (p50 / p95) | openvino CPU bf16 | in view | 3 dropped | hidden`."""
    parts = [f"{state.fps:.1f} fps", latency(state), state.engine_text, state.person]
    if state.drops:
        parts.append(f"{state.drops} dropped")
    return " | ".join([*parts, *flags(state)])


def latency(state: LoopState) -> str:
    """How late the pictures are, capture to send."""
    p50, p95 = state.latency_ms.p50, state.latency_ms.p95
    return "no picture yet" if p50 is None or p95 is None else f"{p50:.0f} / {p95:.0f} ms late (p50 / p95)"


def flags(state: LoopState) -> list[str]:
    """Whatever is unusual."""
    told = [word for word in ("hidden", "frozen", "calibrating") if getattr(state, word)]
    if state.mirror:
        told.append("mirrored")
    if state.recording:
        told.append(f"recording {state.recording}")
    if state.pending:
        told.append(state.pending)
    return told
