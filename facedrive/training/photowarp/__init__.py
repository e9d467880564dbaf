"""Real photographs whose faces move: bent by the parametric face's expressions, scored anew."""
