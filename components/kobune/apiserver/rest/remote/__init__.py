"""What is no object, but flows: logs, commands, connections to ports, and requests passed on."""
