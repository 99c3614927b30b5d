"""Turn sources into a snapshot: check every row, place it, mask what must be masked, count everything."""
