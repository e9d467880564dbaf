"""The shape predictor: its samples, its training, its file."""
