"""Labels as people have them: FEAFA+, DISFA, takes; read and checked."""
