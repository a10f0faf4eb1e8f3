"""Mappings: JSON documents that say how a raw file becomes rows of a dataset kind. Pure: no database, no HTTP."""
