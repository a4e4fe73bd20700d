"""What flows between containers and those who ask the API for it: logs, commands' streams, connections."""
