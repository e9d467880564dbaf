"""Photographs whose faces are bent by the parametric face, and identities transferred."""
