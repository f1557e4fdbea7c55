"""What our commands need from the operating system: whole files and folders, locks, names, processes. Of engines, only
their errors are known here."""
