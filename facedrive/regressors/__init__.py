"""Reading action units off aligned crops."""
