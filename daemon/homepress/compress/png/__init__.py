"""PNG and APNG, made smaller."""
