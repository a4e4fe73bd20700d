"""OpenAPI documents, built from the schema."""
