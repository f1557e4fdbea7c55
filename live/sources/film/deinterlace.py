"""`Deinterlacer`: full pictures from films that show every other line at a time, like television and old camcorders."""

from collections.abc import Iterator

import av
from av.filter import Graph


class Deinterlacer:
    """Gives one picture for each; those that are not interlaced pass through unchanged.

    From the first interlaced picture on, each waits for the next one, which the filter needs. bwdif (the BBC's Weston
    filter, and yadif) keeps still parts sharp.
    """

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._shape: tuple[int, int, str] | None = None

    def step(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """The pictures that are ready once `frame` has arrived."""
        shape = frame.width, frame.height, frame.format.name
        if self._graph is not None and shape != self._shape:
            yield from self.rest()
        if self._graph is None:
            if not frame.interlaced_frame:
                yield frame
                return
            self._graph, self._shape = _graph(frame), shape
        self._graph.vpush(frame)
        yield from self._pulled(self._graph)

    def rest(self) -> Iterator[av.VideoFrame]:
        """The pictures still waiting at the film's end."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.vpush(None)
            yield from self._pulled(graph)

    def _pulled(self, graph: Graph) -> Iterator[av.VideoFrame]:
        while True:
            try:
                yield graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return


def _graph(frame: av.VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink"))
    graph.configure()
    return graph
