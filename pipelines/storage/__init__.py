"""Files that a run writes and reads back, local or in an object store."""
