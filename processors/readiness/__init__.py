"""Whether this worker can do its work."""
