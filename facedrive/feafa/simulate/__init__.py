"""A dataset in FEAFA+'s layout, rendered: its people, its videos, its coders."""
