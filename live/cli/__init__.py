"""The command line: flags, defaults, the first run, exit codes. Opens nothing."""
