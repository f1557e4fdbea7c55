"""Where this user's files lie: caches, settings, own targets.

`USER.user_cache_path`, `.user_config_path` and `.user_data_path` are folders of this platform; asking makes none.
"""

from platformdirs import PlatformDirs

USER = PlatformDirs("everybody-dance-live", appauthor=False)
