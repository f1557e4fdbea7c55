"""What is shown and how: a target with its engines, presence, background; opened anew for every change of settings."""
