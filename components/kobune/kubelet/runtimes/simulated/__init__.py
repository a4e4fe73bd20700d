"""A container runtime that runs nothing: containers start, answer HTTP on their ports, end, and are gone."""
