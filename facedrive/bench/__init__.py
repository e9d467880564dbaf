"""What ``facedrive bench`` measures; the only place that knows the peers."""
