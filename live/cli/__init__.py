"""What the command line is told and says: flags, defaults, the first run, exit codes. Opens nothing."""
