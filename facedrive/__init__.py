"""facedrive: a face in front of a camera drives an avatar, through 24 FEAFA+ action units."""

__version__ = "0.1.0"
