"""What every command of ours needs of the operating system: whole files and folders, locks, names, its own life as a
process. Nothing of engines is known here but their errors."""
