"""The controllers that make the world match what was asked for."""
