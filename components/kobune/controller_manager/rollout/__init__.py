"""The pure parts of a deployment's rollout: which revisions there are, how they scale, and what the status says."""
