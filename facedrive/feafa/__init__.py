"""FEAFA+: its labels read, checked, prepared, modelled and analysed as in the paper."""
