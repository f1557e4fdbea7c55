"""Where pictures go: files, a window, a virtual camera, each in its own thread. No camera picture comes here."""
