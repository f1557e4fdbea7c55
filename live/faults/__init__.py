"""What happens when a part raises or hangs: reported once, left behind, reopened. Knows no part by name."""
