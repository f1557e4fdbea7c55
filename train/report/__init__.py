"""What a run writes for people: curves, sheets, report.html."""
