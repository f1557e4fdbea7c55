"""`consent` of a target: who is seen in the film that it was made from, as its maker stated it when it was made."""

from collections.abc import Mapping
from typing import Any

from engines.errors import BundleError

# What `--film-of` takes -> how people read it.
CONSENTS = {
    "me": "made from a film of the person who made it",
    "agreed": "made from a film of somebody who agreed to it",
    "character": "made from a drawn or game character, no real person",
}
NOT_STATED = "its maker did not state whose film it was made from"


def consent_of(manifest: Mapping[str, Any]) -> str:
    """What the manifest states, a key of CONSENTS, or "" for nothing. Raises BundleError for anything else."""
    stated = manifest.get("consent")
    if stated is None:
        return ""
    if not isinstance(stated, str) or stated not in CONSENTS:
        raise BundleError("the manifest's consent is wrong", got=repr(stated)[:80], wanted=", ".join(CONSENTS))
    return stated


def consent_text(consent: str) -> str:
    """One line for people about a bundle's `consent`."""
    return CONSENTS.get(consent, NOT_STATED)
