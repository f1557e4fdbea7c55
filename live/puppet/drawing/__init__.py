"""Draws a placed pose: the paper doll from its atlas, the pose map, the face map, the stick figure."""
