"""The error that a user of the trainer may meet."""

from engines.errors import UserError


class TrainError(UserError):
    """Anything that can go wrong while preparing, training, evaluating or exporting."""
