"""Finding and following the face: frame in, landmarks, pose and aligned crop out."""
