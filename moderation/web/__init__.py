"""The service over HTTP: parse, call the moderator, answer. Knows neither SQL nor how a score is made."""
