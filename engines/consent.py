"""`consent` of a target: who is seen in the film that it was made from, as stated by its maker."""

from collections.abc import Mapping
from typing import Any

from engines.errors import BundleError

# What `--film-of` takes -> what people read.
CONSENTS = {
    "me": "made from a film of the person who made it",
    "agreed": "made from a film of somebody who agreed to it",
    "character": "made from a drawn or game character, no real person",
}
NOT_STATED = "its maker did not state whose film it was made from"


def consent_of(manifest: Mapping[str, Any]) -> str:
    """What the manifest states: a key of CONSENTS, or "" if it states nothing. Raises BundleError for anything else."""
    stated = manifest.get("consent")
    if stated is None:
        return ""
    if not isinstance(stated, str) or stated not in CONSENTS:
        raise BundleError("the manifest's consent is wrong", got=repr(stated)[:80], wanted=", ".join(CONSENTS))
    return stated


def consent_text(consent: str) -> str:
    """A bundle's `consent` as one line for people."""
    return CONSENTS.get(consent, NOT_STATED)
