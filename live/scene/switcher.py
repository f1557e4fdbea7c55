"""`Switcher`: applies changed settings by opening scenes in its own thread while the old one keeps running."""

import threading
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from live.faults.fault_policy import describe
from live.scene.scene import Scene, Scenes
from live.scene.scene_factory import SceneFactory
from live.scene.settings import SceneSettings

# If one of these has changed again by the time a scene is open, the scene is dropped; the other settings are cheap.
_HEAVY = ("target", "framing", "engine", "precision", "face")
_FIELDS = tuple(field.name for field in fields(SceneSettings))
_JOIN_S = 1.0  # opening an engine cannot be interrupted; the thread is then abandoned

Switched = Callable[[Scene, Scene], None]


class Switcher:
    """The newest settings win. If they cannot be applied they are given up, `problem` says why, and the running scene
    goes on.

    `switched(before, after)` is called in the switcher's thread after a scene was put on.
    """

    def __init__(self, scenes: Scenes, opener: SceneFactory, switched: Switched) -> None:
        self._scenes, self._opener, self._switched = scenes, opener, switched
        self._wanted = scenes.current.settings
        self._changed = threading.Condition()
        self._closed = self._renewal = False
        self._thread = threading.Thread(target=self._run, name="switcher", daemon=True)
        self.problem = ""

    @property
    def wanted(self) -> SceneSettings:
        """The requested settings, whether opened yet or not."""
        return self._wanted

    @property
    def pending(self) -> str:
        """What is being opened, in words; "" once all settings are applied."""
        wanted, now = self._wanted, self._scenes.current.settings
        if wanted.target != now.target:
            return f"opening {wanted.target} …"
        if wanted.framing != now.framing:
            return f"changing to {'the whole body' if wanted.framing == 'full' else 'the upper half'} …"
        if wanted.differs(now, "engine", "precision"):
            return f"opening the engine ({wanted.engine}, {wanted.precision}) …"
        return "" if wanted == now else "changing …"

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wish(self, **changes: Any) -> None:
        """Request new values for fields of `SceneSettings`. Returns at once."""
        with self._changed:
            self._wanted, self.problem = replace(self._wanted, **changes), ""
            self._changed.notify_all()

    def renew(self) -> None:
        """Reopen the running scene and keep nothing of it, because something in it failed. Returns at once."""
        with self._changed:
            self._renewal = True
            self._changed.notify_all()

    def settled(self, timeout_s: float) -> bool:
        """Wait until all settings were applied or given up; False if that takes longer than `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._wanted == self._scenes.current.settings, timeout_s)

    def close(self) -> None:
        """Accept no more changes and wait for the one in progress. May be called twice, and without `start`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while (wanted := self._next()) is not None:
            (settings, renewal), before = wanted, self._scenes.current
            try:
                opened = self._opener.after(before, settings, anew=renewal)
            except Exception as error:  # of any kind: the running scene goes on
                self._give_up(settings, before.settings, error)
                continue
            with self._changed:
                late = self._closed or self._wanted.differs(settings, *_HEAVY)
            if late:
                opened.drop()
            elif opened.use(self._scenes):
                self._switched(before, opened.scene)
                with self._changed:
                    self._changed.notify_all()
            else:
                return

    def _next(self) -> tuple[SceneSettings, bool] | None:
        """The next settings to apply, once there are some, and whether nothing is to be kept; None at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._renewal or self._wanted != self._scenes.current.settings
            )
            renewal, self._renewal = self._renewal, False  # under the lock: one asked for from here on is another
            return None if self._closed else (self._wanted, renewal)

    def _give_up(self, settings: SceneSettings, now: SceneSettings, error: Exception) -> None:
        """Take back what `settings` changed, except where somebody has asked for another value meanwhile."""
        with self._changed:
            failed = {
                name: getattr(now, name)
                for name in _FIELDS
                if settings.differs(now, name) and not settings.differs(self._wanted, name)
            }
            if failed:
                self._wanted = replace(self._wanted, **failed)
                self._changed.notify_all()
            if failed or settings == now:
                self.problem = describe(error)
