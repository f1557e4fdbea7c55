"""What happens when a part raises or hangs: said once, left behind, opened anew. Knows no part by name."""
