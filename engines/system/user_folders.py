"""Where this user's files lie: caches, settings, own targets.

`USER.user_cache_path`, `.user_config_path` and `.user_data_path` are folders of this platform; asking makes none.
"""

import os
from pathlib import Path

from platformdirs import PlatformDirs

USER = PlatformDirs("everybody-dance-live", appauthor=False)
FOLDER_VARIABLE, OFF = "EDL_CACHE", "off"


def cache_folder() -> Path | None:
    """Where engines are kept: $EDL_CACHE, else the platform's cache folder for this program; None: nowhere."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given == OFF:
        return None
    return Path(given) if given else USER.user_cache_path / "engines"
