"""What users may leave out: the documented defaults of each kind, filled in when an object is written."""
