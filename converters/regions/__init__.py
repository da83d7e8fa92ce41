"""Geometry in pixels: shapes, clipping, words for place and size."""
