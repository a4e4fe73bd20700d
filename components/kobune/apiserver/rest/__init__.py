"""The HTTPS face: Kubernetes' REST API."""
