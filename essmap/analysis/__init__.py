"""What the numbers say: pure functions on frames. No file, no clock, no screen."""
