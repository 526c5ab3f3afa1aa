"""All SQL of the service: one module a concept, over SQLAlchemy Core. Nothing here decides."""
