"""What a data set's files hold besides the frames, shared by those who write and those who read them."""

from train.errors import TrainError

FORMAT = 1
PAIRS = "pairs"  # the kind of a data set without poses; also the name of its one take
PAIRS_FPS = 30.0  # pairs have no time; metrics and sheets need one


def no_puppet(name: str, wanted: str) -> TrainError:
    """The error for pairs where a puppet is wanted."""
    return TrainError(
        f"picture pairs make no puppet: {wanted} is not possible",
        got=f"{name}, pairs A -> B",
        wanted="videos, or pictures with poses",
        do="train and measure pairs with: python -m train prepare, run and evaluate",
    )
