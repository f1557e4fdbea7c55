"""Opens the control room, a page in the browser, if the run wants one."""

from engines.messages import Say
from live.config import LiveConfig
from live.control.director import Director
from live.puppet.errors import PuppetError
from live.room.entry.stage_token import stage_token
from live.room.room import DEFAULT_PORT, Room
from live.sinks.several import Sinks
from live.specs import browser_port, is_browser
from live.telemetry.private import Private


def open_control_room(config: LiveConfig, director: Director, sinks: Sinks, say: Say) -> Room | None:
    """The running room, added to `sinks`; None if none is wanted, or if it cannot start and nobody asked for it.

    Raises PuppetError if it was asked for and cannot start, for example because its port is in use.
    """
    asked = [spec for spec in config.sinks if is_browser(spec)]
    if not asked:
        return None
    port = next((port for port in map(browser_port, asked) if port is not None), DEFAULT_PORT)
    room = Room(director, host=config.host, port=port, say=say, stage_token=stage_token(say))
    try:
        room.start()
    except PuppetError as error:
        if config.browser_asked or not sinks.active:
            raise
        say(f"no control room: {error}")
        return None
    sinks.add(room.sink)
    say(Private(f"control room: {room.url}", secret=room.token))
    say(Private(f"for OBS, as a browser source: {room.stage_url}", secret=room.stage_token))
    if config.open_browser:
        room.show()
    return room
