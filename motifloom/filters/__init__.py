"""What first-layer filters say, from their weights and the sequences alone."""
