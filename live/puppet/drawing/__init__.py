"""What a placed pose looks like: the paper doll from its atlas, the pose map, the face map, the stick figure."""
