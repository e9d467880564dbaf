"""The network, what it is fed, what it minimises and how."""
