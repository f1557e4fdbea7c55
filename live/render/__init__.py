"""From a drawn figure to the finished picture: network, face, background, mark. Knows no sources and no sinks."""
