"""Where this user's files are kept: caches, settings, own targets.

`USER.user_cache_path`, `.user_config_path` and `.user_data_path` are this platform's folders; asking creates none.
"""

import os
from pathlib import Path

from platformdirs import PlatformDirs

USER = PlatformDirs("everybody-dance-live", appauthor=False)
# An environment variable, so that the child that builds engines uses the same folder. "off": keep nothing (for tests).
FOLDER_VARIABLE, OFF = "EDL_CACHE", "off"


def cache_folder() -> Path | None:
    """Where engines are kept: $EDL_CACHE, else this program's folder in the platform's cache; None: nowhere."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given == OFF:
        return None
    return Path(given) if given else USER.user_cache_path / "engines"
