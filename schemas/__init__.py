"""What data looks like: native samples, conversations, the Arrow table, the catalogue. No I/O beyond its own schema files, no Beam."""
