"""The paper doll: limb textures cut from the frames of a film, and poses refined against them."""
