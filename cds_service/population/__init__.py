"""Many patients at once, by the same way as one call."""
