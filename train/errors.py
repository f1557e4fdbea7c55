"""What a user may meet on the training side."""

from engines.errors import UserError


class TrainError(UserError):
    """Anything that can go wrong while preparing, training, evaluating or exporting."""
