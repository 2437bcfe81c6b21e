"""The outside world in: intervals, sequences, and a simulated genome."""
