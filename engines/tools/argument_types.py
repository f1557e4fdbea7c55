"""What a flag's text may be, told in words when it is not."""

import argparse


def whole_number(text: str) -> int:
    """For argparse: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)
