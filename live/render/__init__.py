"""From a drawn figure to the finished picture: network, face, background, mark. Knows no source and no sink."""
