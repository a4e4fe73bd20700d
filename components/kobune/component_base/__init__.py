"""How a component starts, serves, fails and stops: what all of them share."""
