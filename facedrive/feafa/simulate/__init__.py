"""A dataset in FEAFA+'s layout, rendered: its people, its films, its coders."""
