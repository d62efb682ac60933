"""The only package that knows Peewee; rows leave it as frozen dataclasses."""
