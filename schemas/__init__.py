"""What data looks like.

Native samples, conversations, the Arrow table, the catalogue. No I/O beyond its own schema files,
no Beam.
"""
