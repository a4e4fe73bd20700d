"""The command `kobune`: one file per subcommand."""
