"""The paper doll: limb textures cut from a film's frames, and poses refined against them."""
