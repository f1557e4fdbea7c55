"""What a flag's text may be, told in words when it is not."""

import argparse


def whole_number(text: str) -> int:
    """For argparse: 1 or more."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a whole number of 1 or more")
    return value
