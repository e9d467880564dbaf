"""The faces that are trained on, with their labels, and the cache that keeps them."""
