"""A run from the first step to the exported model."""
