"""Who did what, when, and how it went: one line of JSON for each stage of a request that a policy asks for."""
