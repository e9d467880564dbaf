"""The paper's section 4: prepared faces, networks, folds, scores, tables."""
