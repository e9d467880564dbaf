"""Real photographs whose faces are bent by the parametric face, and lent skins; scored anew."""
