"""What is shown and how: a target with its engines, presence and background, reopened on every change of settings."""
