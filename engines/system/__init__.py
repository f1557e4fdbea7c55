"""What all our commands need: whole files and folders, locks, names, processes, the words for a wrong flag. Of engines,
only their errors are known here."""
