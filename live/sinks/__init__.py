"""Where pictures go: files, a window, a virtual camera, each in a thread of its own. No camera picture comes here."""
